"""Each kind finds what it is for and keeps quiet about what is not."""

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest

from bot.core.health import MetricRule
from bot.core.verdict import Status, Verdict
from bot.policy.judge.court import judge
from bot.policy.judge.samples import Samples

from .conftest import Ask

KINDS = ("latency", "level", "count")
DAY = [50 + 20 * (i % 96 > 48) + (i * 7919 % 13) / 4 for i in range(288)]


def _noise(seed: int, count: int, middle: float = 100.0, spread: float = 10.0) -> list[float]:
    dice = random.Random(seed)
    return [dice.gauss(middle, spread) for _ in range(count)]


@pytest.mark.parametrize("kind", KINDS)
def test_most_values_a_hundredfold_is_bad(ask: Ask, kind: str) -> None:
    assert ask(kind, [1] * 10, [100] * 7 + [1] * 3).status is Status.FAIL


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("before", [6, 10, 100])
def test_something_where_there_was_nothing_is_not_a_pass(ask: Ask, kind: str, before: int) -> None:
    verdict = ask(kind, [0] * before, [0, 1, 2, 1, 0, 0])
    assert not verdict.passed
    assert before == 100 or verdict.status is Status.INCONCLUSIVE, "six against six prove nothing"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("values", [[0.0] * 10, [1.0] * 10, [3.0, 4.0, 5.0, 4.0, 3.0, 5.0, 4.0]])
def test_the_same_is_a_pass(ask: Ask, kind: str, values: Sequence[float]) -> None:
    assert ask(kind, values, values).passed


def test_latency_three_times_as_long_is_bad_and_says_by_how_much(ask: Ask) -> None:
    verdict = ask("latency", _noise(1, 30, 0.2, 0.02), _noise(2, 10, 0.6, 0.06))
    assert verdict.status is Status.FAIL
    assert "median 0.2" in verdict.because
    assert verdict.facts["effect"] == pytest.approx(2, abs=0.3)


def test_latency_is_bad_when_only_the_tail_is(ask: Ask) -> None:
    slow_tail = [v * (8 if i % 4 == 0 else 1) for i, v in enumerate(_noise(3, 200, 0.2, 0.02))]
    assert ask("latency", _noise(4, 200, 0.2, 0.02), slow_tail).status is Status.FAIL


def test_a_change_below_the_effect_is_no_fault_however_sure(ask: Ask) -> None:
    before, after = _noise(5, 2000, 100, 1), _noise(6, 2000, 110, 1)
    assert ask("latency", before, after, effect=0.25).passed
    assert ask("latency", before, after, effect=0.05).status is Status.FAIL


def test_faster_is_not_worse_unless_down_is(ask: Ask) -> None:
    before, after = _noise(7, 40), _noise(8, 40, 30, 3)
    assert ask("latency", before, after).passed
    assert ask("latency", before, after, worse="down").status is Status.FAIL
    assert ask("latency", before, after, worse="both").status is Status.FAIL


@pytest.mark.parametrize("by", [1, -1])
def test_a_step_of_a_daily_wave_is_bad_both_ways(ask: Ask, by: int) -> None:
    verdict = ask("level", DAY, [v + by * 60 for v in DAY[:144]])
    assert verdict.status is Status.FAIL
    assert ("above" if by > 0 else "below") in verdict.because


def test_the_wave_itself_and_single_spikes_are_normal(ask: Ask) -> None:
    assert ask("level", DAY, DAY[60:204]).passed
    spiked = [500.0 if i in {20, 90} else v for i, v in enumerate(DAY[:144])]
    assert ask("level", DAY, spiked).passed


def test_a_ramp_and_a_burst_are_bad(ask: Ask) -> None:
    assert ask("level", DAY, [v + i for i, v in enumerate(DAY[:144])]).status is Status.FAIL
    burst = [v + 200 * (30 <= i < 54) for i, v in enumerate(DAY[:144])]
    assert ask("level", DAY, burst).status is Status.FAIL


def test_a_baseline_that_bursts_excuses_bursts_of_its_size(ask: Ask) -> None:
    def bursty(shift: int) -> list[float]:
        return [v + 200 * (i % 48 in range(shift, shift + 8)) for i, v in enumerate(DAY)]

    assert ask("level", bursty(3), bursty(20)[:144]).passed


def test_a_frozen_gauge_is_silent(ask: Ask) -> None:
    frozen = _noise(9, 72) + [100.0] * 72
    assert "same value 72 times" in ask("level", _noise(10, 288), frozen).because
    assert ask("level", _noise(10, 288), frozen).status is Status.FAIL
    assert ask("level", _noise(10, 288), frozen, worse="up").passed, "an idle gauge may stand still"
    assert ask("level", [0.0] * 200 + _noise(10, 88), frozen).passed, "the baseline stood still as long"


def test_between_proof_and_health_lies_suspicion(ask: Ask) -> None:
    assert ask("level", _noise(11, 288), _noise(12, 144, 125)).status is Status.INCONCLUSIVE


def test_errors_from_none_to_a_third_are_bad_after_a_few_rows(ask_rate: Ask) -> None:
    verdict = ask_rate([(0, 10)] * 10, [(3, 10), (4, 11), (2, 9)])
    assert verdict.status is Status.FAIL
    assert "9 of 30 (30.00%) against 0 of 100" in verdict.because


def test_one_error_is_not_proof(ask_rate: Ask) -> None:
    assert ask_rate([(0, 10)] * 10, [(1, 10), (0, 10)]).status is not Status.FAIL


def test_a_better_rate_passes_unless_down_is_worse(ask_rate: Ask) -> None:
    before, after = [(20, 100)] * 5, [(2, 100)] * 5
    assert ask_rate(before, after).passed
    assert ask_rate(before, after, worse="down").status is Status.FAIL


def test_all_bad_on_both_sides_is_no_difference(ask_rate: Ask) -> None:
    assert ask_rate([(5, 5)] * 3, [(5, 5)] * 3).passed


def test_a_baseline_in_bursts_weakens_the_evidence(ask_rate: Ask) -> None:
    after = [(4, 10)] * 3
    steady = ask_rate([(1, 10)] * 20, after)
    bursts = ask_rate([(0, 10)] * 18 + [(10, 10)] * 2, after)
    assert steady.status is Status.FAIL
    assert bursts.status is not Status.FAIL


def test_counts_are_judged_by_their_sum(ask: Ask) -> None:
    assert ask("count", [1, 0, 2, 1, 0, 1] * 5, [4, 6, 3, 5, 7, 4]).status is Status.FAIL
    assert ask("count", [1, 0, 2, 1, 0, 1] * 5, [1, 1, 0, 2, 0, 1]).passed
    assert ask("count", [5] * 20, [0] * 10, worse="down").status is Status.FAIL


def test_a_verdict_says_what_was_measured(ask: Ask) -> None:
    verdict: Verdict = ask("latency", [1] * 8, [2] * 9)
    assert verdict.facts["baseline_samples"] == 8
    assert verdict.facts["candidate_samples"] == 9
    assert verdict.name == "m (latency)"


def test_a_change_that_nobody_feels_is_no_regression() -> None:
    rule = MetricRule("reply_seconds", "latency", effect=0.25, floor=0.02)
    fast, thrice, slow = Samples((0.001,) * 20), Samples((0.003,) * 20), Samples((0.041,) * 20)
    assert judge(rule, fast, thrice).passed
    assert judge(rule, fast, slow).status is Status.FAIL
    assert judge(replace(rule, floor=0.0), fast, thrice).status is Status.FAIL
