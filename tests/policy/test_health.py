"""The watch after a deploy: who is compared with whom, when it may speak, and whom it may blame."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.health import HealthPolicy, MetricRule, Reading, Rollout
from bot.core.ids import Sha
from bot.core.verdict import Status, Verdict
from bot.policy.health import assess

OLDER, OLD, NEW = Sha("0" * 40), Sha("a" * 40), Sha("b" * 40)
START = datetime(2026, 1, 1, tzinfo=UTC)
STEP = timedelta(seconds=5)
RATE = MetricRule("messages", "rate")
LATENCY = MetricRule("reply_seconds", "latency", effect=0.25)
MEMORY = MetricRule("memory", "level", effect=0.3, guard=False)
POLICY = HealthPolicy((RATE,), warm_up=timedelta(seconds=10), deadline=timedelta(minutes=10))
ROLLOUT = Rollout(NEW, NEW, contains=True, ready=True, at=START, previous=OLD)
Rows = Sequence[tuple[float | None, float]]


def _read(rows: Rows, revision: Sha, *, first: datetime, metric: str = "messages") -> list[Reading]:
    return [Reading(metric, revision, first + i * STEP, value, total) for i, (value, total) in enumerate(rows)]


def past(rows: Rows, **changes: str) -> list[Reading]:
    return _read(rows, OLD, first=START - STEP * (len(rows) + 1), **changes)


def new(rows: Rows, **changes: str) -> list[Reading]:
    return _read(rows, NEW, first=START + timedelta(seconds=10), **changes)


def control(rows: Rows, **changes: str) -> list[Reading]:
    return _read(rows, OLD, first=START + timedelta(seconds=10), **changes)


def ask(
    readings: Sequence[Reading],
    *,
    policy: HealthPolicy = POLICY,
    rollout: Rollout = ROLLOUT,
    now: datetime = START + timedelta(minutes=5),
) -> Verdict:
    return assess(policy, readings, rollout, NEW, now)


GOOD, BAD, IDLE = (0, 10), (4, 10), (0, 0)


def test_as_good_as_before_on_thrice_the_minimum_is_health() -> None:
    verdict = ask(past([GOOD] * 20) + new([GOOD] * 18))
    assert verdict.passed
    assert [child.name for child in verdict.children] == ["messages"]


def test_well_but_not_long_enough_is_pending() -> None:
    assert ask(past([GOOD] * 20) + new([GOOD] * 17)).status is Status.PENDING


def test_thrice_the_readings_with_hardly_an_event_is_pending() -> None:
    verdict = ask(past([GOOD] * 20) + new([(0, 1)] * 18))
    assert verdict.status is Status.PENDING
    assert "doubling" in verdict.because


def test_errors_after_the_deploy_fail_as_soon_as_the_minimum_is_reached() -> None:
    assert ask(past([GOOD] * 20) + new([BAD] * 5)).status is Status.PENDING
    assert ask(past([GOOD] * 20) + new([BAD] * 6)).status is Status.FAIL


def test_errors_against_a_control_that_shares_the_traffic() -> None:
    assert ask(control([GOOD] * 6) + new([BAD] * 6)).status is Status.FAIL


def test_what_hits_the_control_as_well_is_not_blamed_on_the_deploy() -> None:
    verdict = ask(past([GOOD] * 40) + control([BAD] * 20) + new([BAD] * 20))
    assert verdict.status is Status.INCONCLUSIVE
    assert "not this change's doing" in verdict.because


def test_an_idle_control_excuses_nothing() -> None:
    assert ask(past([GOOD] * 20) + control([IDLE] * 6) + new([BAD] * 6)).status is Status.FAIL


def test_before_the_rollout_and_in_its_warm_up_nothing_counts() -> None:
    early = _read([BAD] * 30, NEW, first=START - 30 * STEP) + _read([BAD] * 2, NEW, first=START)
    assert ask(past([GOOD] * 20) + early).status is Status.PENDING
    assert ask(past([GOOD] * 20) + early + new([GOOD] * 18)).passed


def test_readings_from_the_future_do_not_count() -> None:
    readings = past([GOOD] * 20) + new([BAD] * 30)
    assert ask(readings, now=START + timedelta(seconds=11)).status is Status.PENDING


def test_nothing_to_compare_with_is_never_health() -> None:
    assert ask(new([GOOD] * 40)).status is Status.PENDING
    late = ask(new([GOOD] * 40), now=START + timedelta(hours=1))
    assert late.status is Status.INCONCLUSIVE
    assert "no readings of the revision before" in late.because


def test_without_a_name_for_the_previous_revision_the_last_one_seen_is_it() -> None:
    older = _read([BAD] * 20, OLDER, first=START - timedelta(hours=1))
    rollout = replace(ROLLOUT, previous=None)
    assert ask(older + past([GOOD] * 20) + new([BAD] * 6), rollout=rollout).status is Status.FAIL


def test_no_readings_at_all_is_pending_and_at_the_deadline_inconclusive() -> None:
    assert ask([]).status is Status.PENDING
    assert ask([], now=START + timedelta(minutes=10)).status is Status.INCONCLUSIVE
    assert ask([], policy=replace(POLICY, rules=())).status is Status.INCONCLUSIVE


def test_silence_while_the_control_answers_is_bad() -> None:
    verdict = ask(past([GOOD] * 20) + control([IDLE] * 6) + new([(None, 0)] * 6))
    assert verdict.status is Status.FAIL
    assert "silent" in verdict.because


def test_what_the_control_answered_while_the_new_one_was_still_being_started_is_no_silence() -> None:
    before = past([GOOD] * 20) + control([GOOD] * 20)
    assert ask(before).status is Status.PENDING, "it was never asked"
    assert ask(before, now=START + timedelta(minutes=10)).status is Status.INCONCLUSIVE, "which is no health either"
    late = _read([(None, 0)] * 6, NEW, first=START + timedelta(seconds=10) + STEP * 15)
    assert ask(before + late[:3]).status is Status.PENDING
    assert ask(before + late[:1] + _read([GOOD], NEW, first=late[1].at)).status is Status.PENDING
    silent = past([GOOD] * 20) + control([GOOD] * 21) + late
    assert ask(silent).status is Status.FAIL, "from when it was asked on, it counts"


def test_silence_after_a_good_start_is_bad() -> None:
    spoke = new([GOOD] * 8)
    assert ask(past([GOOD] * 20) + control([GOOD] * 13) + spoke).status is Status.PENDING
    assert ask(past([GOOD] * 20) + control([GOOD] * 14) + spoke).status is Status.FAIL


def test_when_nobody_answers_the_source_may_be_down() -> None:
    verdict = ask(past([GOOD] * 20) + control([(None, 0)] * 9) + new([(None, 0)] * 9))
    assert verdict.status is Status.INCONCLUSIVE
    assert not ask(past([GOOD] * 20) + new([GOOD] * 18 + [(None, 0)] * 6)).passed


def test_an_idle_revision_has_no_latency_and_is_not_silent() -> None:
    policy = replace(POLICY, rules=(RATE, LATENCY))
    quick = past([(0.1, 5)] * 20, metric="reply_seconds")
    verdict = ask(past([GOOD] * 20) + quick + control([IDLE] * 20) + new([IDLE] * 20), policy=policy)
    assert verdict.status is Status.PENDING


def test_latency_that_triples_fails_against_past_and_against_control() -> None:
    policy = replace(POLICY, rules=(LATENCY,))
    dice = random.Random(1)
    quick, slow = ([(dice.lognormvariate(0, 0.3) * base, 5.0) for _ in range(20)] for base in (0.1, 0.3))
    after = new(slow[:9], metric="reply_seconds")
    assert ask(past(quick, metric="reply_seconds") + after, policy=policy).status is Status.FAIL
    assert ask(control(quick[:9], metric="reply_seconds") + after, policy=policy).status is Status.FAIL
    excused = past(quick, metric="reply_seconds") + control(slow[9:], metric="reply_seconds") + after
    assert ask(excused, policy=policy).status is not Status.FAIL


def test_a_metric_that_is_no_guard_pages_only() -> None:
    policy = replace(POLICY, rules=(RATE, MEMORY))
    fat = past([(100, 0)] * 20, metric="memory") + new([(200, 0)] * 18, metric="memory")
    verdict = ask(past([GOOD] * 20) + new([GOOD] * 18) + fat, policy=policy)
    assert verdict.status is Status.INCONCLUSIVE
    assert "not a guard" in verdict.because
    guarded = replace(policy, rules=(RATE, replace(MEMORY, guard=True)))
    assert ask(past([GOOD] * 20) + new([GOOD] * 18) + fat, policy=guarded).status is Status.FAIL


def test_a_level_that_rose_in_the_control_as_well_is_not_blamed() -> None:
    policy = replace(POLICY, rules=(replace(MEMORY, guard=True),))
    rose = [(200.0, 0.0)] * 9
    readings = past([(100, 0)] * 20, metric="memory") + control(rose, metric="memory") + new(rose, metric="memory")
    assert ask(readings, policy=policy).status is Status.INCONCLUSIVE


def test_a_commit_that_could_not_start_or_does_not_run_yet() -> None:
    waiting = replace(ROLLOUT, running=OLD, contains=False)
    assert ask([], rollout=replace(waiting, failed="it exited at once")).status is Status.FAIL
    assert ask([], rollout=replace(ROLLOUT, failed="a later try")).status is Status.PENDING, "it runs, so it started"
    assert ask(past([GOOD] * 20), rollout=waiting).status is Status.PENDING
    assert ask(new([GOOD] * 40) + past([GOOD] * 9), rollout=replace(ROLLOUT, ready=False)).status is Status.PENDING


def test_rows_that_cannot_be_are_left_out() -> None:
    assert ask(past([GOOD] * 20) + new([(20, 10)] * 20)).status is Status.PENDING


readings = st.lists(
    st.builds(
        Reading,
        metric=st.sampled_from(("messages", "reply_seconds", "memory", "other")),
        revision=st.sampled_from((OLDER, OLD, NEW)),
        at=st.integers(-300, 600).map(lambda s: START + timedelta(seconds=s)),
        value=st.one_of(st.none(), st.floats(-10, 1e6), st.just(float("nan"))),
        total=st.floats(0, 100),
    ),
    max_size=80,
)
rollouts = st.builds(
    Rollout,
    wanted=st.just(NEW),
    running=st.sampled_from((NEW, OLD, None)),
    contains=st.booleans(),
    ready=st.booleans(),
    at=st.just(START),
    previous=st.sampled_from((OLD, OLDER, None)),
    failed=st.sampled_from(("", "", "no")),
)


@settings(deadline=None)
@given(readings, rollouts, st.integers(-100, 4000))
def test_it_always_answers_and_never_passes_on_too_little(found: list[Reading], rollout: Rollout, seconds: int) -> None:
    policy = replace(POLICY, rules=(RATE, LATENCY, MEMORY))
    verdict = assess(policy, found, rollout, NEW, START + timedelta(seconds=seconds))
    heard = [r for r in found if r.revision == rollout.running and r.value is not None and r.at > START]
    assert not verdict.passed or len(heard) >= 18
    assert verdict.status is not Status.PENDING or seconds < POLICY.deadline.total_seconds()


@pytest.mark.slow
@pytest.mark.parametrize("rule", [RATE, LATENCY, replace(MEMORY, guard=True), MetricRule("n", "count")])
def test_asked_after_every_reading_false_alarms_stay_within_alpha(rule: MetricRule) -> None:
    """40 watches of 30 looks each, nothing changed, alpha 0.01: a third alarm would have a chance of 0.7% at most."""
    alarms = 0
    policy = replace(POLICY, rules=(rule,), warm_up=timedelta(0))
    for seed in range(40):
        dice = random.Random(seed)
        rows: list[tuple[float | None, float]] = [_row(rule, dice) for _ in range(70)]
        before, after = past(rows[:40], metric=rule.name), new(rows[40:], metric=rule.name)
        alarms += any(
            ask(before + after[:look], policy=policy).status is Status.FAIL for look in range(6, len(after) + 1, 3)
        )
    assert alarms <= 2


def _row(rule: MetricRule, dice: random.Random) -> tuple[float, float]:
    if rule.kind == "rate":
        total = dice.randint(2, 20)
        return float(sum(dice.random() < 0.05 for _ in range(total))), float(total)
    if rule.kind == "count":
        return float(sum(dice.random() < 0.05 for _ in range(20))), 0.0
    return dice.lognormvariate(0, 0.5), 0.0
