"""Rate limits, and the first sight of a member."""

import asyncio
from collections import OrderedDict
from typing import ClassVar

import structlog

from bot.chat.parts import Parts
from bot.chat.text import clean, shown
from bot.chat.turn import Turn
from bot.core.chat import HERE, Outcome
from bot.core.errors import MegawattsError

log = structlog.get_logger()
_MET = 4096
"""Members whom this process has met lately."""


class Admit:
    """A message over a limit is told how long to wait, and is not read."""

    name: ClassVar[str] = "rate_limit"
    about_answers: ClassVar[bool] = False

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._met: OrderedDict[str, None] = OrderedDict()

    async def __call__(self, turn: Turn) -> None:
        """Cleans the text as well: nothing after this step sees what was really sent."""
        parts, message = self._parts, turn.message
        settings = turn.settings if message.guild != HERE else None
        limits = parts.limits
        wait = limits.admit(message.user, message.channel, parts.timer(), settings) if limits else 0.0
        if wait > 0:
            turn.language = parts.understander.language(message.text)
            text = parts.texts("limited", turn.language, count=max(1, round(wait + 0.5)))
            turn.end(text, Outcome.REJECTED, retry_after=round(wait, 3))
            return
        turn.text = clean(message.text)
        turn.name = shown(message.name) or message.user
        if not turn.text and turn.given is None and not any(one.text for one in message.attachments):
            turn.end(parts.phrases["empty"]["en"][0], Outcome.UNANSWERED)
            return
        await self._meet(turn)

    async def _meet(self, turn: Turn) -> None:
        user = turn.message.user
        if user in self._met:
            return
        try:
            await asyncio.to_thread(self._parts.meet, user, clean(turn.message.name, 80))
        except MegawattsError as error:
            log.warning("member not recorded", error=type(error).__name__)
            return
        self._met[user] = None
        if len(self._met) > _MET:
            self._met.popitem(last=False)
