"""Intake: quotas, freezes, memory, rank; nothing twice, and what waits for people starves nothing."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import PurePosixPath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.change import Finding, Idea, Kind, Origin, Proposal, Severity
from bot.core.charter import Charter, Freeze, Quotas
from bot.core.ids import ProposalId, PullNumber, Sha
from bot.core.verdict import Status
from bot.policy.intake import Intake, Past, choose, people_room
from tests.policy.builders import CHARTER, HOUR, NOW, PROPERTY, proposal

WIDE = Quotas(in_flight=100, per_hour=100, per_day=100, per_kind=100, per_path=100)


def idea(name: str, path: str = "docs/a.md", value: float = 1.0, **changed: Any) -> Idea:
    finding = Finding("rule", PurePosixPath(path), 1, 2, Severity.LOW, "message", "analyst")
    plain = Idea(ProposalId(name), name, "why", Kind.REFACTOR, Origin.ANALYST, "codemod", (finding,), value=value)
    return replace(plain, **changed)


def taken(
    ideas: Sequence[Idea],
    opened: Sequence[Proposal] = (),
    past: Past | None = None,
    **quotas: Any,
) -> Intake:
    return choose(ideas, opened, past or Past(), replace(CHARTER, quotas=replace(WIDE, **quotas)), NOW)


def names(intake: Intake) -> list[str]:
    return [one.id for one in intake.chosen]


def why(intake: Intake, name: str) -> tuple[Status, str]:
    verdict = next(verdict for one, verdict in intake.skipped if one.id == name)
    return verdict.status, verdict.because


def some(count: int, **changed: Any) -> list[Proposal]:
    """Open proposals of the engine, each on a path of its own."""
    return [
        proposal(f"docs/{i}.md", **{"pull": PullNumber(i), "idea": ProposalId(f"open{i}"), **changed})
        for i in range(count)
    ]


def test_the_best_go_first_and_ties_go_by_id() -> None:
    assert names(taken([idea("b"), idea("a"), idea("best", value=3)])) == ["best", "a", "b"]


def test_nothing_is_tried_twice() -> None:
    found = taken([idea("open0"), idea("old"), idea("new"), idea("new")], some(1), Past(refused={ProposalId("old")}))
    assert names(found) == ["new"]
    assert why(found, "open0") == (Status.FAIL, "the same idea is open or chosen already")
    assert why(found, "old")[0] is Status.FAIL
    assert why(found, "new")[0] is Status.FAIL


@pytest.mark.parametrize("changed", [{"closed": True}, {"merged_as": "f" * 40}, {"origin": Origin.PERSON}])
def test_what_is_not_the_engines_open_proposal_fills_nothing(changed: dict[str, Any]) -> None:
    assert names(taken([idea("open0"), idea("a")], some(1, **changed), in_flight=2)) == ["a", "open0"]


@pytest.mark.parametrize(
    ("quotas", "past", "says"),
    [
        ({"in_flight": 3}, Past(), "3 are in flight"),
        ({"per_hour": 2}, Past(opened=[NOW - HOUR / 2] * 2), "2 were opened within an hour"),
        ({"per_day": 4}, Past(opened=[NOW - 5 * HOUR] * 4), "4 were opened within a day"),
        ({"per_hour": 2}, Past(opened=[NOW + HOUR] * 2), "2 were opened within an hour"),
        ({"per_hour": 0}, Past(), "0 were opened within an hour"),
    ],
)
def test_quotas_hold(quotas: dict[str, int], past: Past, says: str) -> None:
    found = taken([idea("a")], some(3), past, **quotas)
    assert names(found) == []
    assert why(found, "a") == (Status.PENDING, says)


def test_openings_of_longer_ago_do_not_count() -> None:
    old = Past(opened=[NOW - HOUR, NOW - 24 * HOUR])
    assert names(taken([idea("a")], (), old, per_hour=1)) == ["a"]
    assert names(taken([idea("a")], (), old, per_day=1)) == []
    assert names(taken([idea("a")], (), old, per_day=2)) == ["a"]


def test_one_round_takes_no_more_than_there_is_room() -> None:
    ideas = [idea(name, f"docs/{name}.md") for name in "abcd"]
    found = taken(ideas, some(1), in_flight=3)
    assert names(found) == ["a", "b"]
    assert why(found, "c") == (Status.PENDING, "this round's share is taken")


def test_quotas_of_kind_and_path() -> None:
    busy = taken([idea("a", "docs/0.md"), idea("b", "docs/x.md"), idea("c", "docs/x.md")], some(1), per_path=1)
    assert names(busy) == ["b"]
    assert "docs/0.md" in why(busy, "a")[1]
    assert "docs/x.md" in why(busy, "c")[1]
    kinds = taken([idea("a"), idea("b"), idea("c", kind=Kind.DOCS)], some(1), per_kind=2)
    assert names(kinds) == ["a", "c"]
    assert why(kinds, "b")[1] == "2 of kind refactor are open"


def test_a_draft_closes_neither_its_kind_nor_its_file_to_others() -> None:
    """It comes again as a draft what was taken back, and may lie there for weeks."""
    ideas = [idea("same file", "docs/0.md"), idea("elsewhere", "docs/x.md")]
    assert names(taken(ideas, some(3, draft=True), per_path=1, per_kind=2)) == ["elsewhere", "same file"]
    assert names(taken(ideas, some(3), per_path=1, per_kind=4)) == ["elsewhere"]
    assert names(taken(ideas, some(3), per_path=2, per_kind=3)) == []


def test_nothing_new_in_a_freeze() -> None:
    frozen = replace(CHARTER, quotas=WIDE, freezes=(Freeze(NOW - HOUR, NOW + HOUR, "holidays"),))
    found = choose([idea("a"), idea("old")], (), Past(refused=["old"]), frozen, NOW)
    assert names(found) == []
    assert "holidays" in why(found, "a")[1]
    assert why(found, "old")[0] is Status.FAIL
    assert names(choose([idea("a")], (), Past(), frozen, NOW + HOUR)) == ["a"]
    assert names(choose([idea("a")], (), Past(), frozen, NOW - HOUR)) == []


def test_what_is_sealed_is_not_even_tried_unless_it_is_only_tested() -> None:
    found = taken([idea("a", ".github/x"), idea("b", ".github/x", kind=Kind.TEST)])
    assert names(found) == ["b"]
    assert why(found, "a")[0] is Status.FAIL


def test_parked_proposals_do_not_starve_safe_ideas() -> None:
    parked = Past(parked=[PullNumber(i) for i in range(2)])
    found = taken([idea("safe"), idea("chat", "chat/a.py")], some(3), parked, in_flight=4)
    assert names(found) == ["safe"]
    assert why(found, "chat") == (Status.PENDING, "people have enough to look at")
    assert names(taken([idea("safe")], some(9), in_flight=4)) == []


def test_no_more_are_open_than_may_be_whoever_they_wait_for() -> None:
    parked = Past(parked=[PullNumber(i) for i in range(9)])
    assert names(taken([idea("safe")], some(4), parked, in_flight=4)) == []
    assert names(taken([idea("safe")], some(9, draft=True), parked, in_flight=4)) == ["safe"], "drafts starve nothing"


def test_what_people_will_be_asked_about_counts_before_they_are() -> None:
    charter = replace(CHARTER, quotas=replace(WIDE, in_flight=4))
    opened = [proposal(f"chat/{i}.py", pull=PullNumber(i), idea=ProposalId(f"o{i}")) for i in range(2)]
    assert people_room(opened, Past(), charter) == 0
    assert people_room(some(2), Past(), charter) == 2
    assert people_room(some(2), Past(parked=[PullNumber(0)]), charter) == 1
    for changed in ({"closed": True}, {"origin": Origin.PERSON}, {"merged_as": Sha("1" * 40)}):
        assert people_room([replace(one, **changed) for one in opened], Past(), charter) == 2
    assert names(taken([idea("safe"), idea("chat", "chat/z.py")], opened, in_flight=4)) == ["safe"]


@pytest.mark.parametrize(
    "changed", [{"origin": Origin.MEMBER}, {"kind": Kind.DEPENDENCY}, {"kind": Kind.TEST, "origin": Origin.MEMBER}]
)
def test_what_people_have_to_look_at_fills_their_half(changed: dict[str, Any]) -> None:
    ideas = [idea(name, f"docs/{name}.md", **changed) for name in "abc"]
    assert names(taken([*ideas, idea("z", value=0)], in_flight=4)) == ["a", "b", "z"]


def test_an_idea_without_findings_is_judged_by_kind_and_origin() -> None:
    assert names(taken([idea("a", findings=())])) == ["a"]


IDEA = st.builds(
    idea,
    st.sampled_from([f"i{n}" for n in range(9)]),
    st.sampled_from(["docs/a", "chat/a", "infra/a", ".github/a"]),
    st.floats(0, 9),
    kind=st.sampled_from(Kind),
    origin=st.sampled_from([Origin.ANALYST, Origin.MEMBER, Origin.PLUGIN]),
)
QUOTAS = st.builds(
    Quotas,
    in_flight=st.integers(0, 6),
    per_hour=st.integers(0, 6),
    per_day=st.integers(0, 6),
    per_kind=st.integers(0, 6),
    per_path=st.integers(0, 6),
)


@PROPERTY
@given(st.lists(IDEA, max_size=12), st.integers(0, 6), st.integers(0, 6), QUOTAS)
def test_no_quota_is_ever_exceeded(ideas: list[Idea], count: int, waiting: int, quotas: Quotas) -> None:
    past = Past(parked=[PullNumber(i) for i in range(waiting)], opened=[NOW - timedelta(minutes=1)] * count)
    charter: Charter = replace(CHARTER, quotas=quotas)
    found = choose(ideas, some(count), past, charter, NOW)
    assert len(found.chosen) + len(found.skipped) == len(ideas)
    assert all(not verdict.passed for _, verdict in found.skipped)
    if found.chosen:
        assert count + len(found.chosen) <= min(quotas.per_hour, quotas.per_day)
        assert count + len(found.chosen) <= quotas.in_flight
    assert len({one.id for one in found.chosen}) == len(found.chosen)
    assert found == choose(list(reversed(ideas)), some(count), past, charter, NOW) or len({i.id for i in ideas}) < len(
        ideas
    )
