"""Counts what members of a server come for, where its admins have agreed to that: how many, never who, never a word."""

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import structlog

from bot.core.chat import HERE, Outcome
from bot.core.errors import MegawattsError
from bot.core.guild_settings import GuildBook
from bot.core.ids import GuildId, UserId
from bot.core.ports import Clock, Records
from bot.policy.insights import MOST_CELLS, TABLE, Tally, cells

log = structlog.get_logger()
EVERY = 30.0
"""Seconds between two writings."""
_GUILDS = 500
_MEMBERS = 2_000
"""Different members of a cell that are counted; more are as many."""


@dataclass(slots=True)
class _Met:
    """Who was met, in this process's memory alone: on disk there are numbers."""

    day: dict[str, set[UserId]] = field(default_factory=dict)
    week: dict[str, set[UserId]] = field(default_factory=dict)
    changed: bool = False

    def add(self, cell: str, user: UserId) -> None:
        for known in (self.day, self.week):
            there = known.get(cell)
            if there is None:
                if len(known) >= MOST_CELLS:
                    continue
                there = known[cell] = set()
            if user not in there and len(there) < _MEMBERS:
                there.add(user)
                self.changed = True

    def drop(self, user: UserId) -> int:
        found = [there for known in (self.day, self.week) for there in known.values() if user in there]
        for there in found:
            there.discard(user)
        self.changed = self.changed or bool(found)
        return len(found)


class Insights:
    """The counts of one process. Quick and in memory; `flush` writes what is new."""

    def __init__(self, records: Records, book: GuildBook, clock: Clock) -> None:
        self._records, self._book, self._clock = records, book, clock
        self._process = secrets.token_hex(4)
        self._day = clock().date()
        self._met: OrderedDict[GuildId, _Met] = OrderedDict()

    def answered(self, guild: GuildId, user: UserId, intent: str, outcome: Outcome) -> None:
        """An answer was given. Nothing is counted outside of servers, and where the admins have not agreed."""
        if guild == HERE or not self._book.read(guild).insights:
            return
        now = self._clock()
        met = self._met.setdefault(guild, _Met())
        self._met.move_to_end(guild)
        for cell in cells(intent, outcome.value, now.hour):
            met.add(cell, user)
        if len(self._met) > _GUILDS:
            self._met.popitem(last=False)

    def of(self, user: UserId) -> list[Mapping[str, object]]:
        """Where this process counts a member among others now."""
        return [
            {"guild": guild, "counted_in": sorted(cell for cell, there in met.week.items() if user in there)}
            for guild, met in list(self._met.items())
            if any(user in there for there in met.week.values())
        ]

    def forget(self, user: UserId) -> int:
        """Count a member no more, and take them out of the numbers of this day and week. Waits for the disk. What is
        older are numbers alone: nobody is in them any more."""
        gone = sum(met.drop(user) for met in list(self._met.values()))
        if gone:
            self._write()
        return gone

    async def keep_flushing(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(EVERY)
            await self.flush()

    async def flush(self) -> None:
        """Write what has changed, on a thread: nobody waits for it, and it never raises."""
        try:
            await asyncio.to_thread(self._write)
        except MegawattsError as error:
            log.warning("insights not written", error=type(error).__name__)
        self._turn(self._clock().date())

    def _write(self) -> None:
        """What admins have taken back meanwhile is not written, and not known any more."""
        for guild, met in list(self._met.items()):
            if not self._book.read(guild).insights:
                self._met.pop(guild, None)
            elif met.changed:
                tally = Tally(guild, self._day, _sizes(met.day), _sizes(met.week))
                self._records.put(TABLE, tally.key(self._process), tally.row())
                met.changed = False

    def _turn(self, today: date) -> None:
        """A new day, and with it perhaps a new week."""
        if today == self._day:
            return
        whole = today.isocalendar()[:2] != self._day.isocalendar()[:2]
        self._day = today
        for met in self._met.values():
            met.day, met.week, met.changed = {}, {} if whole else met.week, False


def _sizes(known: Mapping[str, set[UserId]]) -> dict[str, int]:
    return {cell: len(there) for cell, there in list(known.items()) if there}
