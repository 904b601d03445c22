"""What was said in a channel lately: a window of lines, and a summary of what fell out of it."""

from bot.chat.memory.window import GONE, TABLE, Memory

__all__ = ["GONE", "TABLE", "Memory"]
