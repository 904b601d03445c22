"""What a change is not blamed for: what began before it, hit one member, or came from outside."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.case import Observe, Page, Revert
from bot.core.health import HealthPolicy, MetricRule, Reading, Rollout
from bot.core.ids import PullNumber, Sha
from bot.core.verdict import Status, Verdict
from bot.policy.blame import NOBODY, acquit, before_rollout, disturbances, undisturbed
from bot.policy.figures import CONTROL, MEMBERS
from bot.policy.health import assess
from bot.policy.watch import _before, _well_before, judged, on_the_line
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


def told(revision: Sha, *values: float | None, first: int = 0, name: str = "models") -> list[Reading]:
    """A control as a revision's own processes tell it."""
    return [Reading(CONTROL + name, revision, START + (first + n) * STEP, v) for n, v in enumerate(values)]


def test_what_both_revisions_see_no_change_has_caused() -> None:
    both = told(NEW, *[1.0] * 12) + told(OLD, *[1.0] * 12)
    verdict = health(BAD + both)
    assert verdict.status is not Status.FAIL
    assert not verdict.passed
    assert disturbances(both, STEP) == ("models",)


def test_a_revision_does_not_excuse_itself() -> None:
    assert health(BAD + told(NEW, *[1.0] * 12)).status is Status.FAIL, "nobody else was asked"
    assert health(BAD + told(NEW, *[1.0] * 12) + told(OLD, *[0.0] * 12)).status is Status.FAIL
    assert health(BAD + told(NEW, *[1.0] * 12) + told(OLD, *[None] * 12)).status is Status.FAIL
    apart = told(NEW, *[1.0] * 12, name="discord") + told(OLD, *[1.0] * 12, name="models")
    assert health(BAD + apart).status is Status.FAIL, "each control for itself"
    assert disturbances(apart, STEP) == ()


