"""Trends: a leak is found before its level proves it, and what the baseline did all along may go on."""

import math
import random
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.health import MetricRule, Worse
from bot.core.verdict import Status
from bot.policy.judge.court import judge
from bot.policy.judge.samples import Samples
from bot.policy.judge.trend import rise, steady, steepest

from .conftest import Ask

values = st.lists(st.floats(-1e3, 1e3, allow_subnormal=False), min_size=2, max_size=60)


def _line(seed: int, first: int, count: int, slope: float, spread: float = 1.0) -> list[float]:
    dice = random.Random(seed)
    return [100 + slope * i + dice.gauss(0, spread) for i in range(first, first + count)]


def _alike(dice: random.Random, count: int, slope: float = 0.0) -> list[float]:
    """Neighbours resemble each other: autocorrelation 0.7."""
    now, out = dice.gauss(0, 7), []
    for i in range(count):
        now = 0.7 * now + dice.gauss(0, 5)
        out.append(100 + slope * i + now)
    return out


def test_the_rise_of_a_line_is_its_growth_and_spikes_do_not_change_it() -> None:
    line = [3.0 * i for i in range(144)]
    assert rise(line) == pytest.approx(3 * 143)
    assert rise([1e6 if i % 20 == 0 else v for i, v in enumerate(line)]) == pytest.approx(3 * 143, rel=0.02)
    assert rise([5.0]) == 0.0


@given(values)
def test_a_rise_turned_round_is_a_fall(some: list[float]) -> None:
    assert rise([-v for v in some]) == pytest.approx(-rise(some))


def test_the_steepest_window_is_found_wherever_it_is() -> None:
    bump = [0.0] * 100 + [float(i) for i in range(48)] + [48.0] * 100
    assert steepest(bump, 48) == pytest.approx(47, rel=0.1)
    assert steepest([7.0] * 20, 20) == 0.0


def test_a_line_is_steady_and_noise_a_wave_and_few_values_are_not() -> None:
    assert steady(_line(1, 0, 288, 0.1), 0.01) == pytest.approx(0.1, rel=0.1)
    assert steady(_line(1, 0, 288, -0.1), 0.01) == pytest.approx(-0.1, rel=0.1)
    assert steady(_line(2, 0, 288, 0.0), 0.01) == 0.0
    assert steady([float(abs(i % 96 - 48)) for i in range(288)], 0.01) == 0.0
    assert steady([1.0, 2.0, 3.0], 0.01) == 0.0


@pytest.mark.parametrize(("by", "word"), [(60, "steady rise"), (-52, "steady fall")])
def test_a_leak_is_proof_where_its_level_is_only_suspicious(ask: Ask, by: float, word: str) -> None:
    dice = random.Random(3)
    wave = [100 + 15 * math.sin(2 * math.pi * i / 48) + dice.gauss(0, 5) for i in range(432)]
    before, after = wave[:288], wave[288:]
    shifted = ask("level", before, [v + 0.6 * by for v in after])
    leak = ask("level", before, [v + by * i / 144 for i, v in enumerate(after)])
    assert ask("level", before, after).passed
    assert shifted.status is Status.INCONCLUSIVE, "as far from the start, it is no leak"
    assert leak.status is Status.FAIL
    assert word in leak.because


def test_a_rise_as_in_the_baseline_is_normal(ask: Ask) -> None:
    saw = [100 + i % 96 / 3 + (i * 7919 % 13) / 4 for i in range(432)]
    assert ask("level", saw[:288], saw[288:]).passed
    assert ask("level", saw[:288], [v + 10 for v in saw[288:]]).status is not Status.FAIL


@pytest.mark.parametrize("slope", [0.5, -0.5, 5.0])
@pytest.mark.parametrize("count", [30, 60, 240])
def test_a_steady_trend_of_the_baseline_may_go_on(ask: Ask, slope: float, count: int) -> None:
    before = _line(4, 0, 60, slope)
    verdict = ask("level", before, _line(5, 60, count, slope), effect=0.001)
    assert verdict.passed, verdict.because


@pytest.mark.parametrize("worse", ["up", "both"])
def test_a_trend_that_goes_on_says_so_and_hides_neither_step_nor_leak(ask: Ask, worse: Worse) -> None:
    before, after = _line(6, 0, 60, 5.0), _line(7, 60, 120, 5.0)
    goes_on = ask("level", before, after, worse=worse, effect=0.001)
    assert "trend" in goes_on.because
    assert "goes on" in goes_on.because
    assert ask("level", before, [v + 400 for v in after]).status is Status.FAIL
    assert ask("level", before, [v + 10 * i for i, v in enumerate(after)]).status is Status.FAIL


def test_a_trend_that_slackens_is_no_fault_in_either_direction(ask: Ask) -> None:
    before = _line(8, 0, 60, 5.0)
    assert ask("level", before, [v - 2.5 * i for i, v in enumerate(_line(9, 60, 120, 5.0))]).passed
    assert ask("level", before, before[::-1]).passed


def test_zeros_in_the_baseline_excuse_zeros_of_their_length_only(ask: Ask) -> None:
    def bursts(rest: int, count: int) -> list[float]:
        return [0.0 if i % (rest + 4) < rest else 50.0 + i % 7 for i in range(count)]

    assert ask("level", bursts(20, 288), bursts(20, 144)).passed
    assert ask("level", bursts(20, 288), bursts(30, 144)).passed
    silent = ask("level", bursts(20, 288), bursts(20, 72) + [0.0] * 72)
    assert silent.status is Status.FAIL
    assert "silent" in silent.because
    assert ask("level", bursts(100, 288), bursts(20, 72) + [0.0] * 72).passed, "the baseline rested as long"


@pytest.mark.slow
@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32), st.sampled_from((1.0, -1.0)), st.integers(1, 3))
def test_worse_values_never_turn_a_leak_into_a_pass(seed: int, sign: float, size: int) -> None:
    dice = random.Random(seed)
    before, after = _alike(dice, 288), _alike(dice, 144)
    leak = [v + sign * size * 15 * i / 144 for i, v in enumerate(after)]
    worse = [v + sign * dice.uniform(0, 60) for v in leak]
    rule, old = MetricRule("m", "level", "up" if sign > 0 else "down"), Samples(tuple(before))
    if judge(rule, old, Samples(tuple(leak))).status is Status.FAIL:
        assert not judge(rule, old, Samples(tuple(worse))).passed


@pytest.mark.slow
@pytest.mark.parametrize("slope", [0.0, 0.3])
def test_false_alarms_on_like_neighbours_stay_within_alpha(ask: Ask, slope: float) -> None:
    """100 runs without a change at alpha 0.01: five or more alarms would have a chance of one in 250."""
    alarms = 0
    for seed in range(100):
        series: Sequence[float] = _alike(random.Random(seed), 432, slope)
        alarms += ask("level", series[:288], series[288:]).status is Status.FAIL
    assert alarms <= 4
