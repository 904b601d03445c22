"""What a server's members come for is counted with its admins' word alone, and leaves no trace of who it was."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.chat.guild_book import RecordsGuildBook
from bot.chat.insights import Insights
from bot.core.chat import HERE, Outcome
from bot.core.errors import Unavailable
from bot.core.ids import GuildId, UserId
from bot.policy.insights import MOST_CELLS, TABLE, Tally, read
from bot.sdk.testing import DictRecords
from tests.chat.doubles import NOON
from tests.extensions.doubles import ListAudit

TOWN, OTHER, ROOT = GuildId("7"), GuildId("8"), UserId("root")


class Hall:
    """A server whose admins have agreed, beside one whose have not."""

    def __init__(self, records: DictRecords | None = None) -> None:
        self.records = records or DictRecords()
        self.now = NOON
        self.book = RecordsGuildBook(self.records, ListAudit(), lambda: 0.0, refresh=0.0)
        self.book.change(TOWN, {"insights": "on"}, ROOT)
        self.insights = Insights(self.records, self.book, self.clock)

    def clock(self) -> datetime:
        return self.now

    def met(self, *users: str, guild: GuildId = TOWN, intent: str = "dice") -> None:
        for user in users:
            self.insights.answered(guild, UserId(user), intent, Outcome.ANSWERED)

    def rows(self) -> list[Tally]:
        found = [read(row) for _key, row in self.records.scan(TABLE)]
        assert None not in found
        return [one for one in found if one is not None]


@pytest.fixture
def hall() -> Hall:
    return Hall()


async def test_different_members_are_counted_and_never_named(hall: Hall) -> None:
    hall.met("ann", "bob", "ann", "ann")
    await hall.insights.flush()
    (row,) = hall.rows()
    assert (row.guild, row.day) == (TOWN, NOON.date())
    assert row.people == row.week == {"members": 2, "intent/dice": 2, "outcome/answered": 2, "hour/12": 2}
    assert not {"ann", "bob"} & set(str(hall.records.scan(TABLE)).replace("'", " ").split())


async def test_without_the_admins_word_and_outside_of_servers_nothing_is_counted(hall: Hall) -> None:
    hall.met("ann", guild=OTHER)
    hall.met("ann", guild=HERE)
    await hall.insights.flush()
    assert hall.rows() == []
    assert hall.insights.of(UserId("ann")) == []


async def test_a_word_taken_back_deletes_what_was_counted_at_once(hall: Hall) -> None:
    hall.met("ann")
    await hall.insights.flush()
    hall.book.change(OTHER, {"insights": "on"}, ROOT)
    hall.met("ann", guild=OTHER)
    await hall.insights.flush()
    hall.met("bob")
    hall.book.change(TOWN, {"insights": "off"}, ROOT)
    assert [one.guild for one in hall.rows()] == [OTHER]
    await hall.insights.flush()
    assert [one.guild for one in hall.rows()] == [OTHER], "what was still in memory is not written either"
    hall.book.change(TOWN, {"insights": "on"}, ROOT)
    hall.met("cleo")
    await hall.insights.flush()
    (again,) = [one for one in hall.rows() if one.guild == TOWN]
    assert again.week["members"] == 1, "it begins anew"


async def test_undoing_the_agreement_deletes_as_well(hall: Hall) -> None:
    hall.met("ann")
    await hall.insights.flush()
    hall.book.undo(TOWN, ROOT)
    assert hall.rows() == []


async def test_a_member_who_wants_to_be_forgotten_is_counted_out(hall: Hall) -> None:
    hall.met("ann", "bob")
    await hall.insights.flush()
    (told,) = hall.insights.of(UserId("ann"))
    assert told == {"guild": TOWN, "counted_in": ["hour/12", "intent/dice", "members", "outcome/answered"]}
    assert hall.insights.forget(UserId("ann")) == 8
    (row,) = hall.rows()
    assert set(row.people.values()) == set(row.week.values()) == {1}
    assert hall.insights.of(UserId("ann")) == []
    assert hall.insights.forget(UserId("ann")) == 0


async def test_a_day_begins_anew_and_a_week_goes_on_until_it_ends(hall: Hall) -> None:
    hall.now = datetime.fromisocalendar(2026, 10, 3).replace(hour=12, tzinfo=NOON.tzinfo)
    hall.insights = Insights(hall.records, hall.book, hall.clock)
    hall.met("ann", "bob")
    await hall.insights.flush()
    hall.now += timedelta(days=1)
    await hall.insights.flush()
    hall.met("cleo")
    await hall.insights.flush()
    hall.now += timedelta(days=4)
    await hall.insights.flush()
    hall.met("ann")
    await hall.insights.flush()
    assert [(one.people["members"], one.week["members"]) for one in hall.rows()] == [(2, 2), (1, 3), (1, 1)]


async def test_names_without_end_fill_nothing(hall: Hall) -> None:
    for number in range(150):
        hall.met("ann", intent=f"intent_{number}")
    await hall.insights.flush()
    (row,) = hall.rows()
    assert len(row.people) <= MOST_CELLS


async def test_what_could_not_be_written_is_written_later() -> None:
    class Away(DictRecords):
        away = False

        def put(self, table: str, key: str, row: Mapping[str, Any]) -> None:
            if self.away:
                raise Unavailable("records")
            super().put(table, key, row)

    records = Away()
    hall = Hall(records)
    hall.met("ann")
    records.away = True
    await hall.insights.flush()
    assert hall.rows() == []
    records.away = False
    await hall.insights.flush()
    assert len(hall.rows()) == 1


async def test_what_did_not_change_is_not_written_again(hall: Hall) -> None:
    hall.met("ann")
    await hall.insights.flush()
    for key, _row in hall.records.scan(TABLE):
        hall.records.delete(TABLE, key)
    hall.met("ann")
    await hall.insights.flush()
    assert hall.rows() == []


async def test_it_writes_by_itself_until_it_is_cancelled(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.chat.insights.EVERY", 0.0)
    hall.met("ann")
    task = asyncio.create_task(hall.insights.keep_flushing())
    while not hall.rows():  # noqa: ASYNC110  (a row, not an event)
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert len(hall.rows()) == 1
