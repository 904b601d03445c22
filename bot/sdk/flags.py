"""Feature flags as extensions show them."""

from bot.core.flags import Flag, Flags, Unit

__all__ = ["Flag", "Flags", "Unit"]
