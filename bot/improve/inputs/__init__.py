"""Draws call inputs for Python functions: from types, source literals, examples and mutations of them, together."""
