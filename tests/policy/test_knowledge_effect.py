"""What a change did: the judge's figures, kept as they were, and nothing that is no figure."""

import json
import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.health import HealthPolicy, MetricRule, Reading, Rollout
from bot.core.ids import Sha
from bot.core.verdict import Status, Verdict
from bot.policy.health import assess
from bot.policy.knowledge_effect import Effect, measured, moved, read

T = datetime(2026, 6, 1, tzinfo=UTC)
OLD, NEW = Sha("a" * 40), Sha("b" * 40)
RULES = (
    MetricRule("messages", "rate"),
    MetricRule("reply_seconds", "latency", effect=0.25),
    MetricRule("memory", "level", guard=False),
    MetricRule("restarts", "count"),
)
FINITE = st.floats(allow_nan=False, allow_infinity=False, width=32)
EFFECTS = st.builds(Effect, st.text(max_size=9), st.sampled_from(["pass", "fail"]), FINITE, FINITE, FINITE, FINITE)


def readings(revision: Sha, bad: float, seconds: float) -> list[Reading]:
    found = []
    for n in range(20):
        at = T + timedelta(seconds=60 + 5 * n)
        found += [
            Reading("messages", revision, at, bad, 10.0),
            Reading("reply_seconds", revision, at, seconds + n / 1000, 10.0),
            Reading("memory", revision, at, 100.0),
            Reading("restarts", revision, at, 0.0),
        ]
    return found


def judged(bad: float = 0.0, seconds: float = 0.1) -> Verdict:
    rollout = Rollout(NEW, NEW, True, True, T, previous=OLD)
    both = [*readings(OLD, 0.0, 0.1), *readings(NEW, bad, seconds)]
    return assess(HealthPolicy(RULES, warm_up=timedelta(0)), both, rollout, NEW, T + timedelta(seconds=200))


def test_the_judges_figures_of_every_kind_of_metric_are_kept() -> None:
    found = {effect.metric: effect for effect in measured(judged(bad=8.0, seconds=0.3))}
    assert set(found) == {"messages", "reply_seconds", "memory", "restarts"}
    assert (found["messages"].before, found["messages"].after) == (0.0, 0.8)
    assert found["messages"].status == "fail"
    assert (found["messages"].samples_before, found["messages"].samples) == (200.0, 200.0)
    assert found["reply_seconds"].after - found["reply_seconds"].before == pytest.approx(0.2)
    assert found["memory"].change == 0.0


def test_a_verdict_below_another_is_found_and_counts_once() -> None:
    health = judged()
    released = Verdict("health", Status.PASS, "released by ada", (health, health))
    assert measured(released) == measured(health)
    assert len(measured(health)) == len(RULES)


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"baseline_rate": 0.1, "candidate_rate": 0.2, "baseline_samples": 9},
        {"baseline_rate": "0.1", "candidate_rate": 0.2, "baseline_samples": 9, "candidate_samples": 9},
        {"baseline_rate": math.inf, "candidate_rate": 0.2, "baseline_samples": 9, "candidate_samples": 9},
        {"baseline_rate": True, "candidate_rate": 0.2, "baseline_samples": 9, "candidate_samples": 9},
        {"baseline_rate": 0.1, "candidate_median": 0.2, "baseline_samples": 9, "candidate_samples": 9},
    ],
)
def test_without_figures_on_both_sides_nothing_is_claimed(facts: dict[str, Any]) -> None:
    assert measured(Verdict("messages", Status.PASS, "well", facts=facts)) == ()


def test_a_silent_revision_has_no_figures() -> None:
    rollout = Rollout(NEW, NEW, True, True, T, previous=OLD)
    quiet = [Reading(r.metric, NEW, r.at, None) for r in readings(OLD, 0.0, 0.1)]
    both = [*readings(OLD, 0.0, 0.1), *quiet]
    found = assess(HealthPolicy(RULES, warm_up=timedelta(0)), both, rollout, NEW, T + timedelta(seconds=200))
    assert found.status is Status.FAIL
    assert measured(found) == ()


@given(st.lists(EFFECTS, max_size=5))
def test_effects_survive_the_records(effects: list[Effect]) -> None:
    assert read(json.loads(json.dumps([effect.row() for effect in effects]))) == tuple(effects)


@pytest.mark.parametrize("row", [{}, {"metric": "x"}, {"metric": "x", "status": "pass", "before": "many"}])
def test_a_row_of_another_shape_is_left_out(row: dict[str, Any]) -> None:
    good = Effect("x", "pass", 1.0, 2.0, 9.0, 9.0)
    endless = {**good.row(), "after": math.inf}
    assert read([row, good.row(), endless]) == (good,)


def test_changes_are_relative_and_from_nothing_there_is_none() -> None:
    assert Effect("x", "pass", 2.0, 3.0, 9.0, 9.0).change == 0.5
    assert Effect("x", "pass", -2.0, -3.0, 9.0, 9.0).change == -0.5
    assert Effect("x", "pass", 0.0, 0.0, 9.0, 9.0).change == 0.0
    fresh = Effect("x", "fail", 0.0, 0.1, 9.0, 8.0)
    assert fresh.change is None
    assert fresh.line() == "x 0 -> 0.1 (new; 9 and 8 samples; fail)"
    assert Effect("x", "pass", 2.0, 3.0, 9.0, 9.0).line() == "x 2 -> 3 (+50%; 9 and 9 samples; pass)"


def test_of_many_changes_the_middle_counts() -> None:
    some = [Effect("x", "pass", 1.0, after, 9.0, 9.0) for after in (1.1, 1.2, 9.0)]
    found = moved([*some, Effect("x", "fail", 0.0, 1.0, 9.0, 9.0)])
    assert list(found) == ["x"]
    assert found["x"][0] == 3
    assert found["x"][1] == pytest.approx(0.2)
