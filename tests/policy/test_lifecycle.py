"""The decision before the merge: each test changes one thing about a case that would merge."""

from dataclasses import replace
from datetime import timedelta
from pathlib import PurePosixPath
from typing import Any

import pytest

from bot.core.case import Ask, Close, Merge, Override, Page, Step, Stop, Update, Validate, Wait
from bot.core.change import Kind, Origin
from bot.core.charter import Charter, Freeze
from bot.core.ids import PullNumber
from bot.core.tier import Tier
from bot.core.verdict import Status, Verdict
from bot.policy.lifecycle import decide
from tests.policy.builders import (
    BASE,
    CHARTER,
    HEAD,
    HOUR,
    MAIN,
    MERGED,
    NOW,
    OLD_HEAD,
    approval,
    case,
    gate,
    merged,
    poll,
)

GREEN = (approval("mara"),)
STOP = Stop("too many pages", "root", NOW)
FREEZE = Freeze(NOW - HOUR, NOW + HOUR, "holidays")
PASSED = Verdict("inverse", Status.PASS, "exact")


def decided(*names: str, charter: Charter = CHARTER, **changed: Any) -> Step:
    return decide(case(*names, **changed), charter, NOW)


def reverting(*names: str, **changed: Any) -> Step:
    plain = {"origin": Origin.REVERT, "kind": Kind.REVERT, "reverts": MERGED, "inverse": PASSED, "gate": None}
    return decided(*names, **{**plain, **changed})


def test_a_safe_green_change_merges_exactly_this_head() -> None:
    step = decided()
    assert isinstance(step, Merge)
    assert step.head == HEAD
    assert [child.name for child in step.because.children] == ["tier", "gate", "consent"]
    assert "green stages suffice" in str(step.because.to_dict())


@pytest.mark.parametrize("build", [case, merged])
def test_a_stop_freezes_everything(build: Any) -> None:
    step = decide(build(around={"stop": STOP}), CHARTER, NOW)
    assert step == Wait(None, "stopped by root: too many pages")
    assert isinstance(reverting(around={"stop": STOP}), Wait)


def test_a_closed_proposal_is_done() -> None:
    assert decided(closed=True) == Wait(None, "closed without a merge", done=True)


@pytest.mark.parametrize("gate_", [gate(), None])
def test_the_engine_closes_its_own_sealed_proposal_before_anything_runs(gate_: Any) -> None:
    everyone = tuple(approval(who) for who in ("root", "mara"))
    override = Override(HEAD, "root", "please", NOW)
    step = decided(".github/x", gate=gate_, approvals=everyone, override=override)
    assert isinstance(step, Close)
    assert "sealed" in step.because.because


def test_a_persons_sealed_change_is_not_closed_and_takes_the_owners() -> None:
    person = {"origin": Origin.PERSON, "author": "ann"}
    assert decided(".github/x", **person) == Ask(HEAD, Tier.SEALED, ("@root",))
    assert isinstance(decided(".github/x", **person, approvals=(approval("root"),)), Merge)


def test_nothing_is_brought_up_to_date_with_a_base_that_may_be_taken_back() -> None:
    watched = {"awaiting_health": PullNumber(3)}
    for gate_ in (None, gate()):
        step = decided(gate=gate_, base=BASE, gate_base=BASE, around=watched)
        assert isinstance(step, Wait)
        assert "#3" in step.because
    assert decided(gate=None, around=watched) == Validate(HEAD), "judging goes on meanwhile"


def test_conflicts_close_the_engines_and_wait_for_a_persons() -> None:
    assert isinstance(decided(conflicts=True), Close)
    assert isinstance(decided(conflicts=True, origin=Origin.PERSON), Wait)


def test_without_a_gate_it_is_validated_or_first_brought_up_to_date() -> None:
    assert decided(gate=None) == Validate(HEAD)
    assert decided(gate=None, base=BASE) == Update(HEAD, MAIN)
    assert decided(gate_base=BASE) == Validate(HEAD)
    person = decided(gate=None, base=BASE, origin=Origin.PERSON)
    assert isinstance(person, Wait)
    assert "behind" in person.because


def test_a_red_gate_closes_and_no_consent_helps() -> None:
    override = Override(HEAD, "root", "please", NOW)
    step = decided(gate=gate(Status.FAIL), approvals=GREEN, override=override, poll=poll("abcdef"))
    assert isinstance(step, Close)
    assert "tests" in step.because.because
    assert isinstance(decided(gate=gate(Status.FAIL), origin=Origin.PERSON), Wait)


