"""What a bot notes of itself: counts, bounded, written now and then, gone after two weeks."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.app.bot_wiring import Unobserved
from bot.chat.symptoms import NEXT, Noting, Symptoms
from bot.core.chat import Outcome
from bot.core.errors import Unavailable
from bot.core.ids import UserId
from bot.policy.symptoms import TABLE, Symptom, over, read
from bot.sdk.testing import DictRecords
from tests.chat.doubles import NOON

SHA = "c" * 40


class Away(DictRecords):
    away = False

    def put(self, table: str, key: str, row: Mapping[str, Any]) -> None:
        if self.away:
            raise Unavailable("records")
        super().put(table, key, row)


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


def noted(records: DictRecords) -> list[Symptom]:
    found = [read(row) for _key, row in records.scan(TABLE)]
    assert None not in found
    return [one for one in found if one is not None]


def failed(text: str = "secret words") -> BaseException:
    class Words(dict[str, float]):
        def get(self, *_said: object) -> float:
            raise LookupError(text)

    try:
        over(Words(), 1.0)
    except LookupError as error:
        return error
    raise AssertionError


async def test_counts_are_written_once_they_changed() -> None:
    records, clock = DictRecords(), Clock()
    symptoms = Symptoms(records, clock, SHA)
    symptoms.broke(failed())
    symptoms.broke(failed())
    symptoms.stepped("router", 0.004)
    symptoms.tool_called("roll_dice", "ok")
    symptoms.tool_called("roll_dice", "error")
    await symptoms.flush()
    found = {(one.sort, one.name): one for one in noted(records)}
    assert found["error", "bot/policy/symptoms.py:over"].counts == {"LookupError": 2}
    assert found["error", "bot/policy/symptoms.py:over"].line > 0
    assert found["step", "router"].counts == {"0.005": 1}
    assert found["tool", "roll_dice"].counts == {"ok": 1, "error": 1}
    assert {one.revision for one in found.values()} == {SHA}
    assert "secret" not in str(records.scan(TABLE))
    for key, _row in records.scan(TABLE):
        records.delete(TABLE, key)
    await symptoms.flush()
    assert noted(records) == [], "what did not change is not written again"


async def test_what_is_expected_of_the_outside_is_no_symptom() -> None:
    records = DictRecords()
    symptoms = Symptoms(records, Clock(), SHA)
    symptoms.broke(Unavailable("Discord", "away"))
    symptoms.broke(ValueError("never in our code"))
    await symptoms.flush()
    assert noted(records) == []


async def test_a_member_counts_once_a_day_for_each_intent() -> None:
    records, clock = DictRecords(), Clock()
    symptoms = Symptoms(records, clock, SHA)
    for user in ("dora", "bob", "dora", "dora"):
        symptoms.answered("cannot_look_up", Outcome.UNANSWERED, UserId(user))
    await symptoms.flush()
    assert [one.counts for one in noted(records)] == [{"unanswered": 2}]
    assert "dora" not in str(records.scan(TABLE))
    clock.now += timedelta(days=1)
    await symptoms.flush()
    symptoms.answered("cannot_look_up", Outcome.UNANSWERED, UserId("dora"))
    await symptoms.flush()
    assert sorted(one.counts["unanswered"] for one in noted(records)) == [1, 2]


async def test_hours_and_what_follows_are_counted_once_a_member_and_day() -> None:
    records, clock = DictRecords(), Clock()
    symptoms = Symptoms(records, clock, SHA)
    for user in ("ann", "bob"):
        for intent in ("help", "dice", "help", "dice"):
            symptoms.met(intent, UserId(user))
            clock.now += timedelta(minutes=1)
    await symptoms.flush()
    found = {(one.sort, one.name): dict(one.counts) for one in noted(records)}
    assert found == {
        ("hour", "help"): {"12": 2},
        ("hour", "dice"): {"12": 2},
        ("follow", "help"): {"dice": 2},
        ("follow", "dice"): {"help": 2},
    }
    assert "ann" not in str(records.scan(TABLE))


async def test_what_comes_long_after_or_from_another_member_follows_nothing() -> None:
    records, clock = DictRecords(), Clock()
    symptoms = Symptoms(records, clock, SHA)
    symptoms.met("help", UserId("ann"))
    symptoms.met("dice", UserId("bob"))
    clock.now += NEXT + timedelta(seconds=1)
    symptoms.met("dice", UserId("ann"))
    await symptoms.flush()
    assert [one for one in noted(records) if one.sort == "follow"] == []


async def test_what_follows_without_end_fills_nothing() -> None:
    records, clock = DictRecords(), Clock()
    symptoms = Symptoms(records, clock, SHA)
    for number in range(100):
        symptoms.met("help", UserId("ann"))
        symptoms.met(f"intent_{number}", UserId("ann"))
    await symptoms.flush()
    (follows,) = [one for one in noted(records) if one.sort == "follow" and one.name == "help"]
    assert len(follows.counts) == 32


async def test_names_without_end_fill_nothing() -> None:
    records = DictRecords()
    symptoms = Symptoms(records, Clock(), SHA)
    for number in range(1000):
        symptoms.tool_called(f"tool_{number}", "ok")
        symptoms.answered("help", Outcome.ANSWERED, UserId(str(number)))
    await symptoms.flush()
    assert len([one for one in noted(records) if one.sort == "tool"]) == 64
    assert len([one for one in noted(records) if one.sort == "answer"]) == 1


async def test_old_rows_go_and_those_of_other_processes_stay() -> None:
    records, clock = DictRecords(), Clock()
    first = Symptoms(records, clock, SHA)
    first.stepped("router", 0.1)
    await first.flush()
    other = Symptoms(records, clock, SHA)
    other.stepped("router", 0.1)
    await other.flush()
    assert len(noted(records)) == 2
    clock.now += timedelta(days=20)
    last = Symptoms(records, clock, SHA)
    last.stepped("router", 0.1)
    await last.flush()
    assert [one.day for one in noted(records)] == [clock.now.date()]


async def test_what_could_not_be_written_is_written_later() -> None:
    records = Away()
    symptoms = Symptoms(records, Clock(), SHA)
    symptoms.stepped("router", 0.1)
    records.away = True
    await symptoms.flush()
    assert noted(records) == []
    records.away = False
    symptoms.stepped("router", 0.1)
    await symptoms.flush()
    assert [one.counts for one in noted(records)] == [{"0.1": 2}]


async def test_it_writes_by_itself_until_it_is_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.chat.symptoms.EVERY", 0.0)
    records = DictRecords()
    symptoms = Symptoms(records, Clock(), SHA)
    symptoms.stepped("router", 0.1)
    task = asyncio.create_task(symptoms.keep_flushing())
    while not noted(records):  # noqa: ASYNC110  (a row, not an event)
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert len(noted(records)) == 1


async def test_the_observer_within_is_told_everything() -> None:
    told: list[tuple[Any, ...]] = []

    class Within(Unobserved):
        def __getattribute__(self, name: str) -> Any:
            return lambda *args: told.append((name, *args))

    records = DictRecords()
    symptoms = Symptoms(records, Clock(), SHA)
    noting = Noting(Within(), symptoms)
    noting.answered(UserId("ann"), Outcome.ANSWERED, 0.1)
    noting.tool_called("roll_dice", "timeout")
    noting.voiced("down", UserId("ann"))
    noting.stepped("router", 0.3)
    noting.modelled("m", "ok", 1.0, {"input": 1}, 0.0)
    assert [one[0] for one in told] == ["answered", "tool_called", "voiced", "stepped", "modelled"]
    await symptoms.flush()
    assert {(one.sort, one.name) for one in noted(records)} == {("tool", "roll_dice"), ("step", "router")}
