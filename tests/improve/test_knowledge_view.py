"""What was learned is shown with its uncertainty, and in the order in which the ranking prefers it."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.core.change import Idea, Kind, Origin
from bot.core.ids import ProposalId
from bot.improve.knowledge import Outcome, Result, odds, rank
from bot.improve.knowledge_view import MOST, board_rows, failed, lesson_lines, lesson_row, strategies
from bot.policy.knowledge_effect import Effect
from bot.policy.knowledge_lifecycle import Lesson, active, lessons

NOW = datetime(2026, 6, 1, tzinfo=UTC)
SLOWER = Effect("reply_seconds", "fail", 0.1, 0.2, 30.0, 30.0)


def outcome(number: int, author: str, result: Result, days: float = 1.0, rule: str = "fix") -> Outcome:
    at = NOW - timedelta(days=days)
    return Outcome(ProposalId(f"{number:012x}"), author, rule, "fix", result, "a\nreason", at, "t", number)


def some() -> tuple[Lesson, ...]:
    good = [outcome(n, "good", Result.HEALTHY, n) for n in range(1, 7)]
    bad = [outcome(n, "bad", Result.REVERTED, n) for n in range(11, 15)]
    old = outcome(20, "bad", Result.REFUSED, 700)
    return lessons([*good, replace(bad[0], effect=(SLOWER,)), *bad[1:], old], NOW)


def test_a_strategy_is_shown_with_odds_spread_counts_and_effects() -> None:
    good, bad = strategies(some(), NOW)
    assert (good.name, bad.name) == ("good/fix", "bad/fix")
    assert bad.counts == {"refused": 1, "reverted": 4}
    assert good.because().startswith(f"{good.odds.upper:.2f} = chance {good.odds.mean:.2f} + ")
    assert "6 healthy; last 2026-05-31" in good.because()
    assert "(1 archived, which count no more)" in bad.because()
    assert bad.because().endswith("median effect of its changes: reply_seconds +100% in 1")
    row = json.loads(json.dumps(bad.row()))
    assert row["effects"] == {"reply_seconds": {"changes": 1, "median": 1.0}}
    assert row["chance"] < 0.5 < json.loads(json.dumps(good.row()))["chance"]
    assert row["last"]["lesson"] == f"{11:012x}"


def test_the_archived_are_shown_and_do_not_count() -> None:
    bad = strategies(some(), NOW)[1]
    assert len(bad.lessons) == 5
    assert bad.active == 4
    assert bad.odds == odds([one.outcome for one in some() if one.active], "bad", "fix", NOW)
    assert bad.odds != odds([one.outcome for one in some()], "bad", "fix", NOW)


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(Result), st.floats(0.0, 100.0)), min_size=1, max_size=20)
)
def test_the_order_is_the_one_that_ranking_takes(tried: list[tuple[str, Result, float]]) -> None:
    past = [outcome(n, author, result, days) for n, (author, result, days) in enumerate(tried)]
    found = strategies(lessons(past, NOW), NOW)
    ideas = [Idea(ProposalId(one.author * 12), "t", "w", Kind.FIX, Origin.ANALYST, one.author) for one in found]
    values = {idea.author: idea.value for idea in rank(ideas, active(past, NOW), NOW)}
    assert len(values) == len(found)
    ranked = [values[one.author] for one in found]  # rounded there: strategies that are nearly alike are alike
    assert ranked == sorted(ranked, reverse=True)


def test_what_failed_is_told_newest_first_in_one_line_each() -> None:
    gone = failed(some())
    assert [int(one.outcome.idea, 16) for one in gone] == [11, 12, 13, 14, 20]
    first, *effects = lesson_lines(gone[0]).splitlines()
    assert first == f"{11:012x} 2026-05-21 stored #11: fix by bad: reverted, a reason"
    assert ", 1 later tries agree and 0 do not" in lesson_lines(gone[1])
    assert [line.strip() for line in effects] == [SLOWER.line()]
    assert "archived" in lesson_lines(gone[-1])
    assert lesson_row(gone[-1])["state"] == "archived"


def test_the_dashboard_names_the_best_few_and_is_the_same_until_something_ends() -> None:
    many = [outcome(n, f"author{n}", Result.HEALTHY, n) for n in range(1, MOST + 5)]
    rows = board_rows(lessons(many, NOW))
    assert len(rows) == MOST
    assert rows == board_rows(lessons(many, NOW))
    assert rows[0].about == "1 stored"
    assert not any(row.box or row.idea or row.pull for row in rows), "there is nothing to tick"
    assert board_rows(()) == []
