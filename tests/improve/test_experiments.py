"""What is known of experiments survives restarts of either side, and what cannot be read changes nothing."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.errors import Unavailable
from bot.improve.experiments import EVERY, TABLE, Conductor, Page, together, totals
from bot.policy.flag_stops import TABLE as STOPS
from bot.policy.flags_file import PATH, parse
from bot.sdk.testing import DictRecords
from tests.extensions.doubles import ListAudit
from tests.policy.builders import PROPERTY

TEXT = """[near_hint]
family = "experimental"
what = "x"
owner = "y"
share = 50
[near_hint.experiment]
metric = "unanswered"
guards = ["trouble"]
minimum = 20
days = 2
"""
TRIAL = parse(TEXT)["near_hint"].trial


def page(off: tuple[int, int], on: tuple[int, int], metric: str = "unanswered", trial: str = TRIAL) -> Page:
    """(bad, good) by side."""
    return {
        (trial, (side, metric, outcome)): float(count)
        for side, pair in (("off", off), ("on", on))
        for outcome, count in zip(("bad", "good"), pair, strict=True)
    }


class House:
    """What a conductor touches; pages, text and time are the test's."""

    def __init__(self) -> None:
        self.records, self.audit, self.said = DictRecords(), ListAudit(), list[tuple[str, Any]]()
        self.text, self.pages, self.now = TEXT, dict[str, Page](), datetime(2026, 6, 1, 12, tzinfo=UTC)
        self.away = False
        self.conductor = self.another()

    def another(self) -> Conductor:
        repo = SimpleNamespace(read=lambda _sha, path: self.text.encode() if path == PurePosixPath(PATH) else None)
        made: Any = SimpleNamespace(
            records=self.records, audit=self.audit, repo=repo, clock=lambda: self.now,
            say=lambda event, facts: self.said.append((event, facts)),
        )  # fmt: skip
        return Conductor(made, self.trials)

    async def trials(self) -> dict[str, Page]:
        if self.away:
            raise Unavailable("Prometheus", "no answer")
        return self.pages

    def look(self, **pages: Page) -> Any:
        self.pages = pages or self.pages
        seen: Any = SimpleNamespace(main="a" * 40)
        asyncio.run(self.conductor.round(seen))
        self.now += EVERY
        return self.records.get(TABLE, TRIAL)

    def stops(self) -> list[Any]:
        return [row for _key, row in self.records.scan(STOPS)]


@pytest.fixture
def house() -> House:
    return House()


COUNTS = st.dictionaries(st.sampled_from(["a", "b", "c"]), st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=3)


@PROPERTY
@given(looks=st.lists(COUNTS, max_size=5))
def test_what_was_counted_stays_counted(looks: list[dict[str, tuple[int, int]]]) -> None:
    known: dict[str, dict[str, float]] = {}
    for look in looks:
        before = totals(known)
        known = together(known, {name: page(pair, (0, 0)) for name, pair in look.items()}, TRIAL)
        after = totals(known)
        assert all(after[count] >= value for count, value in before.items())
        assert together(known, {}, TRIAL) == known


def test_processes_add_up_and_one_that_ended_still_counts(house: House) -> None:
    house.look(one=page((3, 5), (1, 2)), other=page((1, 1), (0, 0)))
    row = house.look(again=page((2, 0), (0, 4)))
    assert row["figures"]["unanswered_off"] == "6 of 12"
    assert row["figures"]["unanswered_on"] == "1 of 7"
    assert row["state"] == "running"


def test_figures_of_another_declaration_are_not_its_own(house: House) -> None:
    row = house.look(one=page((90, 10), (10, 90), trial="near_hint-00000000"))
    assert (row["state"], row["looks"]) == ("running", {})


def test_it_looks_now_and_then(house: House) -> None:
    house.look(one=page((1, 1), (1, 1)))
    house.now -= timedelta(seconds=1)
    assert house.look(one=page((9, 1), (1, 9)))["figures"]["unanswered_off"] == "1 of 2"


def test_what_does_harm_is_stopped_once_and_told_once(house: House) -> None:
    row = house.look(one={**page((1, 1), (1, 1)), **page((0, 40), (40, 0), "trouble")})
    assert row["state"] == "harmful"
    house.look()
    house.conductor = house.another()
    house.look()
    assert [stop["mark"] for stop in house.stops()] == [parse(TEXT)["near_hint"].mark]
    assert [event for event, _facts in house.said] == ["experiment"]
    assert [act for _by, act, _why in house.audit.acts()] == ["flag.stop"]


def test_a_controller_that_was_killed_before_the_stop_makes_it_afterwards(house: House) -> None:
    house.look(one=page((5, 35), (38, 2)))
    assert house.records.get(TABLE, TRIAL)["state"] == "lost"
    ((key, _row),) = house.records.scan(STOPS)
    house.records.delete(STOPS, key)
    house.conductor = house.another()
    house.look()
    assert len(house.stops()) == 1


def test_what_cannot_be_put_on_record_is_tried_again(house: House) -> None:
    house.audit.broken = True
    with pytest.raises(Unavailable):
        house.look(one=page((5, 35), (38, 2)))
    assert house.stops() == []
    house.audit.broken = False
    house.now += EVERY
    assert house.look()["state"] == "lost"
    assert len(house.stops()) == 1


def test_an_end_is_an_end(house: House) -> None:
    assert house.look(one=page((38, 2), (5, 35)))["state"] == "won"
    assert house.look(one=page((38, 2), (99, 35)))["state"] == "won"
    assert house.stops() == []
    assert len(house.said) == 1


def test_its_days_end_it(house: House) -> None:
    assert house.look(one=page((5, 35), (5, 35)))["state"] == "running"
    house.now += timedelta(days=2)
    assert house.look()["state"] == "draw"
    assert house.stops() == []


def test_what_cannot_be_read_is_told_and_changes_nothing(house: House) -> None:
    house.look(one=page((5, 35), (5, 35)))
    before = house.records.get(TABLE, TRIAL)
    house.away = True
    assert house.look(one=page((5, 35), (38, 2))) == before
    house.away, house.text = False, "[near_hint"
    assert house.look() == before
    house.text = ""
    assert house.look() == before
    assert [event for event, _facts in house.said] == ["experiments_unread"] * 2
    assert house.stops() == []