@pytest.mark.parametrize("status", [Status.ERROR, Status.INCONCLUSIVE])
def test_no_data_is_never_a_pass(status: Status) -> None:
    override = Override(HEAD, "root", "please", NOW)
    assert isinstance(decided(gate=gate(status), override=override), Page)
    assert decided(gate=gate(status), base=BASE, gate_base=BASE) == Update(HEAD, MAIN)


def test_a_stage_that_asks_for_a_person_raises_a_safe_change_to_tier_two() -> None:
    pending = gate(Status.PENDING, "behaviour")
    assert decided(gate=pending) == Ask(HEAD, Tier.VALIDATED, CHARTER.maintainers)
    step = decided(gate=pending, approvals=GREEN)
    assert isinstance(step, Merge)
    assert "behaviour" in step.because.because


@pytest.mark.parametrize(
    ("status", "kind"),
    [(Status.FAIL, Close), (Status.ERROR, Page), (Status.INCONCLUSIVE, Page), (Status.PENDING, Wait)],
)
def test_the_forges_checks_hold_the_merge(status: Status, kind: type[Step]) -> None:
    step = decided(checks=Verdict("checks", status, "so says the forge"), approvals=GREEN)
    assert isinstance(step, kind)
    assert "so says the forge" in (step.because if isinstance(step, Wait) else step.because.because)
    assert isinstance(decided(checks=Verdict("checks", Status.PASS, "green")), Merge)


def test_people_are_asked_once_for_each_head() -> None:
    assert decided("chat/a") == Ask(HEAD, Tier.VALIDATED, ("mara", "Max"))
    assert decided("infra/a", "keys/a") == Ask(HEAD, Tier.CRITICAL, ("@olga", "@org/ops", "@kim"))
    assert decided("chat/a", asked_on=OLD_HEAD) == Ask(HEAD, Tier.VALIDATED, ("mara", "Max"))
    waits = decided("chat/a", asked_on=HEAD)
    assert isinstance(waits, Wait)
    assert (waits.until, waits.done) == (None, False)


def test_a_wait_for_a_vote_ends_with_the_vote() -> None:
    open_ = poll("abc", closes=NOW + HOUR)
    assert decided("chat/a", asked_on=HEAD, poll=open_).until == NOW + HOUR
    for stale in (replace(open_, head=OLD_HEAD), poll("ab")):
        assert decided("chat/a", asked_on=HEAD, poll=stale).until is None
    assert decided("infra/a", asked_on=HEAD, poll=open_).until is None


def test_people_are_asked_on_a_head_that_is_up_to_date_and_then_left_alone() -> None:
    behind = {"base": BASE, "gate_base": BASE}
    assert decided("chat/a", **behind) == Update(HEAD, MAIN)
    assert isinstance(decided("chat/a", **behind, asked_on=HEAD), Wait)
    assert decided("chat/a", **behind, asked_on=HEAD, approvals=GREEN) == Update(HEAD, MAIN)


def test_what_is_merged_is_what_was_validated() -> None:
    assert decided(base=BASE, gate_base=BASE) == Update(HEAD, MAIN)


def test_refused_consent_closes_the_engines_proposal() -> None:
    no = approval("mara", approves=False, why="wrong idea")
    step = decided("chat/a", approvals=(no,))
    assert isinstance(step, Close)
    assert "wrong idea" in step.because.because
    assert isinstance(decided(approvals=(no,)), Close)
    assert isinstance(decided("chat/a", approvals=(no,), origin=Origin.PERSON), Wait)
    assert isinstance(decided("chat/a", poll=poll("", "abc")), Close)


def test_a_vote_carries_tier_two_and_a_push_voids_it() -> None:
    assert isinstance(decided("chat/a", poll=poll("abc")), Merge)
    assert isinstance(decided("chat/a", poll=replace(poll("abc"), head=OLD_HEAD)), Ask)


def test_a_change_from_a_members_words_is_never_merged_unasked() -> None:
    assert isinstance(decided(origin=Origin.MEMBER), Ask)


