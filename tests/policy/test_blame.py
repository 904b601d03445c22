"""What a change is not blamed for: what began before it, hit one member, or came from outside."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.core.case import Observe, Page, Revert
from bot.core.health import HealthPolicy, MetricRule, Reading, Rollout
from bot.core.ids import Sha
from bot.core.verdict import Status, Verdict
from bot.policy.blame import CONTROL, MEMBERS, NOBODY, acquit, disturbances, undisturbed
from bot.policy.health import assess
from bot.policy.watch import judged
from tests.policy.builders import PROPERTY, merged
from tests.policy.test_watch import decided

OLD, NEW, WELL = Sha("a" * 40), Sha("b" * 40), Sha("c" * 40)
START = datetime(2026, 1, 1, tzinfo=UTC)
STEP = timedelta(seconds=5)
RATE = MetricRule("messages", "rate")
POLICY = HealthPolicy((RATE,), warm_up=timedelta(0), deadline=timedelta(minutes=10), interval=STEP)
ROLLOUT = Rollout(NEW, NEW, contains=True, ready=True, at=START, previous=OLD)
NOW = START + timedelta(minutes=5)


def rows(revision: Sha, *bad: float, first: int = 0, metric: str = "messages", total: float = 10.0) -> list[Reading]:
    return [Reading(metric, revision, START + (first + n) * STEP, value, total) for n, value in enumerate(bad)]


def control(*values: float | None, first: int = 0, name: str = "discord") -> list[Reading]:
    return [Reading(CONTROL + name, NOBODY, START + (first + n) * STEP, v) for n, v in enumerate(values)]


BAD = rows(NEW, *[5.0] * 12) + rows(OLD, *[0.0] * 12)


def health(readings: Sequence[Reading], rollout: Rollout = ROLLOUT) -> Verdict:
    return judged(POLICY, readings, rollout, NEW, NOW)


def test_a_bad_change_in_undisturbed_times_is_blamed() -> None:
    assert health(BAD).status is Status.FAIL
    assert health(BAD + control(*[0.0] * 12)).status is Status.FAIL
    assert health(BAD + control(*[None] * 12)).status is Status.FAIL, "a control that is silent excuses nobody"


def test_an_outage_outside_excuses_what_was_read_meanwhile() -> None:
    verdict = health(BAD + control(*[1.0] * 12))
    assert verdict.status is not Status.FAIL
    assert not verdict.passed, "no reading is no health"
    assert disturbances(BAD + control(0.0, 1.0), STEP) == ("discord",)
    assert disturbances(BAD, STEP) == ()


def test_what_stays_bad_after_the_outage_is_blamed() -> None:
    assert health(BAD + control(1.0, 1.0, *[0.0] * 10)).status is Status.FAIL


def test_a_disturbance_reaches_back_one_interval_and_to_the_next_normal_reading() -> None:
    left = undisturbed(rows(NEW, *[0.0] * 10) + control(0.0, first=0) + control(1.0, 1.0, 0.0, first=3), STEP)
    assert [(r.at - START) // STEP for r in left] == [0, 1, 5, 6, 7, 8, 9]
    assert all(not r.metric.startswith(CONTROL) for r in left)
    other = undisturbed(rows(NEW, *[0.0] * 4) + control(0.0, 0.0, 0.0, 0.0) + control(1.0, first=3, name="model"), STEP)
    assert [(r.at - START) // STEP for r in other] == [0, 1], "each control for itself"


def members(*pairs: tuple[float, float], revision: Sha = NEW) -> list[Reading]:
    return [Reading(MEMBERS + "messages", revision, START + n * STEP, hit, seen) for n, (hit, seen) in enumerate(pairs)]


def test_one_member_among_many_is_no_outage() -> None:
    verdict = health(BAD + members(*[(1, 5)] * 12))
    assert verdict.status is Status.INCONCLUSIVE
    assert "only 1 of 5 members" in verdict.because


def test_two_members_or_a_bot_with_few_are_an_outage() -> None:
    assert health(BAD + members(*[(1, 5)] * 11, (2, 5))).status is Status.FAIL
    assert health(BAD + members(*[(1, 1)] * 12)).status is Status.FAIL
    assert health(BAD + members(*[(1, 2)] * 12)).status is Status.FAIL
    assert health(BAD + members(*[(1, 5)] * 12, revision=OLD)).status is Status.FAIL, "of another revision"


def test_what_began_before_the_rollout_is_not_blamed() -> None:
    alone = rows(NEW, *[5.0] * 12)
    rising = rows(OLD, *[0.0] * 30, *[5.0] * 12, first=-43)
    steady = rows(OLD, *[0.0] * 42, first=-43)
    assert health(alone + steady).status is Status.FAIL
    verdict = acquit(POLICY, alone + rising, ROLLOUT, assess(POLICY, alone + steady, ROLLOUT, NEW, NOW))
    assert verdict.status is Status.INCONCLUSIVE
    assert "begun before the rollout" in verdict.because
    short = acquit(POLICY, alone + rising[-13:], ROLLOUT, assess(POLICY, alone + steady, ROLLOUT, NEW, NOW))
    assert short.status is Status.FAIL, "too little of the past says nothing"


def test_silence_and_a_failed_start_are_not_excused() -> None:
    silent = Verdict("health", Status.FAIL, "answers: silent", (Verdict("answers", Status.FAIL, "silent"),))
    assert acquit(POLICY, members((1, 5)), ROLLOUT, silent) == silent
    start = Verdict("health", Status.FAIL, "could not start")
    assert acquit(POLICY, members((1, 5)), ROLLOUT, start) == start


def test_one_excuse_does_not_cover_another_metric() -> None:
    other = Verdict("errors", Status.FAIL, "worse")
    both = Verdict("health", Status.FAIL, "worse", (Verdict("messages", Status.FAIL, "worse"), other))
    policy = HealthPolicy((RATE, MetricRule("errors", "rate")))
    verdict = acquit(policy, members((1, 5)), ROLLOUT, both)
    assert verdict.status is Status.FAIL
    assert verdict.because.startswith("errors")


def earlier(bad: float, well: float = 0.0) -> list[Reading]:
    """The watch before: the revision that was taken back, beside the one before it."""
    return rows(OLD, *[bad] * 20, first=-40) + rows(WELL, *[well] * 20, first=-40)


def test_as_bad_as_before_is_not_health_after_a_revert() -> None:
    same = rows(NEW, *[5.0] * 20) + rows(OLD, *[5.0] * 20)
    assert health(same).status is not Status.FAIL, "beside the bad one it looks no worse"
    verdict = health(same + earlier(5.0))
    assert verdict.status is Status.FAIL
    assert verdict.because == "as bad as before it was taken back: messages"
    mended = rows(NEW, *[0.0] * 20) + rows(OLD, *[5.0] * 20)
    assert health(mended + earlier(5.0)).passed
    only_well = rows(WELL, *[0.0] * 20, first=-40)
    assert health(same + only_well).status is not Status.FAIL, "what was bad then is not known"


def test_what_was_not_the_reason_then_is_none_now() -> None:
    later = rows(NEW, *[5.0] * 20) + rows(OLD, *[5.0] * 20)
    assert health(later + earlier(0.0)).status is not Status.FAIL, "it came over all of them in between"


def test_an_excused_failure_is_watched_to_the_deadline_and_then_paged(monkeypatch: Any) -> None:
    excused = Verdict("health", Status.INCONCLUSIVE, "only 1 of 5 members were hit")
    monkeypatch.setattr("bot.policy.watch.acquit", lambda *_: excused)
    at = merged().rollout.at
    assert isinstance(decided(at + timedelta(minutes=1)), Observe)
    late = decided(at + timedelta(minutes=31))
    assert isinstance(late, Page)
    assert "only 1 of 5" in late.because.because
    monkeypatch.setattr("bot.policy.watch.acquit", lambda *_: Verdict("health", Status.FAIL, "bad"))
    assert isinstance(decided(at + timedelta(minutes=1)), Revert)


READING = st.builds(
    Reading,
    st.sampled_from(["messages", MEMBERS + "messages", CONTROL + "discord"]),
    st.sampled_from([OLD, NEW, WELL, NOBODY]),
    st.integers(-40, 40).map(lambda n: START + n * STEP),
    st.none() | st.sampled_from([0.0, 1.0, 5.0]),
    st.just(10.0),
)
CHILD = st.builds(Verdict, st.sampled_from(["messages", "answers"]), st.sampled_from(Status), st.just("so"))


@PROPERTY
@given(st.lists(READING, max_size=40), st.lists(CHILD, min_size=1, max_size=3))
def test_an_excuse_never_makes_health_better_than_unknown(readings: list[Reading], children: list[Verdict]) -> None:
    status = max(child.status for child in children)
    given_ = Verdict("health", status, "so", tuple(children))
    verdict = acquit(POLICY, readings, ROLLOUT, given_)
    assert verdict.passed == given_.passed
    assert verdict.status <= given_.status
    left = undisturbed(readings, STEP)
    assert set(left) <= {r for r in readings if not r.metric.startswith(CONTROL)}
    assert undisturbed(left, STEP) == left
