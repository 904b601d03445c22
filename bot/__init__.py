"""Megawatts: a bot that talks, acts and moderates, and improves its own code by pull request."""

__version__ = "0.1.0"
