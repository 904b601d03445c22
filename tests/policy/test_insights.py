"""Counts of many, never of one: what too few members or days would show is not shown, however it is asked for."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.ids import GuildId
from bot.policy.insights import LEAST, MOST_CELLS, WINDOW, Insight, Tally, cells, read, summary

TODAY = date(2026, 3, 30)
HERE, THERE = GuildId("1"), GuildId("2")
CELL = "intent/dice"
TALLIES = st.lists(
    st.builds(
        Tally,
        st.sampled_from([HERE, THERE]),
        st.dates(TODAY - timedelta(days=40), TODAY + timedelta(days=2)),
        st.dictionaries(st.sampled_from([CELL, "members", "hour/09"]), st.integers(1, 30)),
        st.dictionaries(st.sampled_from([CELL, "members", "hour/09"]), st.integers(1, 60)),
    ),
    max_size=40,
)


def tally(ago: int, people: int, week: int = 0, guild: GuildId = HERE) -> Tally:
    return Tally(guild, TODAY - timedelta(days=ago), {CELL: people}, {CELL: week or people})


def test_enough_members_on_enough_days_are_shown_in_steps() -> None:
    assert summary([tally(ago, 3, 6) for ago in range(1, 7)], HERE, TODAY) == (Insight(CELL, 15, 6),)


@pytest.mark.parametrize(
    "some",
    [
        [tally(ago, 50) for ago in range(1, LEAST)],
        [tally(ago, LEAST - 1) for ago in range(1, 20)],
        [tally(3, 9) for _ in range(9)],
        [tally(0, 9), *(tally(ago, 9) for ago in range(1, LEAST))],
        [tally(WINDOW.days + 1, 9), *(tally(ago, 9) for ago in range(1, LEAST))],
        [tally(ago, 9, guild=THERE) for ago in range(1, 20)],
    ],
    ids=["few days", "few members", "one day often", "today", "long ago", "elsewhere"],
)
def test_what_is_too_little_is_not_shown(some: list[Tally]) -> None:
    assert summary(some, HERE, TODAY) == ()


@given(TALLIES)
def test_nothing_below_the_least_is_ever_shown(some: list[Tally]) -> None:
    for one in summary(some, HERE, TODAY):
        met = [t for t in some if t.guild == HERE and one.cell in t.people and TODAY - WINDOW <= t.day < TODAY]
        assert len({t.day for t in met}) == one.days >= LEAST
        assert max(max(t.people[one.cell], t.week.get(one.cell, 0)) for t in met) >= LEAST
        assert one.people % LEAST == 0
        assert one.people <= sum(t.people[one.cell] for t in met)


@given(TALLIES, st.integers(0, 39))
def test_one_member_more_is_seen_by_nobody_in_most_looks_and_never_exactly(some: list[Tally], at: int) -> None:
    """Whoever looks before and after one more member learns a step of LEAST at most."""
    before = {one.cell: one.people for one in summary(some, HERE, TODAY)}
    if some:
        one = some[at % len(some)]
        more = Tally(one.guild, one.day, {cell: n + 1 for cell, n in one.people.items()}, one.week)
        some = [more if other is one else other for other in some]
    for insight in summary(some, HERE, TODAY):
        assert insight.people - before.get(insight.cell, insight.people) in {0, LEAST}


def test_a_row_is_read_as_it_was_written_and_holds_nobody() -> None:
    one = tally(1, 3, 6)
    assert read(one.row()) == one
    assert set(one.row()) == {"guild", "day", "people", "week"}
    assert one.key("0f") == "1/2026-03-29/0f"


@pytest.mark.parametrize(
    "wrong",
    [
        {"day": "yesterday"},
        {"people": 7},
        {"people": {CELL: 0}},
        {"people": {CELL: "many"}},
        {"week": {CELL: 10**9}},
        {"people": {f"intent/a{n}": 1 for n in range(MOST_CELLS + 1)}},
    ],
)
def test_a_row_of_another_shape_counts_nothing(wrong: dict[str, Any]) -> None:
    assert read({**tally(1, 3).row(), **wrong}) is None
    assert read({}) is None


def test_only_names_of_the_house_become_cells() -> None:
    assert cells("dice", "answered", 9) == ("members", CELL, "outcome/answered", "hour/09")
    assert cells("greeting+coin", "rejected", 23)[1] == "intent/greeting+coin"
    assert cells("Ann lives in 5 Elm St\n", "answered", 9) == ("members", "outcome/answered", "hour/09")
    stray = read({**tally(1, 3).row(), "people": {"user/ann": 3, CELL: 2}})
    assert stray is not None
    assert stray.people == {CELL: 2}
