"""A merge queue's group is admitted only if it is exactly what was judged; whatever differs, it is dropped."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.case import Merge, Wait
from bot.core.ids import PullNumber, Sha, Tree
from bot.core.merge_queue import MergeGroup
from bot.core.verdict import Status, Verdict
from bot.policy.merge_queue import Judged, Made, admit, validated_base
from tests.policy.builders import PROPERTY, proposal

BASE, OTHER, TREE = Sha("a" * 40), Sha("9" * 40), Tree("7" * 40)
PROPOSAL = proposal("notes/x.md", pull=PullNumber(5))
GROUP = MergeGroup("refs/heads/gh-readonly-queue/main/pr-5-x", Sha("c" * 40), PullNumber(5), BASE)
FACTS = {"base": BASE, "head": PROPOSAL.head, "tree": PROPOSAL.head_tree}
GATE = Verdict("gate", Status.PASS, "all green", facts=FACTS)
CONSENT = Verdict("decision", Status.PASS, "green stages suffice")
MADE = Made((BASE, PROPOSAL.head), TREE, TREE)
JUDGED = Judged(PROPOSAL, GATE, CONSENT, Merge(PROPOSAL.head, CONSENT))


def test_what_was_judged_is_admitted_and_says_what_it_is_made_of() -> None:
    found = admit(GROUP, MADE, JUDGED)
    assert found.passed
    assert found.facts == {"base": BASE, "head": PROPOSAL.head, "tree": TREE, "pull": 5}
    assert validated_base(JUDGED) == BASE


@pytest.mark.parametrize(
    ("made", "judged", "words"),
    [
        (MADE, replace(JUDGED, proposal=None), "no open proposal"),
        (MADE, replace(JUDGED, proposal=replace(PROPOSAL, closed=True)), "no open proposal"),
        (MADE, replace(JUDGED, proposal=replace(PROPOSAL, draft=True)), "no open proposal"),
        (MADE, replace(JUDGED, proposal=replace(PROPOSAL, merged_as=OTHER)), "no open proposal"),
        (MADE, replace(JUDGED, gate=None), "no verdict of the gate"),
        (MADE, replace(JUDGED, gate=replace(GATE, facts={**FACTS, "head": OTHER})), "no verdict of the gate"),
        (MADE, replace(JUDGED, gate=replace(GATE, facts={**FACTS, "tree": TREE})), "no verdict of the gate"),
        (MADE, replace(JUDGED, gate=replace(GATE, facts={**FACTS, "base": ""})), "no verdict of the gate"),
        (replace(MADE, parents=(OTHER, PROPOSAL.head)), JUDGED, "made of"),
        (replace(MADE, parents=(BASE, OTHER)), JUDGED, "made of"),
        (replace(MADE, parents=(BASE,)), JUDGED, "by a merge commit"),
        (replace(MADE, parents=()), JUDGED, "made of nothing"),
        (replace(MADE, parents=(BASE, PROPOSAL.head, OTHER)), JUDGED, "one pull request at a time"),
        (replace(MADE, tree=Tree("8" * 40)), JUDGED, "not what git makes"),
        (replace(MADE, wanted=None), JUDGED, "not what git makes"),
        (MADE, replace(JUDGED, gate=replace(GATE, status=Status.FAIL, because="tests: red")), "tests: red"),
        (MADE, replace(JUDGED, consent=None), "nobody was asked"),
        (MADE, replace(JUDGED, consent=replace(CONSENT, status=Status.PENDING, because="waits")), "waits"),
        (MADE, replace(JUDGED, step=Wait(None, "frozen: release week")), "frozen: release week"),
        (MADE, replace(JUDGED, step=None), "not to be merged now"),
        (MADE, replace(JUDGED, step=Merge(OTHER, CONSENT)), "not to be merged now"),
    ],
)
def test_whatever_differs_drops_it_and_is_named(made: Made, judged: Judged, words: str) -> None:
    found = admit(GROUP, made, judged)
    assert found.status is Status.FAIL
    assert words in found.because
    stopped = admit(GROUP, made, replace(judged, stopped="look first"))
    assert stopped.status is Status.PENDING
    assert "look first" in stopped.because


def test_a_stage_that_asks_for_people_is_answered_by_consent_alone() -> None:
    pending = replace(GATE, status=Status.PENDING)
    assert admit(GROUP, MADE, replace(JUDGED, gate=pending)).passed
    assert not admit(GROUP, MADE, replace(JUDGED, gate=pending, consent=None)).passed


SHAS = st.sampled_from([BASE, OTHER, PROPOSAL.head])
TREES = st.sampled_from([TREE, PROPOSAL.head_tree, Tree("8" * 40)])


def mostly(right: Any, wrong: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """What is right in most draws, so that one thing alone is wrong often."""
    return st.integers(0, 6).flatmap(lambda n: st.just(right) if n else wrong)


@st.composite
def cases(draw: Any) -> tuple[Made, Judged]:
    said = st.sampled_from(Status)
    facts = {key: draw(mostly(FACTS[key], SHAS)) for key in FACTS}
    gate = draw(mostly(GATE, st.one_of(st.none(), said.map(lambda s: replace(GATE, status=s)))))
    gate = replace(gate, facts=facts) if gate is not None else None
    consent = draw(mostly(CONSENT, st.one_of(st.none(), said.map(lambda s: replace(CONSENT, status=s)))))
    asked = draw(mostly(PROPOSAL, st.sampled_from([None, replace(PROPOSAL, closed=True)])))
    step = draw(mostly(JUDGED.step, st.sampled_from([None, Wait(None, "later"), Merge(OTHER, CONSENT)])))
    parents = draw(mostly(MADE.parents, st.lists(SHAS, max_size=3).map(tuple)))
    made = Made(parents, draw(mostly(TREE, TREES)), draw(mostly(TREE, st.one_of(st.none(), TREES))))
    return made, Judged(asked, gate, consent, step, draw(mostly("", st.just("stop"))))


def is_right(made: Made, judged: Judged) -> bool:
    """The rule, told once more and otherwise than it is written."""
    asked, gate, consent, step = judged.proposal, judged.gate, judged.consent, judged.step
    if asked is None or asked.closed or gate is None or consent is None or judged.stopped:
        return False
    told = (gate.facts["head"], gate.facts["tree"], made.parents, isinstance(step, Merge) and step.head)
    wanted = (asked.head, asked.head_tree, (gate.facts["base"], asked.head), asked.head)
    return told == wanted and made.tree == made.wanted and consent.passed and gate.status <= Status.PENDING


@PROPERTY
@given(cases())
def test_what_is_admitted_is_that_pull_request_on_its_base_and_nothing_else(case: tuple[Made, Judged]) -> None:
    made, judged = case
    found = admit(GROUP, made, judged)
    assert found.passed is is_right(made, judged)
    assert found.because
    assert (found.status is Status.PENDING) is bool(judged.stopped)
