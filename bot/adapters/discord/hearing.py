"""Which messages are for the bot. Read for every message of every guild: nothing is allocated on the way to no."""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

import discord

from bot.core.guild_settings import GuildBook, GuildSettings
from bot.core.ids import ChannelId, GuildId

_SAID = frozenset({discord.MessageType.default, discord.MessageType.reply})


class Heard(Enum):
    """What a message is to the bot."""

    NOTHING = 0
    """Of a bot, or in a channel that it ignores."""
    OVERHEARD = 1
    ADDRESSED = 2


class Hearing:
    """Decides by mention, reply, direct message, chosen channel, own thread and prefix."""

    def __init__(
        self, book: GuildBook, prefix: str, is_command: Callable[[str], bool], threads: Mapping[int, bool]
    ) -> None:
        """`is_command` is asked of what follows the prefix; `threads` holds those where the bot listens, by id."""
        self._book, self._prefix = book, prefix
        self._is_command, self._threads = is_command, threads
        self._names: dict[int, GuildId] = {}
        self.me = 0
        """The bot's own id; 0 before it is known, when nothing is mentioned."""

    def judge(self, message: discord.Message) -> Heard:
        """What this message is to the bot."""
        if message.author.bot or message.webhook_id is not None or message.type not in _SAID:
            return Heard.NOTHING
        guild = message.guild
        if guild is None:
            return Heard.ADDRESSED
        settings = self.settings(guild.id)
        if settings.ignores and _within(message.channel, settings.ignores):
            return Heard.NOTHING
        if self._commands(message.content, settings.prefix or self._prefix) or self._called(message):
            return Heard.ADDRESSED
        if self._listens(message, settings):
            return Heard.ADDRESSED
        return Heard.OVERHEARD

    def settings(self, guild: int) -> GuildSettings:
        """The settings of a guild, by Discord's number."""
        name = self._names.get(guild)
        if name is None:
            name = self._names[guild] = GuildId(str(guild))
        return self._book.read(name)

    def _commands(self, text: str, prefix: str) -> bool:
        return text.startswith(prefix) and self._is_command(text[len(prefix) :])

    def _called(self, message: discord.Message) -> bool:
        """By mention, by mention of the role that Discord made for it, or by a reply to what it said."""
        me = self.me
        if message.mentions and any(user.id == me for user in message.mentions):
            return True
        if message.role_mentions and any(role.tags and role.tags.bot_id == me for role in message.role_mentions):
            return True
        reference = message.reference
        return reference is not None and _author(reference) == me

    def _listens(self, message: discord.Message, settings: GuildSettings) -> bool:
        """Where it answers without being called, as long as nobody else is."""
        if not settings.listens and not self._threads:
            return False
        if not self._threads.get(message.channel.id) and not _within(message.channel, settings.listens):
            return False
        reply = message.reference is not None and message.type is discord.MessageType.reply
        return not reply and not message.mentions


def _author(reference: discord.MessageReference) -> int:
    resolved = reference.resolved
    return resolved.author.id if isinstance(resolved, discord.Message) else 0


def _within(channel: Any, chosen: frozenset[ChannelId]) -> bool:
    """Whether a channel, or the channel of a thread, is among those chosen."""
    if str(channel.id) in chosen:
        return True
    parent = getattr(channel, "parent_id", None)
    return parent is not None and str(parent) in chosen
