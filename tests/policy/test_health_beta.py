"""The judge over a new version that only beta servers speak to: few messages beside many of the old one."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.health import HealthPolicy, MetricRule, Reading, Rollout
from bot.core.ids import Sha
from bot.core.verdict import Status, Verdict
from bot.policy.health import assess

OLD, NEW = Sha("a" * 40), Sha("b" * 40)
START = datetime(2026, 1, 1, tzinfo=UTC)
MESSAGES, MEMORY = MetricRule("messages", "rate"), MetricRule("memory", "level", effect=0.3, guard=False)
POLICY = HealthPolicy((MESSAGES,), warm_up=timedelta(0), deadline=timedelta(minutes=30))
ROLLOUT = Rollout(NEW, NEW, contains=True, ready=True, at=START, previous=OLD)
BUSY = (1.0, 100.0)
"""Bad and all messages of the old version between two looks: a hundredth of them fail."""


def judged(beta: Sequence[tuple[float, float]], *, policy: HealthPolicy = POLICY, memory: bool = False) -> Verdict:
    """The verdict after these looks at the new version, beside a busy old one."""
    readings = []
    for number, (bad, total) in enumerate(beta):
        at = START + (number + 1) * POLICY.interval
        readings += [Reading("messages", NEW, at, bad, total), Reading("messages", OLD, at, *BUSY)]
        if memory:
            readings += [Reading("memory", sha, at, 60e6) for sha in (NEW, OLD)]
    return assess(policy, readings, ROLLOUT, NEW, START + len(beta) * POLICY.interval)


@given(st.lists(st.tuples(st.just(0.0), st.integers(0, 2).map(float)), min_size=1, max_size=60))
def test_however_little_it_hears_it_is_never_passed_before_a_bad_one_would_have_shown(
    beta: list[tuple[float, float]],
) -> None:
    """22 good messages speak against a failure of every tenth at the level of the judge."""
    verdict = judged(beta)
    assert verdict.status in {Status.PASS, Status.PENDING}
    if verdict.passed:
        assert sum(total for _, total in beta) >= 22


def test_six_messages_of_one_server_are_enough_to_see_that_nothing_works() -> None:
    assert judged([(1, 1)] * 5).status is Status.PENDING
    assert judged([(1, 1)] * 6).status is Status.FAIL


def test_a_message_now_and_then_is_enough_too() -> None:
    assert judged([(0, 0), (0, 0), (0, 0), (1, 1)] * 6).status is Status.FAIL


def test_one_failure_among_few_takes_nothing_back() -> None:
    assert judged([(0, 1)] * 11 + [(1, 1)] + [(0, 1)] * 11).status is not Status.FAIL


@pytest.mark.parametrize("memory", [True, False])
def test_beta_servers_that_say_nothing_are_no_silence_of_the_new_version(memory: bool) -> None:
    """It is asked for its metrics and answers: there is nothing to count, which is neither well nor ill."""
    policy = replace(POLICY, rules=(MESSAGES, MEMORY))
    verdict = judged([(0, 0)] * 200, policy=policy, memory=memory)
    assert verdict.status is Status.PENDING
    assert "answers" not in {child.name for child in verdict.children}


def test_nobody_there_by_the_deadline_calls_a_person_and_is_not_health() -> None:
    assert judged([(0, 0)] * 361).status is Status.INCONCLUSIVE
