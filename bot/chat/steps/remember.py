"""The answer joins the conversation, and what the member told of themselves is learned."""

from typing import ClassVar

import structlog

from bot.chat.learning import Learning
from bot.chat.parts import Parts
from bot.chat.turn import Turn
from bot.core.chat import Line, Outcome
from bot.core.errors import MegawattsError
from bot.core.ids import UserId
from bot.policy.redact import redact

log = structlog.get_logger()
BOT = UserId("megawatts")


class Remember:
    """An answer for one member's eyes is not kept where others read; learning never holds an answer up."""

    name: ClassVar[str] = "memory"
    about_answers: ClassVar[bool] = True

    def __init__(self, parts: Parts, learning: Learning) -> None:
        self._parts, self._learning = parts, learning

    async def __call__(self, turn: Turn) -> None:
        """Only if the member's own line was kept."""
        answer, message, parts = turn.answer, turn.message, self._parts
        if answer is None or not turn.kept or not turn.keeps or answer.outcome is Outcome.REJECTED:
            return
        if not answer.private:
            line = Line(BOT, "Megawatts", redact(answer.text), parts.clock(), by_bot=True, message=message.id)
            try:
                parts.memory.add(message.channel, line, message.guild, lasting=turn.lasting)
            except MegawattsError as error:
                log.warning("memory unavailable", error=type(error).__name__)
        self._learning.begin(turn)

    async def settled(self) -> None:
        """Wait for what is being learned, such as at the end of the process."""
        await self._learning.settled()
