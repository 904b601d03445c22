"""Runs untrusted programs: by bubblewrap, else by Landlock, else not at all."""

from bot.adapters.sandbox.choose import find

__all__ = ["find"]
