"""Keeps what is stored no longer than it may be: lines of conversation by each guild's retention, rows by their age."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from bot.adapters.discord import claims
from bot.agent import usage
from bot.chat.memory import Memory
from bot.core.chat import HERE
from bot.core.errors import MegawattsError
from bot.core.guild_settings import GuildBook, GuildSettings
from bot.core.ids import GuildId
from bot.core.ports import Clock, Records
from bot.policy.insights import KEPT as COUNTS_KEPT
from bot.policy.insights import TABLE as INSIGHTS
from bot.sdk import pledges

log = structlog.get_logger()
FIRST, EVERY = 60.0, 3600.0
"""Seconds until the first round, so that a start is not slowed down, and between rounds."""
Moment = Callable[[Mapping[str, Any]], datetime]


@dataclass(frozen=True, slots=True)
class Aging:
    """Rows of one table that are of no use some time after a moment that each of them names."""

    table: str
    moment: Moment
    after: timedelta = timedelta()


AGING = (
    Aging(usage.TABLE, lambda row: datetime.fromisoformat(str(row["day"])).replace(tzinfo=UTC), timedelta(days=400)),
    Aging(claims.TABLE, lambda row: datetime.fromtimestamp(float(row["at"]), UTC), timedelta(hours=1)),
    Aging(pledges.TABLE, lambda row: datetime.fromisoformat(str(row["until"])), timedelta(hours=1)),
    Aging(pledges.USED, lambda row: datetime.fromisoformat(str(row["until"])), timedelta(hours=1)),
    Aging("feedback", lambda row: datetime.fromisoformat(str(row["at"])), timedelta(days=180)),
    Aging(INSIGHTS, lambda row: datetime.fromisoformat(str(row["day"])).replace(tzinfo=UTC), COUNTS_KEPT),
    Aging("reminders_taken", lambda row: datetime.fromisoformat(str(row["at"])), timedelta(days=30)),
)


@dataclass(frozen=True, slots=True)
class Keeping:
    """Rounds beside the conversation. `scrub` clears what deleted rows leave on the disk."""

    records: Records
    memory: Memory
    book: GuildBook
    clock: Clock
    scrub: Callable[[], None]
    sleep: Callable[[float], Awaitable[None]] = field(default=asyncio.sleep)

    async def run(self) -> None:
        """Until cancelled; what one round could not do, the next does."""
        await self.sleep(FIRST)
        while True:
            try:
                gone = await asyncio.to_thread(self.once)
                log.info("kept no longer", lines_and_rows=gone)
            except MegawattsError as error:
                log.warning("retention waits", error=type(error).__name__)
            await self.sleep(EVERY)

    def once(self) -> int:
        """One round; how many lines and rows went. Waits for the disk. Raises Unavailable."""
        known: dict[GuildId, datetime | None] = {}

        def since(guild: GuildId) -> datetime | None:
            if guild not in known:
                known[guild] = self._since(guild)
            return known[guild]

        gone = self.memory.retain(since) + sum(self._prune(one) for one in AGING) + self._uncount()
        if gone:
            self.scrub()
        return gone

    def _since(self, guild: GuildId) -> datetime | None:
        """The moment before which lines go; None: none may stay on disk."""
        settings = GuildSettings(HERE) if guild == HERE else self.book.read(guild)
        days = settings.retention_days
        return self.clock() - timedelta(days=days) if days > 0 else None

    def _uncount(self) -> int:
        """What was counted of guilds whose admins have not agreed to it, such as what another process wrote while
        they took it back."""
        rows = self.records.scan(INSIGHTS)
        off = {guild for guild in {_guild(key) for key, _row in rows} if not self.book.read(guild).insights}
        keys = [key for key, _row in rows if _guild(key) in off]
        for key in keys:
            self.records.delete(INSIGHTS, key)
        return len(keys)

    def _prune(self, aging: Aging) -> int:
        before, gone = self.clock() - aging.after, 0
        for key, row in self.records.scan(aging.table):
            if _is_before(row, aging.moment, before):
                self.records.delete(aging.table, key)
                gone += 1
        return gone


def _guild(key: str) -> GuildId:
    return GuildId(key.partition("/")[0])


def _is_before(row: Mapping[str, Any], moment: Moment, before: datetime) -> bool:
    """A row that does not say when it was is left alone."""
    try:
        return moment(row) < before
    except (KeyError, TypeError, ValueError, OverflowError):
        return False
