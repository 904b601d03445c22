"""What members tell of themselves: learned behind the answer, and said where nothing else is to be said."""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import structlog

from bot.chat.parts import Parts
from bot.chat.recall.extract import extract, maybe
from bot.chat.turn import Turn
from bot.core.chat import HERE
from bot.core.errors import MegawattsError
from bot.core.ids import UserId
from bot.core.memory import Fact

log = structlog.get_logger()
PATIENCE = 1.5
"""Seconds that an answer waits to say what was learned; learning goes on behind it."""
_MEMBERS = 4096


class Learning:
    """Consent is asked for by the memory itself, at the time of storing."""

    def __init__(self, parts: Parts, patience: float = PATIENCE) -> None:
        self._parts, self._patience = parts, patience
        self._tasks: set[asyncio.Task[Sequence[Fact] | None]] = set()
        self._hinted: OrderedDict[UserId, date] = OrderedDict()

    def begin(self, turn: Turn) -> "asyncio.Task[Sequence[Fact] | None] | None":
        """Learn from a turn, once, if anything of it may be kept; None if not. The task's result is None where learning
        broke."""
        if turn.learning is None and self._may(turn):
            turn.learning = asyncio.create_task(self._learn(turn))
            self._tasks.add(turn.learning)
            turn.learning.add_done_callback(self._tasks.discard)
        return turn.learning

    async def said(self, turn: Turn) -> tuple[str, bool]:
        """What to say to a member who told of themselves, and whether it was learned; '' where there is nothing to say.

        Without consent nothing is learned and nothing is said to be: once a day there is a hint how to allow it.
        """
        memories = self._parts.memories
        if memories is None or not self._may(turn) or not maybe(turn.text):
            return "", False
        if all(one.denied for one in await asyncio.to_thread(extract, turn.text)):
            return "", False
        try:
            consents = await memories.consents(turn.message.user)
        except MegawattsError:
            return "", False
        if not consents:
            return (self._say(turn, "learned.hint") if self._due(turn.message.user) else ""), False
        task = self.begin(turn)
        done, _ = await asyncio.wait({task} if task else set(), timeout=self._patience)
        facts = task.result() if task in done else None
        if facts is None:
            return "", False
        told = "; ".join(one.text for one in facts)
        return self._say(turn, "learned.ok" if told else "learned.known", told), True

    async def settled(self) -> None:
        """Wait for what is being learned, such as at the end of the process."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _may(self, turn: Turn) -> bool:
        allowed = turn.settings.memory or turn.message.guild == HERE
        return self._parts.memories is not None and allowed and turn.kept and turn.keeps and turn.order is None

    async def _learn(self, turn: Turn) -> Sequence[Fact] | None:
        memories = self._parts.memories
        if memories is None:
            return None
        try:
            return await memories.learn(replace(turn.message, text=turn.text, name=turn.name))
        except MegawattsError as error:
            log.warning("nothing learned", error=type(error).__name__)
            self._parts.observer.stepped("memory_unavailable", 0.0)
        except Exception as error:  # noqa: BLE001  (what breaks while learning must not be lost in a task)
            log.error("learning failed", error=type(error).__name__)  # noqa: TRY400  (a traceback could hold their text)
        return None

    def _say(self, turn: Turn, key: str, facts: str = "") -> str:
        prefix = turn.settings.prefix or self._parts.prefix
        return self._parts.texts(key, turn.language, facts=facts, prefix=prefix)

    def _due(self, user: UserId) -> bool:
        """Once a day, a member and this process: on disk nothing is kept of members who did not agree."""
        today = self._parts.clock().date()
        if self._hinted.get(user) == today:
            return False
        self._hinted[user] = today
        self._hinted.move_to_end(user)
        if len(self._hinted) > _MEMBERS:
            self._hinted.popitem(last=False)
        return True
