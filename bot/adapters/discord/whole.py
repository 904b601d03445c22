"""A long answer as a file, made of what Discord shows of it: nothing is kept for that, and what was deleted is gone."""

from typing import Any

import discord

from bot.adapters.discord.errors import discord_errors
from bot.adapters.discord.render import Piece
from bot.adapters.discord.words import Words
from bot.core.chat import File
from bot.policy.rendering import join

_MOST = 25
"""Parts of one answer that are put together."""
_LOOKS_BACK = 100
"""Messages that are looked through for them."""


async def whole(interaction: discord.Interaction[Any], parts: int, words: Words) -> Piece:
    """The answer whose last part was pressed. Raises Unavailable or Denied."""
    message, channel, locale = interaction.message, interaction.channel, interaction.locale.value
    found: list[discord.Message] = []
    if message is not None and isinstance(channel, discord.abc.Messageable) and parts <= _MOST:
        with discord_errors("read that answer"):
            before = [one async for one in channel.history(limit=_LOOKS_BACK, before=message)]
        mine = [one for one in before if one.author.id == message.author.id]
        found = [*reversed(mine[: parts - 1]), message]
    if len(found) != parts or any(one.components for one in found[:-1]):
        return Piece(words("discord.file_gone", locale))
    content = join([one.content for one in found]).encode()
    return Piece(words("answer.file", locale), files=(File("answer.md", content),))
