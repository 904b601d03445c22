"""What no input may ever bring about."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from bot.core.case import (
    Ask,
    Case,
    Close,
    Merge,
    Observe,
    Override,
    Page,
    Revert,
    Settle,
    Step,
    Stop,
    Update,
    Validate,
    Wait,
)
from bot.core.change import Kind, Origin
from bot.core.charter import Charter, Freeze
from bot.core.health import Rollout
from bot.core.ids import PullNumber, UserId
from bot.core.tier import Tier
from bot.core.verdict import Status, Verdict, worst
from bot.policy.charter import STAGES
from bot.policy.lifecycle import decide
from bot.policy.record import case_to_row, row_to_case
from bot.policy.tier import tier_of
from tests.policy.builders import (
    BASE,
    BEFORE,
    CHARTER,
    HEAD,
    HOUR,
    MAIN,
    MERGED,
    NOW,
    OLD_HEAD,
    PROPERTY,
    approval,
    case,
    gate,
    merged,
    paths,
    poll,
)

STATUS = st.sampled_from(Status)
VERDICT = st.builds(Verdict, st.sampled_from(["checks", "inverse", "health"]), STATUS, st.just("because"))
PATHS = st.sampled_from(
    [
        ["docs/a"],
        ["docs/a", "docs/b"],
        ["docs/a", "tests/test_a.py"],
        ["chat/a"],
        ["infra/a", "keys/a"],
        [".github/a"],
        ["new/a"],
        [],
    ]
)
HEADS = st.sampled_from([HEAD, OLD_HEAD])
WHEN = st.integers(-60, 60).map(lambda hours: NOW + hours * HOUR)
PULL = st.none() | st.just(PullNumber(3))
REVIEW = st.builds(
    approval,
    st.sampled_from(["mara", "max", "olga", "kim", "otto", "root", "mallory", "megawatts"]),
    HEADS,
    approves=st.booleans(),
    at=WHEN,
)
GATE = st.none() | st.builds(gate, STATUS, st.sampled_from(STAGES), behaviour=STATUS) | VERDICT
POLL = st.none() | st.builds(
    poll, st.sampled_from(["", "ab", "abcd"]), st.sampled_from(["", "ef", "efghi"]), head=HEADS, closes=WHEN
)
OVERRIDE = st.none() | st.builds(Override, HEADS, st.just("root"), st.sampled_from(["", "why"]), st.just(NOW))
ROLLOUT = st.none() | st.builds(
    Rollout,
    st.just(MERGED),
    st.sampled_from([None, MERGED, BEFORE]),
    contains=st.booleans(),
    ready=st.booleans(),
    at=WHEN,
    previous=st.sampled_from([None, BEFORE]),
    failed=st.sampled_from(["exit 1", ""]),
)
AROUND = st.fixed_dictionaries(
    {
        "main": st.sampled_from([MAIN, BASE]),
        "last_merge": st.none() | WHEN,
        "last_deploy": st.none() | WHEN,
        "awaiting_health": PULL,
        "reverts_today": st.integers(0, 7),
        "stop": st.none() | st.just(Stop("why", "root", NOW)),
    }
)
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "around": AROUND,
    "only_adds": st.frozensets(st.sampled_from(["tests/test_a.py", "docs/a"])),
    "gate": GATE,
    "gate_base": st.sampled_from([None, MAIN, BASE]),
    "checks": st.none() | VERDICT,
    "conflicts": st.booleans(),
    "approvals": st.lists(REVIEW, max_size=5).map(tuple),
    "poll": POLL,
    "override": OVERRIDE,
    "asked_on": st.none() | HEADS,
    "inverse": st.none() | VERDICT,
    "rollout": ROLLOUT,
    "settled": st.none() | VERDICT,
    "reverted_by": PULL,
    "revert_merged": st.booleans(),
    "base": st.sampled_from([MAIN, BASE]),
    "kind": st.sampled_from(Kind),
    "origin": st.sampled_from(Origin),
    "asked_by": st.sampled_from([None, UserId("a"), UserId("mara")]),
    "labels": st.frozensets(st.sampled_from(["security", "megawatts"])),
    "merged_as": st.sampled_from([None, None, MERGED]),
    "merged_at": st.none() | WHEN,
    "closed": st.booleans(),
    "reverts": st.sampled_from([None, None, BEFORE]),
    "reverts_only": st.sampled_from([frozenset(), paths("docs/a")]),
    "draft": st.booleans(),
}
CHANGE = st.sampled_from(sorted(FIELDS)).flatmap(lambda name: st.tuples(st.just(name), FIELDS[name]))
CHANGES = st.lists(CHANGE, max_size=4, unique_by=lambda change: change[0]).map(dict)
OPEN = st.builds(lambda names, changes: case(*names, **changes), PATHS, CHANGES)
AFTER = st.builds(lambda names, changes: merged(*names, **changes), PATHS, CHANGES)
BROKEN = Rollout(MERGED, BEFORE, contains=False, ready=False, at=NOW, failed="exit 1")
FAILED = st.builds(lambda names, changes: merged(*names, **{"rollout": BROKEN, **changes}), PATHS, CHANGES)
CASES = st.one_of(OPEN, OPEN, AFTER, FAILED)
"""A case that would merge, or that has merged, but for a few changes."""
CHARTERS = st.builds(
    lambda stages, frozen: replace(CHARTER, stages=stages, freezes=frozen),
    st.sampled_from([(), ("scope", "tests")]),
    st.sampled_from([(), (Freeze(NOW, NOW + HOUR, "holidays"),)]),
)
STEPS = (Validate, Update, Ask, Merge, Observe, Settle, Revert, Close, Page, Wait)
NOT_GREEN = {Status.FAIL, Status.ERROR, Status.INCONCLUSIVE}


def step_of(one: Case, charter: Charter = CHARTER, now: datetime = NOW) -> Step:
    return decide(one, charter, now)


@PROPERTY
@given(CASES, CHARTERS, WHEN)
def test_there_is_always_one_step_and_always_the_same(one: Case, charter: Charter, now: datetime) -> None:
    step = step_of(one, charter, now)
    assert isinstance(step, STEPS)
    assert step == step_of(one, charter, now)
    assert step == step_of(row_to_case(case_to_row(one)), charter, now)


@PROPERTY
@given(CASES, CHARTERS, WHEN)
def test_a_stop_lets_nothing_move(one: Case, charter: Charter, now: datetime) -> None:
    stopped = replace(one, around=replace(one.around, stop=Stop("why", "root", NOW)))
    assert isinstance(step_of(stopped, charter, now), Wait)


@PROPERTY
@given(CASES, CHARTERS, WHEN)
def test_a_merge_is_green_agreed_up_to_date_and_of_this_head(one: Case, charter: Charter, now: datetime) -> None:
    step = step_of(one, charter, now)
    if not isinstance(step, Merge):
        return
    asked = one.proposal
    assert step.head == asked.head
    assert asked.merged_as is None
    assert not asked.closed
    assert not asked.draft
    assert step.because.passed
    if asked.origin is Origin.REVERT and asked.reverts and one.inverse is not None and one.inverse.passed:
        assert not asked.reverts_only or one.gate_base == asked.base
        return
    assert one.gate is not None
    assert one.gate_base == asked.base == one.around.main
    assert not {stage.status for stage in one.gate.children if stage.name != "approval"} & NOT_GREEN
    assert one.checks is None or one.checks.passed
    assert not one.conflicts


@PROPERTY
@given(CASES, CHARTERS, WHEN)
def test_the_engine_never_merges_what_is_sealed(one: Case, charter: Charter, now: datetime) -> None:
    asked = one.proposal
    ruling = tier_of(asked.paths, asked.kind, asked.origin, one.only_adds, charter)
    exact = asked.origin is Origin.REVERT and asked.reverts and one.inverse is not None and one.inverse.passed
    if ruling.tier is Tier.SEALED and asked.by_engine and not exact:
        assert not isinstance(step_of(one, charter, now), Merge)


@PROPERTY
@given(CASES, CHARTERS, WHEN)
def test_nothing_given_on_another_head_brings_a_merge(one: Case, charter: Charter, now: datetime) -> None:
    stale = replace(
        one,
        approvals=tuple(replace(review, head=OLD_HEAD, approves=True) for review in one.approvals),
        poll=replace(one.poll, head=OLD_HEAD) if one.poll else None,
        override=replace(one.override, head=OLD_HEAD) if one.override else None,
    )
    bare = replace(one, approvals=(), poll=None, override=None)
    assert isinstance(step_of(stale, charter, now), Merge) == isinstance(step_of(bare, charter, now), Merge)


@PROPERTY
@given(CASES, CHARTERS, WHEN, REVIEW)
def test_one_more_approval_never_stops_a_merge(one: Case, charter: Charter, now: datetime, more: Any) -> None:
    if isinstance(step_of(one, charter, now), Merge):
        agreed = replace(one, approvals=(*one.approvals, replace(more, approves=True)))
        assert isinstance(step_of(agreed, charter, now), Merge)


@PROPERTY
@given(CASES, CHARTERS, WHEN)
def test_peoples_proposals_are_neither_closed_nor_pushed_to(one: Case, charter: Charter, now: datetime) -> None:
    if one.proposal.origin is Origin.PERSON and one.proposal.merged_as is None:
        step = step_of(one, charter, now)
        assert not isinstance(step, Update)
        assert not isinstance(step, Close) or not one.proposal.paths


@PROPERTY
@given(CASES, CHARTERS, WHEN)
def test_a_revert_is_never_reverted_and_no_merge_twice(one: Case, charter: Charter, now: datetime) -> None:
    if isinstance(step_of(one, charter, now), Revert):
        assert one.proposal.merged_as is not None
        assert one.proposal.reverts is None
        assert one.reverted_by is None
        assert one.settled is None
        assert "security" not in one.proposal.labels
        assert one.around.reverts_today < charter.health.reverts_per_day


@PROPERTY
@given(st.integers(0, 4), st.lists(st.tuples(STATUS, st.booleans(), st.integers(0, 40)), max_size=40))
def test_a_day_sees_no_more_reverts_than_the_charter_allows(
    budget: int, watches: list[tuple[Status, bool, int]]
) -> None:
    charter = replace(CHARTER, health=replace(CHARTER.health, reverts_per_day=budget))
    made = 0
    for status, is_revert, minutes in watches:
        one = merged(around={"reverts_today": made}, reverts=BEFORE if is_revert else None)
        with patch("bot.policy.watch.assess", lambda *_, status=status: Verdict("health", status, "so it is")):
            step = decide(one, charter, NOW + timedelta(minutes=minutes))
        made += isinstance(step, Revert)
        assert not isinstance(step, Settle) or status is Status.PASS
    assert made <= budget


TREES = st.builds(Verdict, st.sampled_from("abc"), STATUS, st.just("because"))


@PROPERTY
@given(st.lists(TREES, min_size=1), st.lists(TREES, min_size=1))
def test_the_worst_speaks_however_verdicts_are_grouped(some: list[Verdict], more: list[Verdict]) -> None:
    together = worst("all", [*some, *more])
    grouped = worst("all", [worst("some", some), worst("more", more)])
    assert together.status == grouped.status == worst("all", [*more, *some]).status
    assert not worst("none", []).passed