def test_only_the_time_in_which_both_saw_it_is_left_out() -> None:
    seen = told(NEW, 0, 1, 1, 1, 0, 0) + told(OLD, 0, 0, 0, 1, 1, 0)
    left = undisturbed(rows(NEW, *[0.0] * 8) + seen, STEP)
    assert [(r.at - START) // STEP for r in left] == [0, 1, 4, 5, 6, 7]


def test_a_revision_that_ended_disturbed_excuses_nothing_later() -> None:
    ended = told(WELL, 1.0, 1.0, first=0)
    later = told(NEW, *[1.0] * 12, first=4)
    left = undisturbed(rows(NEW, *[0.0] * 16) + ended + later, STEP)
    assert len(left) == 16


def seconds(revision: Sha, *looks: float, metric: str = "reply_seconds") -> list[Reading]:
    return [Reading(metric, revision, START + n * STEP, value, 3.0) for n, value in enumerate(looks) if value]


SECONDS = MetricRule("reply_seconds", "latency", effect=0.25, floor=0.02)


def slow(others: float, mallory: float, groups: int = 3, seen: int = 4) -> list[Reading]:
    """Looks at three groups with a reply each, and at one member's; the revision before beside them."""
    found = []
    for n in range(30):
        at = START + n * STEP
        by_group = [others * (1 + 0.01 * n)] * (groups - 1) + [mallory]
        mean = sum(by_group) / groups
        found += [Reading(SECONDS.name, NEW, at, mean, groups), Reading(SECONDS.name, OLD, at, 0.1 * (1 + 0.01 * n), 1)]
        found += [Reading(f"{MEMBERS}{SECONDS.name}/{g}", NEW, at, value, 1) for g, value in enumerate(by_group)]
        found.append(Reading(f"{MEMBERS}messages", NEW, at, 0, seen))
    return found


def of_seconds(readings: Sequence[Reading]) -> Verdict:
    return judged(replace(POLICY, rules=(SECONDS,)), readings, ROLLOUT, NEW, NOW)


def test_what_is_slow_with_one_group_of_members_only_is_not_blamed() -> None:
    verdict = of_seconds(slow(0.1, 9.0))
    assert verdict.status is Status.INCONCLUSIVE
    assert "without one group of members" in verdict.because
    assert of_seconds(slow(0.1, 0.1)).status is not Status.FAIL


def test_what_is_slow_with_every_group_is_blamed() -> None:
    assert of_seconds(slow(0.3, 0.3)).status is Status.FAIL
    assert of_seconds(slow(0.3, 9.0)).status is Status.FAIL, "one member's slowness hides nothing either"


def test_one_group_alone_is_blamed_only_where_there_are_hardly_any_members() -> None:
    verdict = of_seconds(slow(0.1, 9.0, groups=1, seen=3))
    assert verdict.status is Status.INCONCLUSIVE
    assert "all that was seen" in verdict.because
    assert of_seconds(slow(0.1, 9.0, groups=1, seen=2)).status is Status.FAIL, "nobody else could be asked"
    ungrouped = [r for r in slow(0.1, 9.0) if not r.metric.startswith(MEMBERS)]
    assert of_seconds(ungrouped).status is Status.FAIL, "a source that tells no groups"


VOICES = MetricRule("feedback", "rate", minimum=6)


def voices(by_group: Sequence[Sequence[float]], members: tuple[int, int], *, old: float = 4.0) -> list[Reading]:
    """At every look a voice of each group, 1 of them bad where it says so; the revision before is liked."""
    found = []
    for n in range(20):
        at = START + n * STEP
        bad = [column[n % len(column)] for column in by_group]
        found.append(Reading("feedback", NEW, at, sum(bad), float(len(bad))))
        found += [Reading(f"{MEMBERS}feedback/{g}", NEW, at, value, 1.0) for g, value in enumerate(bad)]
        found += [Reading("feedback", OLD, at, 0.0, old), *rows(NEW, 0.0, first=n), *rows(OLD, 0.0, first=n)]
        found.append(Reading(f"{MEMBERS}feedback", NEW, at, *map(float, members)))
    return found


def of_voices(readings: Sequence[Reading], now: datetime = NOW) -> Verdict:
    return judged(replace(POLICY, rules=(RATE, VOICES)), readings, ROLLOUT, NEW, now)


def test_many_who_are_displeased_are_reason_enough_and_one_is_none() -> None:
    assert of_voices(voices([[1.0], [1.0], [0.0]], (9, 12))).status is Status.FAIL
    one = of_voices(voices([[1.0], [0.0], [0.0]], (1, 9)))
    assert one.status is Status.INCONCLUSIVE
    assert "only 1 of 9 members" in one.because
    assert of_voices(voices([[1.0]], (1, 1))).status is Status.INCONCLUSIVE, "not even where nobody else is there"
    group = of_voices(voices([[1.0], [0.0], [0.0]], (2, 9)))
    assert "without one group" in group.because, "nor the many accounts of one group"


def test_voices_of_nobody_known_take_nothing_back() -> None:
    unknown = [r for r in voices([[1.0], [1.0]], (9, 12)) if not r.metric.startswith(MEMBERS)]
    assert of_voices(unknown).status is Status.INCONCLUSIVE


DUE = START + timedelta(minutes=10)


def test_too_few_voices_hold_up_nothing_at_the_deadline() -> None:
    quiet = rows(NEW, *[0.0] * 60) + rows(OLD, *[0.0] * 60)
    assert of_voices(quiet, DUE - STEP).status is Status.PENDING, "until then they are waited for"
    verdict = of_voices(quiet, DUE)
    assert verdict.passed
    assert "nobody said much (feedback)" in verdict.because


@pytest.mark.parametrize("name", ["feedback", "tools"])
def test_what_guards_nothing_and_nobody_need_do_is_not_waited_for(name: str) -> None:
    own = MetricRule(name, "rate", minimum=8, guard=False)
    policy = replace(POLICY, rules=(RATE, own))
    quiet = rows(NEW, *[0.0] * 60) + rows(OLD, *[0.0] * 60)
    verdict = judged(policy, quiet, ROLLOUT, NEW, DUE - STEP)
    assert verdict.passed
    assert f"nobody said much ({name})" in verdict.because
    heard = quiet + rows(OLD, 0.0, 0.0, metric=name) + rows(NEW, 0.0, metric=name)
    assert judged(policy, heard, ROLLOUT, NEW, DUE - STEP).passed, "a little traffic on both sides holds up nothing"
    few = rows(NEW, *[0.0] * 3) + rows(OLD, *[0.0] * 3)
    assert judged(policy, few, ROLLOUT, NEW, DUE - STEP).status is Status.PENDING, "the others are waited for"
    guard = replace(policy, rules=(RATE, replace(own, guard=True)))
    assert judged(guard, quiet, ROLLOUT, NEW, DUE - STEP).status is Status.PENDING


def test_what_guards_nothing_still_calls_a_person_when_it_is_surely_worse() -> None:
    own = MetricRule("tools", "rate", minimum=8, guard=False)
    bad = rows(NEW, *[0.0] * 60) + rows(OLD, *[0.0] * 60)
    bad += rows(NEW, *[9.0] * 20, metric="tools") + rows(OLD, *[0.0] * 20, metric="tools")
    verdict = judged(replace(POLICY, rules=(RATE, own)), bad, ROLLOUT, NEW, DUE - STEP)
    assert verdict.status is Status.INCONCLUSIVE
    assert "pages only" in verdict.because
    other = MetricRule("memory", "level", guard=False)
    quiet = rows(NEW, *[0.0] * 60) + rows(OLD, *[0.0] * 60)
    waiting = judged(replace(POLICY, rules=(RATE, other)), quiet, ROLLOUT, NEW, DUE - STEP)
    assert waiting.status is Status.PENDING, "what needs no member is waited for"


def test_quiet_beside_a_revision_that_hears_voices_is_not_health() -> None:
    heard = rows(NEW, *[0.0] * 60) + rows(OLD, *[0.0] * 60) + rows(OLD, 0.0, 0.0, metric="feedback")
    assert of_voices(heard, DUE).status is Status.INCONCLUSIVE


def test_other_rules_are_still_waited_for_at_the_deadline() -> None:
    few = rows(NEW, *[0.0] * 3) + rows(OLD, *[0.0] * 60)
    assert not of_voices(few, DUE).passed
    excused = rows(NEW, *[5.0] * 60) + rows(OLD, *[0.0] * 60) + members(*[(1, 5)] * 12)
    assert of_voices(excused, DUE).status is Status.INCONCLUSIVE
    lone = judged(replace(POLICY, rules=(VOICES,)), rows(NEW, 0.0), ROLLOUT, NEW, DUE)
    assert not lone.passed, "nothing at all is known"


def test_what_runs_is_read_while_a_merge_waits_for_its_rollout() -> None:
    waiting = replace(ROLLOUT, running=OLD, contains=False)
    assert before_rollout(merged(rollout=waiting)) == OLD
    assert before_rollout(merged(rollout=replace(waiting, running=None))) is None
    assert before_rollout(merged(rollout=replace(waiting, failed="it crashed"))) is None
    assert before_rollout(merged(rollout=ROLLOUT)) is None, "it runs: the watch reads"
    assert before_rollout(merged(rollout=None)) is None
    assert before_rollout(merged(rollout=waiting, settled=Verdict("health", Status.PASS, "so"))) is None
    assert before_rollout(merged(rollout=waiting, reverted_by=PullNumber(9))) is None


def test_readings_before_the_rollout_are_the_past_where_nothing_is_kept_warm() -> None:
    alone = replace(ROLLOUT, previous=None)
    past = rows(OLD, *[0.0] * 30, first=-31)
    assert health(rows(NEW, *[5.0] * 12) + past, alone).status is Status.FAIL
    assert health(rows(NEW, *[0.0] * 20) + past, alone).passed
    assert health(rows(NEW, *[5.0] * 12), alone).status is Status.PENDING, "with nothing to compare with"


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


LINE = [Sha(f"{number:040x}") for number in range(1, 7)]
"""Commits of the base branch, oldest first."""


def lies_on(old: Sha, new: Sha) -> bool:
    return old in LINE and new in LINE and LINE.index(old) <= LINE.index(new)


def canary(slow: float) -> tuple[list[Reading], Rollout]:
    """The third commit was a canary that was given up; the fourth is watched beside the stable second."""
    _first, stable, given_up, new, *_ = LINE
    before = rows(given_up, *[0.0] * 20, first=-40) + rows(stable, *[slow] * 20, first=-38)
    own = rows(new, *[slow] * 20) + rows(stable, *[slow] * 20)
    return before + own, replace(ROLLOUT, wanted=new, running=new, previous=stable)


def test_a_canary_that_was_given_up_is_nobodys_past() -> None:
    readings, rollout = canary(5.0)
    wrong = judged(POLICY, readings, rollout, rollout.wanted, NOW)
    assert wrong.because == "as bad as before it was taken back: messages", (
        "what the stable one does would be its fault"
    )
    line = on_the_line(readings, rollout, lies_on)
    assert {r.revision for r in line} == {rollout.running, rollout.previous}
    assert judged(POLICY, line, rollout, rollout.wanted, NOW).status is not Status.FAIL


def test_what_lies_before_the_one_before_stays_and_so_do_controls() -> None:
    rollout = replace(ROLLOUT, running=LINE[3], previous=LINE[2])
    known = rows(LINE[2], 5.0, first=-9) + rows(LINE[1], 0.0, first=-9) + control(1.0) + control(1.0, first=-9)
    assert on_the_line(known, rollout, lies_on) == tuple(known)
    stranger = rows(WELL, 0.0, first=-9)
    assert on_the_line([*known, *stranger], rollout, lies_on) == tuple(known), "git does not know it"
    assert on_the_line(control(1.0), replace(rollout, previous=None), lies_on) == tuple(control(1.0))


def test_without_a_warm_one_the_last_that_was_read_is_the_one_before() -> None:
    rollout = replace(ROLLOUT, running=LINE[3], previous=None)
    stable, given_up = rows(LINE[1], 0.0, first=-2), rows(LINE[2], 5.0, first=-9)
    assert on_the_line(given_up + stable, rollout, lies_on) == tuple(stable)
    last = rows(LINE[2], 5.0, first=-1)
    assert on_the_line(stable + last, rollout, lies_on) == tuple(stable + last), "it ran: it is no canary"


LOOK = st.builds(
    Reading,
    st.sampled_from(["messages", CONTROL + "discord"]),
    st.sampled_from(LINE),
    st.integers(-40, 40).map(lambda n: START + n * STEP),
    st.sampled_from([0.0, 5.0]),
    st.just(10.0),
)


@PROPERTY
@given(st.lists(LOOK, max_size=40), st.sampled_from(LINE[1:]), st.none() | st.sampled_from(LINE))
def test_what_was_well_before_lies_before_the_one_before(
    readings: list[Reading], running: Sha, previous: Sha | None
) -> None:
    """However a canary, an abort and a revert took turns: nothing newer than the revision before is its past."""
    rollout = replace(ROLLOUT, running=running, previous=previous if previous != running else None)
    line = on_the_line(readings, rollout, lies_on)
    last, well = _before(line, rollout), _well_before(line, rollout)
    assert last == _before(readings, rollout), "the one before is the same, whatever is left out"
    assert well is None or (well != running and lies_on(well, Sha(str(last))) and well != last)
    assert on_the_line(line, rollout, lies_on) == line
    gone = set(readings) - set(line)
    assert not [r for r in gone if r.metric.startswith(CONTROL) or r.revision in {running, last}]


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
