"""What is known stays within bounds, words go when people want it, and what was refused stays refused."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.errors import Denied, Misconfigured
from bot.core.ids import ProposalId
from bot.improve.knowledge import BAD, ENDS, TABLE, Knowledge, Outcome, Result
from bot.improve.knowledge_keeping import Keeper, forget, known, tend
from bot.policy.knowledge_effect import Effect
from bot.policy.knowledge_lifecycle import LIFE, State
from bot.sdk.testing import DictRecords

NOW = datetime(2026, 6, 1, tzinfo=UTC)
OLD = timedelta(days=60 * (LIFE + 1))
EFFECT = Effect("messages", "pass", 0.1, 0.2, 9.0, 9.0)


class Audit:
    def __init__(self) -> None:
        self.entries: list[tuple[Any, ...]] = []

    def append(self, *entry: Any) -> None:
        self.entries.append(entry)


def put(records: DictRecords, number: int, result: Result = Result.REFUSED, **more: Any) -> Outcome:
    one = Outcome(ProposalId(f"{number:012x}"), "x", f"rule{number}", "fix", result, f"why {number}", NOW, "title", 7)
    one = replace(one, paths=("a.py",), suggestions=("s1",), version="v1", effect=(EFFECT,), **more)
    Knowledge(records).remember(one)
    return one


def test_effects_survive_the_disk_and_rows_without_them_are_read() -> None:
    records = DictRecords()
    one = put(records, 1, Result.HEALTHY)
    assert Knowledge(records).outcomes() == (one,)
    row = records.get(TABLE, one.idea) or {}
    records.put(TABLE, one.idea, {key: value for key, value in row.items() if key != "effect"})
    assert Knowledge(records).outcomes() == (replace(one, effect=()),)


def test_the_oldest_of_too_many_archived_lessons_keep_only_how_they_ended() -> None:
    records = DictRecords()
    for number in range(1, 5):
        put(records, number, at=NOW - OLD - timedelta(days=number))
    fresh = put(records, 9)
    assert tend(records, NOW, most=2) == 2
    knowledge = Knowledge(records)
    assert sorted(int(one.idea, 16) for one in knowledge.outcomes()) == [1, 2, 9]
    assert knowledge.active(NOW) == (fresh,)
    for one in knowledge.ends():
        assert one.result is Result.REFUSED
        assert (one.because, one.title, one.paths, one.suggestions, one.effect) == ("", "", (), (), ())
    assert {one.idea for one in knowledge.everything() if one.result in BAD} == {f"{n:012x}" for n in (1, 2, 3, 4, 9)}
    assert knowledge.of(ProposalId(f"{4:012x}")) is not None
    assert tend(records, NOW, most=2) == 0, "done is done"


def test_what_refused_nothing_is_dropped_and_what_is_under_way_is_not() -> None:
    records = DictRecords()
    put(records, 1, Result.UNWRITTEN, at=NOW - OLD)
    put(records, 2, Result.UNWRITTEN)
    put(records, 3, Result.OPEN, at=NOW - OLD)
    put(records, 4, Result.MERGED, at=NOW - OLD)
    assert tend(records, NOW, most=0) == 1
    assert sorted(int(one.idea, 16) for one in Knowledge(records).everything()) == [2, 3, 4]
    assert records.scan(ENDS) == []


def test_a_later_result_brings_an_idea_back_from_the_bare_ends() -> None:
    records = DictRecords()
    one = put(records, 1)
    Knowledge(records).bare(one)
    again = put(records, 1, Result.HEALTHY)
    assert Knowledge(records).everything() == (again,)


@given(st.lists(st.tuples(st.sampled_from(Result), st.integers(0, 900)), max_size=25), st.integers(0, 5))
def test_however_it_is_tended_nothing_that_was_refused_is_lost(tried: list[tuple[Result, int]], most: int) -> None:
    records = DictRecords()
    all_of = [put(records, n, result, at=NOW - timedelta(days=days)) for n, (result, days) in enumerate(tried)]
    refused = {one.idea for one in all_of if one.result in BAD}
    done = {one.idea for one in all_of if one.result in {Result.HEALTHY, Result.MERGED}}
    tend(records, NOW, most=most)
    left = {one.idea: one.result for one in Knowledge(records).everything()}
    assert {idea for idea, result in left.items() if result in BAD} == refused
    assert done <= set(left), "what was done is not wished for again"


def test_forgetting_deletes_the_words_on_record_and_not_the_refusal() -> None:
    records, audit = DictRecords(), Audit()
    one = put(records, 1, Result.REJECTED, because="says ann@example.org", title="by Ann")
    assert forget(records, audit, one.idea, by="ada", reason="it names a member") == one  # type: ignore[arg-type]
    assert "ann" not in str([*records.scan(TABLE), *records.scan(ENDS)]).casefold()
    assert known(records, NOW) == ()
    (end,) = Knowledge(records).everything()
    assert (end.idea, end.result) == (one.idea, Result.REJECTED)
    assert audit.entries == [
        ("ada", "knowledge.forget", f"idea {one.idea}", "it names a member", {"result": "rejected"})
    ]
    with pytest.raises(Denied, match="forgotten already"):
        forget(records, audit, one.idea, by="ada", reason="again")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("lesson", "reason", "error", "why"),
    [
        (f"{1:012x}", "  ", Misconfigured, "--because"),
        (f"{2:012x}", "why", Denied, "close #7"),
        (f"{3:012x}", "why", Denied, "close #7"),
        ("x\n" * 90, "why", Denied, "is no lesson"),
    ],
)
def test_what_cannot_be_forgotten_stays_as_it_is(lesson: str, reason: str, error: type[Exception], why: str) -> None:
    records, audit = DictRecords(), Audit()
    put(records, 1)
    put(records, 2, Result.OPEN)
    put(records, 3, Result.MERGED)
    before = records.scan(TABLE)
    with pytest.raises(error, match=why):
        forget(records, audit, lesson, by="ada", reason=reason)  # type: ignore[arg-type]
    assert records.scan(TABLE) == before
    assert audit.entries == []


def test_the_engine_tends_once_a_day_and_says_what_it_did() -> None:
    records, said, clock = DictRecords(), list[Any](), SimpleNamespace(now=NOW)
    ctx = SimpleNamespace(records=records, clock=lambda: clock.now, say=lambda *facts: said.append(facts))
    keeper = Keeper(ctx)  # type: ignore[arg-type]  # a double with what it asks
    keeper.round()
    put(records, 1, Result.UNWRITTEN, at=NOW - OLD)
    keeper.round()
    assert len(known(records, NOW)) == 1
    assert said == [], "nothing to say where nothing went"
    clock.now += timedelta(days=1)
    keeper.round()
    assert known(records, NOW) == ()
    assert said == [("knowledge", {"bare": 1})]


def test_states_are_shown_for_what_is_kept() -> None:
    records = DictRecords()
    put(records, 1, at=NOW - OLD)
    put(records, 2)
    assert [one.state for one in known(records, NOW)] == [State.STORED, State.ARCHIVED]
