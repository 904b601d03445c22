"""What this carrier's own buttons do: note what a member thinks of an answer, and make a file of a long one."""

from typing import Any

import discord

from bot.adapters.discord.buttons import Act
from bot.adapters.discord.errors import discord_errors
from bot.adapters.discord.render import Piece
from bot.adapters.discord.translate import Translator
from bot.adapters.discord.words import Words
from bot.core.chat import Answer, File, Listener
from bot.core.ids import UserId
from bot.policy.rendering import ROWS, join

_MOST = 25
"""Messages that are looked through for the parts of one answer."""


class Feedback:
    """Acts on the buttons under answers."""

    def __init__(self, listener: Listener, translator: Translator, words: Words) -> None:
        self._listener, self._translator, self._words = listener, translator, words

    async def act(self, interaction: discord.Interaction[Any], act: tuple[Act, str], text: str) -> Answer | Piece:
        """What to say to the member who pressed. Raises Unavailable or Denied."""
        name, subject = act
        locale, user = interaction.locale.value, UserId(str(interaction.user.id))
        if name == "file":
            return await self._file(interaction, int(subject) if subject.isdecimal() else 0)
        if name in ("up", "down"):
            noted = await self._listener.feedback(subject, user, "up" if name == "up" else "down")
            return Piece(self._words("discord.thanks" if noted else "discord.late", locale))
        if not await self._listener.feedback(subject, user, "fix"):
            return Piece(self._words("discord.late", locale))
        given = {"text": text, "answer": subject}
        return await self._listener.command(self._translator.slash(interaction, "fix", given))

    async def _file(self, interaction: discord.Interaction[Any], parts: int) -> Piece:
        """The answer whose last part the button is under, from what Discord shows of it."""
        found: list[discord.Message] = []
        message, channel = interaction.message, interaction.channel
        if message is not None and isinstance(channel, discord.abc.Messageable) and 1 < parts <= _MOST:
            with discord_errors("read that answer"):
                before = [one async for one in channel.history(limit=_MOST * ROWS, before=message)]
            mine = [one for one in before if one.author.id == message.author.id]
            found = [*reversed(mine[: parts - 1]), message]
        if len(found) != parts or any(one.components for one in found[:-1]) or not found:
            return Piece(self._words("discord.file_gone", interaction.locale.value))
        whole = join([one.content for one in found])
        return Piece(
            self._words("discord.file_here", interaction.locale.value), files=(File("answer.md", whole.encode()),)
        )
