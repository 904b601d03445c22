"""What was learned: odds from outcomes, faded by time, and the order of ideas that follows."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.store.records import SqliteRecords
from bot.core.change import Finding, Idea, Kind, Origin, Severity
from bot.core.ids import ProposalId
from bot.improve.knowledge import HALF_LIFE, Knowledge, Outcome, Result, failures, odds, rank

NOW = datetime(2026, 6, 1, tzinfo=UTC)
GOOD = Outcome(ProposalId("a" * 12), "codemods", "flatten", "refactor", Result.HEALTHY, "well", NOW)
IDEA = Idea(ProposalId("b" * 12), "flatten", "why", Kind.REFACTOR, Origin.ANALYST, "codemods")


def with_finding(idea: Idea, rule: str, severity: Severity = Severity.LOW) -> Idea:
    found = Finding(rule, PurePosixPath("a.py"), 1, 1, severity, "m", "analyst")
    return replace(idea, findings=(found,))


def test_nothing_known_is_even_odds() -> None:
    assert odds([], "codemods", "flatten", NOW).mean == 0.5


def test_success_raises_the_odds_and_failure_lowers_them() -> None:
    bad = replace(GOOD, result=Result.REVERTED)
    assert odds([GOOD], "codemods", "flatten", NOW).mean > 0.5 > odds([bad], "codemods", "flatten", NOW).mean


def test_another_author_teaches_nothing() -> None:
    assert odds([GOOD], "tuner", "flatten", NOW).mean == 0.5


def test_an_open_proposal_teaches_nothing_yet() -> None:
    assert odds([replace(GOOD, result=Result.OPEN)], "codemods", "flatten", NOW).mean == 0.5


def test_a_related_rule_teaches_less() -> None:
    own, other = odds([GOOD], "codemods", "flatten", NOW), odds([GOOD], "codemods", "any", NOW)
    assert own.mean > other.mean > 0.5


def test_old_outcomes_fade() -> None:
    later = NOW + 4 * HALF_LIFE
    assert odds([GOOD], "codemods", "flatten", later).mean < odds([GOOD], "codemods", "flatten", NOW).mean


def test_more_outcomes_mean_less_uncertainty() -> None:
    many = [replace(GOOD, idea=ProposalId(f"{n:012x}")) for n in range(20)]
    assert odds(many, "codemods", "flatten", NOW).spread < odds([GOOD], "codemods", "flatten", NOW).spread


def test_a_strategy_that_was_taken_back_goes_last() -> None:
    tried = with_finding(IDEA, "bad")
    fresh = with_finding(replace(IDEA, id=ProposalId("c" * 12), author="other"), "new")
    past = [replace(GOOD, rule="bad", result=Result.REVERTED, idea=ProposalId(f"{n:012x}")) for n in range(5)]
    assert [i.id for i in rank([tried, fresh], past, NOW)] == [fresh.id, tried.id]


def test_a_graver_finding_goes_first() -> None:
    grave = with_finding(replace(IDEA, id=ProposalId("c" * 12)), "x", Severity.HIGH)
    assert rank([with_finding(IDEA, "x"), grave], [], NOW)[0].id == grave.id


@given(st.permutations(range(6)))
def test_the_order_of_arrival_does_not_matter(order: list[int]) -> None:
    ideas = [with_finding(replace(IDEA, id=ProposalId(f"{n:012x}")), f"rule-{n % 2}") for n in order]
    assert [i.id for i in rank(ideas, [GOOD], NOW)] == [f"{n:012x}" for n in range(6)]


def test_outcomes_survive_a_restart(tmp_path: Path) -> None:
    records = SqliteRecords(tmp_path / "r.db")
    Knowledge(records).remember(GOOD)
    Knowledge(records).remember(replace(GOOD, result=Result.REVERTED, at=NOW + timedelta(days=1)))
    records.close()
    again = SqliteRecords(tmp_path / "r.db")
    assert [o.result for o in Knowledge(again).outcomes()] == [Result.REVERTED]
    assert Knowledge(again).of(ProposalId("f" * 12)) is None
    again.close()


def test_a_model_begins_with_lower_odds_and_can_earn_higher_ones() -> None:
    assert odds([], "agent", "flatten", NOW).mean < odds([], "codemods", "flatten", NOW).mean
    both = [with_finding(replace(IDEA, author=name, id=ProposalId(name[0] * 12)), "flatten") for name in ("agent", "x")]
    assert [idea.author for idea in rank(both, [], NOW)] == ["x", "agent"]
    good = [replace(GOOD, author="agent", idea=ProposalId(f"{n:012x}")) for n in range(20)]
    ends = (Result.HEALTHY, Result.REJECTED, Result.HEALTHY)
    tried = [replace(GOOD, author="x", idea=ProposalId(f"{n:012d}"), result=end) for n, end in enumerate(ends)]
    assert [idea.author for idea in rank(both, [*good, *tried], NOW)] == ["agent", "x"]


def test_what_people_asked_for_goes_before_what_was_found_by_the_same_author() -> None:
    wish = replace(IDEA, author="agent", origin=Origin.MEMBER, kind=Kind.FEATURE)
    found = with_finding(replace(IDEA, author="agent", id=ProposalId("c" * 12)), "flatten", Severity.MEDIUM)
    assert rank([found, wish], [], NOW)[0].id == wish.id


def test_failures_of_the_same_rule_or_files_are_told_newest_first() -> None:
    idea = with_finding(replace(IDEA, author="agent"), "flatten")

    def failed(number: int, **fields: Any) -> Outcome:
        row = {"result": Result.REFUSED, "idea": ProposalId(f"{number:012x}"), "at": NOW + timedelta(days=number)}
        return replace(GOOD, **{**row, **fields})

    rule, path = failed(1), failed(2, rule="other", paths=("a.py",))
    own, foreign = (
        failed(3, result=Result.UNWRITTEN, author="agent"),
        failed(4, result=Result.UNWRITTEN, author="codemods"),
    )
    others = [failed(5, rule="other", paths=("b.py",)), failed(6, result=Result.HEALTHY), foreign]
    assert failures([rule, path, own, *others], idea) == (own, path, rule)
    assert len(failures([failed(n) for n in range(30)], idea)) == 5


def test_paths_are_kept_and_rows_without_them_are_read(tmp_path: Path) -> None:
    records = SqliteRecords(tmp_path / "r.db")
    Knowledge(records).remember(replace(GOOD, paths=("a.py",)))
    assert Knowledge(records).outcomes()[0].paths == ("a.py",)
    row = records.get("outcomes", GOOD.idea)
    assert row is not None
    records.put("outcomes", GOOD.idea, {k: v for k, v in row.items() if k != "paths"})
    assert Knowledge(records).outcomes()[0].paths == ()
    records.close()
