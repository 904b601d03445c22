"""The decision after the merge: nothing counts as health but health, and nothing is reverted twice."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.core.case import Observe, Override, Page, Revert, Settle, Step, Wait
from bot.core.change import Origin
from bot.core.health import Rollout
from bot.core.ids import PullNumber, Sha
from bot.core.verdict import Status, Verdict
from bot.policy.lifecycle import decide
from tests.policy.builders import BEFORE, CHARTER, HEAD, MAIN, MERGED, NOW, OLD_HEAD, Judge, merged

LATE = NOW + timedelta(minutes=30)
RUNNING = merged().rollout


def decided(now: Any = NOW, **changed: Any) -> Step:
    return decide(merged(**changed), CHARTER, now)


def test_settled_is_done(judged: Judge) -> None:
    judged(Status.FAIL)
    for status in Status:
        step = decided(settled=Verdict("health", status, "as it ended"))
        assert step == Wait(None, "settled: as it ended", done=True)


def test_one_revert_for_one_merge(judged: Judge) -> None:
    judged(Status.FAIL)
    assert decided(reverted_by=PullNumber(9)) == Wait(None, "taken back by #9", done=False)
    assert decided(reverted_by=PullNumber(9), revert_merged=True) == Wait(None, "taken back by #9", done=True)


def test_a_healthy_watch_settles(judged: Judge) -> None:
    judged(Status.PASS)
    step = decided()
    assert isinstance(step, Settle)
    assert step.merged == MERGED


@pytest.mark.parametrize("status", [Status.PENDING, Status.INCONCLUSIVE, Status.ERROR])
def test_without_a_verdict_it_watches_until_the_deadline_and_then_calls_a_person(judged: Judge, status: Status) -> None:
    judged(status)
    assert decided() == Observe(MERGED, BEFORE)
    step = decided(LATE)
    assert isinstance(step, Page)
    assert "not health" in step.because.because
    assert step.because.status is status


def test_bad_health_is_taken_back(judged: Judge) -> None:
    judged(Status.FAIL, messages=Status.FAIL)
    step = decided()
    assert isinstance(step, Revert)
    assert step.merged == MERGED
    assert isinstance(decided(LATE), Revert)
    assert isinstance(decided(origin=Origin.PERSON), Revert)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"reverts": MAIN}, "nothing is reverted twice"),
        ({"reverts": MAIN, "origin": Origin.REVERT}, "nothing is reverted twice"),
        ({"labels": frozenset({"security"})}, "security fix"),
        ({"around": {"reverts_today": 5}}, "5 automatic reverts"),
        ({"around": {"reverts_today": 6}}, "5 automatic reverts"),
    ],
)
@pytest.mark.parametrize("failed", [True, False])
def test_what_needs_a_person_is_not_taken_back(judged: Judge, changed: Any, says: str, failed: bool) -> None:
    judged(Status.FAIL, messages=Status.FAIL)
    rollout = Rollout(MERGED, BEFORE, contains=False, ready=False, at=NOW, failed="exit 1") if failed else RUNNING
    step = decided(**changed, rollout=rollout)
    assert isinstance(step, Page)
    assert says in step.because.because
    assert decided(rollout=rollout) == Revert(MERGED, step.because.children[0])


def test_a_metric_that_guards_nothing_only_pages(judged: Judge) -> None:
    judged(Status.FAIL, memory=Status.FAIL, messages=Status.PASS)
    step = decided()
    assert isinstance(step, Page)
    assert "guard nothing" in step.because.because
    judged(Status.FAIL, memory=Status.FAIL, messages=Status.FAIL)
    assert isinstance(decided(), Revert)


@pytest.mark.parametrize("rollout", [None, Rollout(MERGED, BEFORE, contains=False, ready=True, at=NOW)])
def test_what_does_not_run_yet_is_waited_for_until_the_deadline(judged: Judge, rollout: Rollout | None) -> None:
    judged(Status.PASS)
    until = NOW + timedelta(minutes=25)
    assert decided(rollout=rollout) == Wait(until, "waits for the rollout")
    assert isinstance(decided(until, rollout=rollout), Page)


def test_why_it_does_not_run_is_said_in_the_deployers_words(judged: Judge) -> None:
    judged(Status.PASS)
    facts = {"because": "auto-sync is off, and not by us", "sync": "OutOfSync"}
    rollout = Rollout(MERGED, BEFORE, contains=False, ready=True, at=NOW, facts=facts)
    until = NOW + timedelta(minutes=25)
    assert decided(rollout=rollout) == Wait(until, "waits for the rollout: auto-sync is off, and not by us")
    step = decided(until, rollout=rollout)
    assert isinstance(step, Page)
    assert step.because.because == "merged, but it does not run yet: auto-sync is off, and not by us"


def test_a_merge_of_unknown_time_is_waited_for_since_its_opening(judged: Judge) -> None:
    judged(Status.PASS)
    assert isinstance(decided(rollout=None, merged_at=None), Page)
    assert isinstance(decided(rollout=None, merged_at=None, opened=NOW), Wait)


def test_a_commit_that_cannot_start_is_unhealthy() -> None:
    broken = Rollout(MERGED, BEFORE, contains=False, ready=False, at=NOW, failed="exit 1")
    step = decided(rollout=broken)
    assert isinstance(step, Revert)
    assert "exit 1" in step.because.because


def test_a_failure_of_another_commit_blames_nobody(judged: Judge) -> None:
    judged(Status.PASS)
    other = Rollout(Sha("9" * 40), BEFORE, contains=False, ready=False, at=NOW, failed="exit 1")
    assert isinstance(decided(rollout=other), Wait)


def test_a_commit_that_a_later_one_mended_is_judged_by_what_runs() -> None:
    mended = Rollout(MERGED, MAIN, contains=True, ready=True, at=NOW, failed="exit 1")
    assert decided(rollout=mended) == Observe(MERGED, None)


RELEASE = Override(HEAD, "root", "seen by hand, it is well", NOW)


def test_the_person_called_may_end_the_watch(judged: Judge) -> None:
    judged(Status.INCONCLUSIVE)
    step = decided(LATE, override=RELEASE)
    assert isinstance(step, Settle)
    assert "released by root: seen by hand" in step.because.because
    assert decided(override=RELEASE) == Observe(MERGED, BEFORE)
    judged(Status.FAIL)
    assert isinstance(decided(override=RELEASE), Revert)
    assert isinstance(decided(override=RELEASE, labels=frozenset({"security"})), Settle)


@pytest.mark.parametrize("changed", [{"head": OLD_HEAD}, {"reason": " "}, {"at": NOW - timedelta(minutes=6)}])
def test_an_override_from_before_the_merge_ends_no_watch(judged: Judge, changed: dict[str, Any]) -> None:
    judged(Status.INCONCLUSIVE)
    assert isinstance(decided(LATE, override=replace(RELEASE, **changed)), Page)
    assert isinstance(decided(LATE, override=RELEASE, merged_at=None), Page)
