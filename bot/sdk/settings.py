"""A guild's settings as extensions show them: every key with what it does and what it takes."""

from bot.policy.guild_settings import KEYS, Key, show

__all__ = ["KEYS", "Key", "show"]
