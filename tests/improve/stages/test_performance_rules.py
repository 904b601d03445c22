"""V-11: what measurements mean."""

import random
from typing import cast

import pytest

from bot.core.verdict import Status
from bot.improve.differential import timing
from bot.improve.inputs.values import Call
from bot.improve.stages._paired import bound, extra
from bot.improve.stages.performance import STAGE, judge


def pairs(base: float, ratio: float, *, noise: float = 0.05, turns: int = 30) -> list[list[float]]:
    rng = random.Random(5)
    rows = []
    for _ in range(turns):
        busy = 1 + rng.random()  # another program on the machine slows both halves of a turn
        rows.append([base * busy * (1 + rng.gauss(0, noise)), base * busy * ratio * (1 + rng.gauss(0, noise))])
    return rows


def row(**changed):
    natural = {"cpu": pairs(1e-3, 1.0), "wall": pairs(1e-3, 1.0), "peak": [100_000, 100_000]}
    made = {"natural": natural, "leak": [[0, 0], [0, 0]], "race": False}
    for name, value in changed.items():
        (natural if name in natural else made)[name] = value
    return made


def test_equal_cost_passes_with_its_measurements():
    verdict = judge("m.f", row())
    assert verdict.status is Status.PASS
    assert 0.9 < float(str(verdict.facts["cpu"])) < 1.1


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"cpu": pairs(1e-3, 1.3)}, "CPU time"),
        ({"wall": pairs(1e-2, 1.5)}, "by the clock"),
        ({"peak": [100_000, 400_000]}, "memory"),
        ({"large": {"cpu": pairs(1e-2, 9.0), "peak": [1, 1]}}, "grows faster"),
        ({"large": {"cpu": pairs(1e-2, 1.0), "peak": [10**6, 10**7]}}, "large inputs"),
        ({"leak": [[0, 40], [5_000, 5_100]]}, "keeps"),
        ({"race": True}, "four threads"),
    ],
)
def test_more_cost_fails_with_its_reason(changed, word):
    verdict = judge("m.f", row(**changed))
    assert verdict.status is Status.FAIL
    assert word in verdict.because


@pytest.mark.parametrize(
    "changed",
    [
        {"cpu": pairs(1e-6, 1.6)},
        {"cpu": pairs(1e-3, 1.05)},
        {"cpu": pairs(1e-3, 0.4)},
        {"cpu": pairs(1e-3, 1.1, noise=0.4)},
        {"peak": [1_000, 4_000]},
        {"large": {"cpu": pairs(1e-3, 1.8), "peak": [1, 1]}},
        {"leak": [[900, 900], [1_000, 1_000]]},
    ],
)
def test_what_is_style_or_noise_does_not_fail(changed):
    assert judge("m.f", row(**changed)).status is Status.PASS


@pytest.mark.parametrize("lost", [None, {"broken": "no input ends in time"}])
def test_what_could_not_be_measured_is_no_pass(lost):
    assert judge("m.f", lost, "seconds").status is Status.INCONCLUSIVE


def test_the_bound_lies_below_the_median_and_the_pairing_removes_common_noise():
    low, middle = bound(pairs(1e-3, 1.2))
    assert 1.1 < low <= middle < 1.3
    assert extra(pairs(1e-3, 1.2)) > 1e-4


def test_the_stage_runs_alone_and_after_what_it_reads():
    assert (STAGE.id, STAGE.alone, STAGE.needs) == ("V-11", True, ("behaviour", "tests"))


class Slow:
    """A version whose calls cost as much as their argument says."""

    def spend(self, calls: list[Call], _loops: int) -> tuple[float, float]:
        spent = float(sum(call.args[0] for call in calls))
        return spent, spent


def test_a_pass_over_the_inputs_takes_no_longer_than_it_may() -> None:
    """Dozens of passes are made: inputs that each take a quarter of a second would never end."""
    costs = [0.02, 0.2, 0.02, 0.2, 0.005, 0.2]
    chosen = timing._quick(cast("timing.Version", Slow()), [Call((cost,)) for cost in costs])
    assert [call.args[0] for call in chosen] == [0.02, 0.02, 0.005]


def test_where_all_inputs_are_slow_the_quickest_is_measured() -> None:
    chosen = timing._quick(cast("timing.Version", Slow()), [Call((cost,)) for cost in (0.2, 0.1, 0.15)])
    assert [call.args[0] for call in chosen] == [0.1]
