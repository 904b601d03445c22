"""The answer joins the conversation, and what the member told of themselves is learned."""

import asyncio
from dataclasses import replace
from typing import ClassVar

import structlog

from bot.chat.parts import Parts
from bot.chat.turn import Turn
from bot.core.chat import HERE, Line, Outcome
from bot.core.errors import MegawattsError
from bot.core.ids import UserId
from bot.policy.redact import redact

log = structlog.get_logger()
BOT = UserId("megawatts")


class Remember:
    """An answer for one member's eyes is not kept where others read; learning never holds an answer up."""

    name: ClassVar[str] = "memory"
    about_answers: ClassVar[bool] = True

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._learning: set[asyncio.Task[None]] = set()

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
        if parts.memories is not None and turn.order is None and (turn.settings.memory or message.guild == HERE):
            task = asyncio.create_task(self._learn(turn))
            self._learning.add(task)
            task.add_done_callback(self._learning.discard)

    async def _learn(self, turn: Turn) -> None:
        """Consent is asked for by the memory itself, at the time of storing."""
        memories = self._parts.memories
        if memories is None:
            return
        try:
            await memories.learn(replace(turn.message, text=turn.text, name=turn.name))
        except MegawattsError as error:
            log.warning("nothing learned", error=type(error).__name__)
            self._parts.observer.stepped("memory_unavailable", 0.0)
        except Exception as error:  # noqa: BLE001  (what breaks while learning must not be lost in a task)
            log.error("learning failed", error=type(error).__name__)  # noqa: TRY400  (a traceback could hold their text)

    async def settled(self) -> None:
        """Wait for what is being learned, such as at the end of the process."""
        await asyncio.gather(*self._learning, return_exceptions=True)
