"""Opinions by reaction: a thumb under one of the bot's answers is a voice on it."""

from collections import OrderedDict
from collections.abc import Coroutine, Iterable, Mapping
from typing import Any

import discord
import structlog

from bot.core.chat import Answer, Listener, Outcome, Voice
from bot.core.errors import MegawattsError
from bot.core.guild_settings import GuildBook
from bot.core.ids import GuildId, UserId

log = structlog.get_logger()
_VOICES: Mapping[str, Voice] = {"👍": "up", "👎": "down"}
_KEPT = 4096
"""Messages whose answers are known; the pipeline knows no more answers than that either."""


class Thumbs:
    """Knows which message shows which answer. A member has one voice: another thumb replaces it. Taking the reaction
    back changes nothing, as with the buttons: what was said stays said."""

    def __init__(self, listener: Listener, book: GuildBook) -> None:
        self._listener, self._book = listener, book
        self._answers: OrderedDict[int, str] = OrderedDict()

    def shown(self, answer: Answer, messages: Iterable[Any]) -> None:
        """An answer was shown in these messages (or message ids). A rejection is no answer to judge."""
        if not answer.id or answer.outcome is Outcome.REJECTED:
            return
        for message in messages:
            number = message if isinstance(message, int) else getattr(message, "id", None)
            if number is not None:
                self._answers[number] = answer.id
        while len(self._answers) > _KEPT:
            self._answers.popitem(last=False)

    def reacted(self, raw: discord.RawReactionActionEvent) -> Coroutine[Any, Any, None] | None:
        """The voice that a reaction is; None for other emoji, other messages, bots, and guilds that are stopped."""
        voice, answer = _VOICES.get(str(raw.emoji)[:1]), self._answers.get(raw.message_id)
        if voice is None or answer is None or (raw.member is not None and raw.member.bot):
            return None
        if raw.guild_id is not None and self._book.read(GuildId(str(raw.guild_id))).paused:
            return None
        return self._voice(answer, UserId(str(raw.user_id)), voice)

    async def _voice(self, answer: str, user: UserId, voice: Voice) -> None:
        try:
            await self._listener.feedback(answer, user, voice)
        except MegawattsError as error:
            log.warning("voice not kept", error=type(error).__name__)
