"""THREATS 16: nobody forces a revert: not one member's flood, not an outage outside, not a metric that flaps."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from random import Random

import pytest

from bot.adapters.scrape.source import Look, parse, readings
from bot.adapters.web.metrics import Metrics
from bot.core.case import Page, Revert
from bot.core.chat import Outcome
from bot.core.health import HealthPolicy, MetricRule, Reading, Rollout
from bot.core.ids import Sha, UserId
from bot.core.verdict import Status, Verdict
from bot.policy.blame import NOBODY
from bot.policy.figures import CONTROL, MEMBERS
from bot.policy.lifecycle import decide
from bot.policy.watch import judged
from tests.policy.builders import CHARTER, merged

pytestmark = pytest.mark.integration  # hundreds of metrics pages are written and read

OLD, NEW = Sha("a" * 40), Sha("b" * 40)
START = datetime(2026, 1, 1, tzinfo=UTC)
STEP = timedelta(seconds=5)
LOOKS = 60
POLICY = HealthPolicy((MetricRule("messages", "rate"),), warm_up=timedelta(0), interval=STEP)
ROLLOUT = Rollout(NEW, NEW, contains=True, ready=True, at=START, previous=OLD)
Say = Callable[[Metrics, int], None]


@cache
def read(revision: Sha, say: Say) -> tuple[Reading, ...]:
    """What the watch reads of a bot, five seconds after five seconds."""
    return tuple(_read(revision, say))


def _read(revision: Sha, say: Say) -> Iterator[Reading]:
    now = [0.0]
    metrics = Metrics(revision, "1", lambda: now[0])
    before = Look(START, parse(metrics.page().decode()))
    for look in range(1, LOOKS + 1):
        say(metrics, look)
        now[0] += 5.0
        after = Look(START + look * STEP, parse(metrics.page().decode()))
        yield from readings(revision, before, after)
        before = after


def everyone(metrics: Metrics, look: int) -> None:
    """Ten members who are answered, each once in a minute or so."""
    metrics.answered(f"member-{look % 10}", Outcome.ANSWERED, 0.01)
    metrics.answered(f"member-{(look + 5) % 10}", Outcome.ANSWERED, 0.01)


def verdict(new: Say, old: Say = everyone, *more: Reading, policy: HealthPolicy = POLICY) -> Verdict:
    rows = (*read(NEW, new), *read(OLD, old), *more)
    return judged(policy, rows, ROLLOUT, NEW, START + (LOOKS + 1) * STEP)


def flood(metrics: Metrics, look: int) -> None:
    everyone(metrics, look)
    for _ in range(200):
        metrics.answered("mallory", Outcome.REJECTED, 0.0)


def crash(metrics: Metrics, look: int) -> None:
    """One member who found a message on which the bot fails."""
    everyone(metrics, look)
    metrics.answered("mallory", Outcome.FAILED, 0.0)


def broken(metrics: Metrics, look: int) -> None:
    everyone(metrics, look)
    metrics.answered(f"member-{look % 10}", Outcome.FAILED, 0.0)


@pytest.mark.parametrize("attack", [flood, crash])
def test_one_member_does_not_force_a_revert(attack: Say) -> None:
    found = verdict(attack)
    assert found.status is Status.INCONCLUSIVE, "it holds and calls a person; it takes nothing back"
    assert "members were hit" in found.because


def test_what_hits_many_is_taken_back() -> None:
    assert verdict(broken).status is Status.FAIL


SLOW = replace(POLICY, rules=(MetricRule("reply_seconds", "latency", effect=0.25, floor=0.02),))


def answered(metrics: Metrics, look: int, seconds: float) -> None:
    """Two of ten members, each with an answer that takes about so long."""
    for user in (look % 10, (look + 5) % 10):
        metrics.answered(UserId(f"member-{user}"), Outcome.ANSWERED, seconds * (1 + 0.01 * (look % 7)))


def prompt(metrics: Metrics, look: int) -> None:
    answered(metrics, look, 0.1)


def slow_for_one(metrics: Metrics, look: int) -> None:
    """One member who asks, all the time, for what takes long."""
    prompt(metrics, look)
    for _ in range(50):
        metrics.answered(UserId("mallory"), Outcome.ANSWERED, 12.0)


def now_and_then(metrics: Metrics, look: int) -> None:
    """The same, spread as thinly as the cap lets through, so that it falls into as many looks as it can."""
    prompt(metrics, look)
    if look % 2:
        metrics.answered(UserId("mallory"), Outcome.FAILED, 12.0)


def slow_in_a_quiet_house(metrics: Metrics, look: int) -> None:
    """Three members in all: the others write once a minute."""
    if look % 12 in {0, 6}:
        metrics.answered(UserId(f"member-{look % 12}"), Outcome.ANSWERED, 0.1)
    metrics.answered(UserId("mallory"), Outcome.ANSWERED, 12.0)


def test_a_flood_of_one_members_slow_messages_is_hardly_seen() -> None:
    assert verdict(slow_for_one, prompt, policy=SLOW).passed, "all others are served as before"


def test_one_members_slow_messages_force_no_revert() -> None:
    found = verdict(now_and_then, prompt, policy=SLOW)
    assert found.status is Status.INCONCLUSIVE, "it holds and calls a person; it takes nothing back"
    assert "without one group of members" in found.because
    blind = [r for r in (*read(NEW, now_and_then), *read(OLD, prompt)) if not r.metric.startswith(MEMBERS)]
    alone = judged(SLOW, blind, ROLLOUT, NEW, START + (LOOKS + 1) * STEP)
    assert alone.status is Status.FAIL, "the cap alone would not have held"


def test_one_members_slow_messages_force_no_revert_in_a_quiet_house() -> None:
    assert verdict(slow_in_a_quiet_house, prompt, policy=SLOW).status is not Status.FAIL


def test_what_is_slow_for_all_is_taken_back_whoever_is_slower_still() -> None:
    def slow(metrics: Metrics, look: int) -> None:
        answered(metrics, look, 0.3)
        metrics.answered(UserId("mallory"), Outcome.ANSWERED, 12.0)

    assert verdict(slow, prompt, policy=SLOW).status is Status.FAIL
    assert verdict(prompt, prompt, policy=SLOW).status is not Status.FAIL


LIKED = replace(POLICY, rules=(MetricRule("feedback", "rate"),))


def displeased(names: Sequence[str]) -> Say:
    def say(metrics: Metrics, look: int) -> None:
        everyone(metrics, look)
        metrics.voiced("up", UserId(f"member-{look % 10}"))
        for _ in range(20):
            metrics.voiced("down", UserId(names[look % len(names)]))

    return say


def liked(metrics: Metrics, look: int) -> None:
    everyone(metrics, look)
    for number in range(4):
        metrics.voiced("up", UserId(f"member-{look}-{number}"))


def test_the_feedback_of_one_member_never_suffices() -> None:
    found = verdict(displeased(["mallory"]), liked, policy=LIKED)
    assert found.status is not Status.FAIL, found.because
    assert not found.passed


def test_what_many_dislike_is_taken_back() -> None:
    many = [f"critic-{number}" for number in range(30)]
    assert verdict(displeased(many), liked, policy=LIKED).status is Status.FAIL


def troubled(say: Say, outcome: str) -> Say:
    def told(metrics: Metrics, look: int) -> None:
        say(metrics, look)
        metrics.modelled("openai:small", outcome, 0.1, {}, 0.0)

    return told


def test_providers_that_fail_for_both_versions_excuse_what_is_bad_meanwhile() -> None:
    found = verdict(troubled(broken, "down"), troubled(everyone, "down"))
    assert found.status is not Status.FAIL
    assert not found.passed


def test_a_version_does_not_excuse_itself_by_failing_calls_of_its_own() -> None:
    assert verdict(troubled(broken, "down"), troubled(everyone, "ok")).status is Status.FAIL
    assert verdict(troubled(broken, "down"), everyone).status is Status.FAIL
    assert verdict(troubled(broken, "rejected"), troubled(everyone, "rejected")).status is Status.FAIL


def test_what_hits_both_versions_is_nobodys_doing() -> None:
    assert verdict(broken, broken).status is not Status.FAIL


def test_an_outage_of_a_provider_is_nobodys_doing() -> None:
    outage = [Reading(f"{CONTROL}provider", NOBODY, START + n * STEP, 1.0) for n in range(LOOKS + 1)]
    found = verdict(broken, everyone, *outage)
    assert found.status is not Status.FAIL
    assert not found.passed


def test_a_metric_that_flaps_on_both_sides_takes_nothing_back() -> None:
    dice = Random(5)

    def flapping(metrics: Metrics, look: int) -> None:
        everyone(metrics, look)
        if dice.random() < 0.3:
            metrics.answered(f"member-{dice.randrange(10)}", Outcome.FAILED, 0.0)

    assert [verdict(flapping, flapping).status is Status.FAIL for _ in range(3)].count(True) == 0


def test_a_loop_of_reverts_ends_at_once_and_the_budget_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    bad = Verdict("health", Status.FAIL, "bad", (Verdict("messages", Status.FAIL, "bad"),))
    monkeypatch.setattr("bot.policy.watch.assess", lambda *_: bad)
    now = merged().rollout.at + timedelta(minutes=4)
    assert isinstance(decide(merged(), CHARTER, now), Revert)
    assert isinstance(decide(merged(reverts=OLD), CHARTER, now), Page), "a revert of a revert is refused"
    assert isinstance(decide(merged(labels=frozenset({"security"})), CHARTER, now), Page)
    spent = {"reverts_today": CHARTER.health.reverts_per_day}
    assert isinstance(decide(merged(around=spent), CHARTER, now), Page)
