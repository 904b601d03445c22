"""What was said here lately, and what is remembered of the member."""

from typing import ClassVar

import structlog

from bot.chat.parts import Parts
from bot.chat.turn import Turn
from bot.core.chat import HERE, Line
from bot.core.errors import MegawattsError
from bot.policy.redact import redact

log = structlog.get_logger()


class Recall:
    """Memory that is out of reach costs the memory, not the answer."""

    name: ClassVar[str] = "recall"
    about_answers: ClassVar[bool] = False

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def __call__(self, turn: Turn) -> None:
        """The asking line stands last in the window, as the tools expect."""
        message, parts = turn.message, self._parts
        line = Line(message.user, turn.name, redact(turn.text), parts.clock(), message=message.id)
        turn.lines = (line,)
        try:
            if turn.keeps and turn.given is None:
                parts.memory.add(message.channel, line, message.guild, lasting=turn.lasting)
                turn.kept = True
                turn.lines = parts.memory.lines(message.channel)
            else:
                turn.lines = (*parts.memory.lines(message.channel), line)
        except MegawattsError as error:
            self._failed(error)
        if parts.thinker is not None and not (turn.sure or turn.order or turn.given):
            await self._further(turn)

    async def _further(self, turn: Turn) -> None:
        """Only for a model: the offline responder does not use it."""
        parts, may = self._parts, turn.settings.memory or turn.message.guild == HERE
        try:
            turn.summary = parts.memory.summary(turn.message.channel)
        except MegawattsError as error:
            self._failed(error)
        if parts.memories is None or not may:
            return
        try:
            turn.facts = tuple(await parts.memories.recall(turn.text, turn.scope))
        except MegawattsError as error:
            self._failed(error)

    def _failed(self, error: MegawattsError) -> None:
        log.warning("memory unavailable", error=type(error).__name__)
        self._parts.observer.stepped("memory_unavailable", 0.0)
