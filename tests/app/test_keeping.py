"""Retention: what is too old leaves memory and disk, and nothing else does."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.app.keeping import EVERY, FIRST, Keeping
from bot.chat.memory import TABLE, Memory
from bot.core.chat import HERE, Line
from bot.core.errors import Unavailable
from bot.core.guild_settings import GuildSettings
from bot.core.ids import ChannelId, GuildId, MessageId, UserId
from bot.sdk.testing import DictRecords

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SHORT, LONG, NEVER = GuildId("1"), GuildId("2"), GuildId("3")
DAYS = {SHORT: 7, LONG: 90, NEVER: 0}


class Book:
    def __init__(self) -> None:
        self.asked: list[GuildId] = []

    def read(self, guild: GuildId) -> GuildSettings:
        self.asked.append(guild)
        return GuildSettings(guild, retention_days=DAYS[guild])


@dataclass
class Shop:
    records: DictRecords = field(default_factory=DictRecords)
    scrubbed: list[int] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)
    book: Any = field(default_factory=Book)

    def __post_init__(self) -> None:
        self.memory = Memory(self.records, 9, lambda: NOON)
        self.keeping = Keeping(
            self.records, self.memory, self.book, lambda: NOON, lambda: self.scrubbed.append(1), self.sleep
        )

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0)

    def said(self, guild: GuildId, text: str, days: float, *, lasting: bool = True) -> None:
        line = Line(UserId("ann"), "Ann", text, NOON - timedelta(days=days), message=MessageId(text))
        self.memory.add(ChannelId(f"hall of {guild}"), line, guild, lasting=lasting)

    def held(self, guild: GuildId) -> list[str]:
        return [one.text for one in self.memory.lines(ChannelId(f"hall of {guild}"))]

    def on_disk(self) -> str:
        return str(self.records.scan(TABLE))


@pytest.fixture
def shop() -> Shop:
    return Shop()


def test_each_guilds_lines_go_when_its_days_are_over(shop: Shop) -> None:
    for guild in (SHORT, LONG, HERE):
        for days in (1, 20, 60, 100):
            shop.said(guild, f"{days} days ago", days)
    shop.memory.flush()
    assert shop.keeping.once() == 3 + 1 + 2
    assert shop.held(SHORT) == ["1 days ago"]
    assert sorted(shop.held(LONG)) == ["1 days ago", "20 days ago", "60 days ago"]
    assert sorted(shop.held(HERE)) == ["1 days ago", "20 days ago"], "direct messages have the default of 30 days"
    assert "100 days ago" not in shop.on_disk()
    assert shop.scrubbed == [1]


def test_another_process_knows_whose_channel_it_is_from_the_disk(shop: Shop) -> None:
    shop.said(SHORT, "old", 8)
    shop.said(SHORT, "new", 6)
    shop.memory.flush()
    other = Shop(shop.records)
    assert other.keeping.once() == 1
    assert "old" not in other.on_disk()
    assert other.held(SHORT) == ["new"]
    assert other.book.asked == [SHORT]


def test_nothing_old_nothing_lost(shop: Shop) -> None:
    shop.said(SHORT, "new", 6)
    shop.memory.flush()
    before = shop.on_disk()
    assert shop.keeping.once() == 0
    assert (shop.on_disk(), shop.scrubbed) == (before, [])


def test_with_no_days_at_all_nothing_is_written_and_the_window_works(shop: Shop) -> None:
    shop.said(NEVER, "for this process", 0, lasting=False)
    shop.memory.flush()
    assert shop.records.scan(TABLE) == []
    assert shop.held(NEVER) == ["for this process"]
    shop.memory.edit(ChannelId(f"hall of {NEVER}"), MessageId("for this process"), "as edited")
    assert shop.records.scan(TABLE) == []


def test_what_was_written_before_an_admin_said_none_goes_and_does_not_come_back(shop: Shop) -> None:
    shop.said(NEVER, "written once", 0)
    shop.memory.flush()
    assert "written once" in shop.on_disk()
    assert shop.keeping.once() == 1
    assert shop.records.scan(TABLE) == []
    assert shop.held(NEVER) == ["written once"], "this process's window stays"
    shop.said(NEVER, "later", 0, lasting=False)
    shop.memory.flush()
    assert shop.records.scan(TABLE) == []


def test_lines_are_on_disk_again_once_admins_allow_it(shop: Shop) -> None:
    shop.said(LONG, "one", 0, lasting=False)
    shop.said(LONG, "two", 0)
    shop.memory.flush()
    assert "two" in shop.on_disk()


@pytest.mark.parametrize(
    ("table", "old", "new"),
    [
        ("usage", {"day": "2025-01-20"}, {"day": "2025-02-01"}),
        ("discord_claims", {"at": (NOON - timedelta(hours=2)).timestamp()}, {"at": NOON.timestamp()}),
        ("pledges", {"until": "2026-03-01T10:59:00+00:00"}, {"until": "2026-03-01T12:05:00+00:00"}),
        ("pledges_used", {"until": "2026-03-01T10:59:00+00:00"}, {"until": "2026-03-01T11:30:00+00:00"}),
        ("feedback", {"at": "2025-09-01T12:00:00+00:00"}, {"at": "2025-09-03T12:00:00+00:00"}),
        ("reminders_taken", {"at": "2026-01-01T10:59:00+00:00"}, {"at": "2026-02-20T11:30:00+00:00"}),
    ],
)
def test_rows_go_by_their_age(shop: Shop, table: str, old: dict[str, Any], new: dict[str, Any]) -> None:
    odd = {"day": "soon", "at": None}
    for key, row in (("old", old), ("new", new), ("odd", odd)):
        shop.records.put(table, key, row)
    assert shop.keeping.once() == 1
    assert {key for key, _ in shop.records.scan(table)} == {"new", "odd"}


def test_what_was_counted_of_a_guild_that_has_not_agreed_goes_and_what_is_old(shop: Shop) -> None:
    shop.book.read = lambda guild: GuildSettings(guild, insights=guild == LONG)
    for key, day in (
        (f"{SHORT}/2026-02-28/0a", "2026-02-28"),
        (f"{LONG}/2026-02-28/0a", "2026-02-28"),
        (f"{LONG}/2025-11-28/0a", "2025-11-28"),
    ):
        shop.records.put("insights", key, {"day": day})
    assert shop.keeping.once() == 2
    assert [key for key, _row in shop.records.scan("insights")] == [f"{LONG}/2026-02-28/0a"]


async def test_it_goes_round_and_no_failure_ends_it(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    rounds: list[int] = []

    def scan(*_: Any) -> Any:
        rounds.append(1)
        raise Unavailable("the records")

    records = DictRecords()
    monkeypatch.setattr(records, "scan", scan)
    keeping = replace(shop.keeping, records=records)
    task = asyncio.create_task(keeping.run())
    while len(rounds) < 2:  # noqa: ASYNC110  (a count, not an event)
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert task.cancelled()
    assert shop.slept[:2] == [FIRST, EVERY]