def test_freezes_hold_merges_until_they_end() -> None:
    frozen = replace(CHARTER, freezes=(FREEZE,))
    assert decided(charter=frozen) == Wait(FREEZE.ends, "frozen: holidays")
    assert isinstance(decided(charter=replace(CHARTER, freezes=(Freeze(NOW, NOW + HOUR, "now"),))), Wait)
    assert isinstance(reverting(charter=frozen), Merge)
    assert isinstance(decided(charter=frozen, gate=None), Validate)
    for past in (Freeze(NOW - 2 * HOUR, NOW, "over"), Freeze(NOW + HOUR, NOW + 2 * HOUR, "later")):
        assert isinstance(decided(charter=replace(CHARTER, freezes=(past,))), Merge)


def test_an_override_lifts_a_freeze_but_not_the_watch() -> None:
    frozen, override = replace(CHARTER, freezes=(FREEZE,)), Override(HEAD, "root", "leak", NOW)
    assert isinstance(decided(charter=frozen, override=override), Merge)
    assert isinstance(decided(charter=frozen, override=replace(override, head=OLD_HEAD)), Wait)
    assert isinstance(decided(charter=frozen, override=override, around={"awaiting_health": PullNumber(3)}), Wait)


def test_one_watch_at_a_time() -> None:
    step = decided(around={"awaiting_health": PullNumber(3)})
    assert step == Wait(None, "the health of #3 is not settled yet")


@pytest.mark.parametrize("name", ["last_merge", "last_deploy"])
def test_deploys_keep_their_distance(name: str) -> None:
    just = NOW - timedelta(minutes=3)
    assert decided(around={name: just}) == Wait(just + timedelta(minutes=10), "too soon after the last deploy")
    assert isinstance(decided(around={name: NOW - timedelta(minutes=10)}), Merge)


def test_an_exact_inverse_takes_the_fast_lane() -> None:
    around = {"awaiting_health": PullNumber(3), "last_merge": NOW, "reverts_today": 99}
    for paths in (["docs/a"], ["infra/a"], [".github/x"]):
        step = reverting(*paths, around=around, base=BASE)
        assert step == Merge(HEAD, PASSED)


def test_a_draft_waits_for_a_person_whatever_speaks_for_it() -> None:
    for step in (decided(draft=True), decided(draft=True, gate=None), reverting("docs/a", draft=True)):
        assert step == Wait(None, "a draft: a person has to say that it is ready")
    assert decided(draft=True, approvals=GREEN, checks=PASSED) == decided(draft=True)
    assert isinstance(decided(draft=False), Merge)


def test_the_inverse_of_a_part_is_validated_but_nobody_is_asked() -> None:
    part = {"reverts_only": frozenset({PurePosixPath("infra/a")})}
    assert reverting("infra/a", **part) == Validate(HEAD)
    assert reverting("infra/a", **part, gate=gate(), gate_base=BASE) == Validate(HEAD), "of another base"
    for status in (Status.PASS, Status.PENDING):
        step = reverting("infra/a", **part, gate=gate(status, "behaviour"))
        assert isinstance(step, Merge)
        assert step.because.passed
        assert step.because.find("inverse") is not None
    for status in (Status.FAIL, Status.ERROR, Status.INCONCLUSIVE):
        assert isinstance(reverting("infra/a", **part, gate=gate(status)), Page)
    unproved = Verdict("inverse", Status.FAIL, "later edits")
    assert isinstance(reverting("infra/a", **part, gate=gate(), inverse=unproved), Page)


@pytest.mark.parametrize(
    "inverse", [None, *(Verdict("inverse", s, "later edits") for s in Status if s is not Status.PASS)]
)
def test_a_revert_that_is_not_exact_goes_to_a_person(inverse: Verdict | None) -> None:
    assert isinstance(reverting("docs/a", inverse=inverse), Page)
    assert isinstance(reverting("docs/a", inverse=inverse, gate=gate()), Page)
    agreed = {"inverse": inverse, "approvals": GREEN}
    assert reverting("docs/a", **agreed) == Validate(HEAD)
    assert isinstance(reverting("docs/a", **agreed, gate=gate()), Merge)
    assert isinstance(reverting("docs/a", **agreed, gate=gate(Status.FAIL)), Close)
    assert isinstance(reverting(".github/x", **agreed), Page)


def test_only_the_watchers_own_revert_takes_the_fast_lane() -> None:
    assert isinstance(reverting("docs/a", origin=Origin.PERSON), Validate)
    assert isinstance(reverting("docs/a", origin=Origin.ANALYST), Validate)
    assert isinstance(reverting("docs/a", reverts=None), Validate)
