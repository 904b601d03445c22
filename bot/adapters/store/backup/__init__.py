"""Backups of what an installation cannot make again: copied, verified, named by their content, and put back."""
