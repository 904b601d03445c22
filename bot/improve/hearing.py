"""How the loop rests: until it is woken, or a person orders something; a stop that ended waits for no interval."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from bot.core.errors import MegawattsError
from bot.core.ports import Records, Switch
from bot.improve.pacing import MOMENT

EVERY = 1.0
"""Seconds between two times that the loop, while it rests, asks whether something was ordered."""
TABLES = ("orders", "rollbacks", "overrides", "requests", "retries")
"""Where people's words for the loop are kept, by commands and from where members talk; few rows, and often none."""


class Ear:
    """Compares what is ordered with what was when the last look began: what came during that look counts too."""

    def __init__(self, records: Records, switch: Switch, tables: Sequence[str] = TABLES) -> None:
        self._records, self._switch, self._tables = records, switch, tables
        self._known: frozenset[str] | None = None

    def listen(self) -> None:
        """A look begins: what is ordered by now, it will find by itself."""
        self._known = self._ordered()

    def called(self) -> bool:
        """Whether something was ordered since. What the look has taken up and deleted calls nobody, and neither does a
        store that does not answer: then the interval decides."""
        now = self._ordered()
        return now is not None and self._known is not None and bool(now - self._known)

    async def rest(self, pause: float, woken: asyncio.Event) -> None:
        """So many seconds, or until somebody wakes the loop or orders something; never less than a moment."""
        await asyncio.sleep(min(MOMENT, pause))
        left = pause - MOMENT
        while left > 0 and not woken.is_set() and not self.called():
            with suppress(TimeoutError):
                await asyncio.wait_for(woken.wait(), min(EVERY, left))
            left -= EVERY
        woken.clear()

    def _ordered(self) -> frozenset[str] | None:
        """All that stands, the state of the stop among it; None where it cannot be told."""
        try:
            rows = {f"{table}/{key}/{row!r}" for table in self._tables for key, row in self._records.scan(table)}
            return frozenset({*rows, f"stop/{self._switch.state()!r}"})
        except (MegawattsError, OSError):
            return None
