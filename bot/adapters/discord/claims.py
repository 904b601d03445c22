"""Two bots on one token, as in a blue/green deploy, hear everything twice; each event is handled by one of them."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import structlog

from bot.core.errors import MegawattsError
from bot.core.ports import Clock, Records
from bot.policy.rings import Turn

log = structlog.get_logger()
TABLE = "discord_claims"
_KEPT = 900.0
"""Seconds that a claim is remembered: Discord delivers nothing again that is older."""
_SWEEP = 500
"""Claims between two sweeps of old ones."""
AT_ONCE = Turn(0.0, alone=True)
"""Where there are no rings."""


class Claims:
    """The first process to claim an event handles it. Records that are away let every process handle it whose turn says
    so: without rings all of them, for said twice is better than not at all."""

    def __init__(self, records: Records, clock: Clock) -> None:
        self._records, self._clock = records, clock
        self._made = 0

    async def first(self, key: str, begin: Callable[[], Coroutine[Any, Any, None]], turn: Turn = AT_ONCE) -> None:
        """Begin the work if no other process claimed this key when its turn has come."""
        if turn.wait:
            await asyncio.sleep(turn.wait)
        try:
            mine = await asyncio.to_thread(self._claim, key)
        except MegawattsError as error:
            log.warning("claim not made", error=type(error).__name__)
            mine = turn.alone
        if mine:
            await begin()

    def _claim(self, key: str) -> bool:
        now = self._clock().timestamp()
        mine = self._records.add(TABLE, key, {"at": now})
        if mine:
            self._made += 1
            if self._made % _SWEEP == 0:
                self._sweep(now)
        return mine

    def _sweep(self, now: float) -> None:
        for key, row in self._records.scan(TABLE):
            if now - float(row["at"]) > _KEPT:
                self._records.delete(TABLE, key)
