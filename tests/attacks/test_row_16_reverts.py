"""THREATS 16: nobody forces a revert: not one member's flood, not an outage outside, not a metric that flaps."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from bot.adapters.scrape.source import Look, parse, readings
from bot.adapters.web.metrics import Metrics
from bot.core.case import Page, Revert
from bot.core.chat import Outcome
from bot.core.health import HealthPolicy, MetricRule, Reading, Rollout
from bot.core.ids import Sha
from bot.core.verdict import Status, Verdict
from bot.policy.blame import CONTROL, NOBODY
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


def read(revision: Sha, say: Say) -> Iterator[Reading]:
    """What the watch reads of a bot, five seconds after five seconds."""
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


def verdict(new: Say, old: Say = everyone, *more: Reading) -> Verdict:
    rows = (*read(NEW, new), *read(OLD, old), *more)
    return judged(POLICY, rows, ROLLOUT, NEW, START + (LOOKS + 1) * STEP)


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
