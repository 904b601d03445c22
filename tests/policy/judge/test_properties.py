"""What must hold for any numbers."""

import random
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.health import MetricRule
from bot.core.verdict import Status
from bot.policy.judge.court import judge
from bot.policy.judge.power import would_have_shown
from bot.policy.judge.samples import Samples

KINDS = ("latency", "level", "count")
value = st.one_of(st.integers(0, 5).map(float), st.floats(0, 1e6, allow_subnormal=False))
side = st.lists(value, max_size=30)
kind = st.sampled_from(KINDS)
way = st.sampled_from(("up", "down"))
row = st.integers(0, 20).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total)))
rows = st.lists(row, max_size=20)


def _said(rule: MetricRule, before: Sequence[float], after: Sequence[float]) -> Status:
    return judge(rule, Samples(tuple(before)), Samples(tuple(after))).status


def _rate(before: Sequence[tuple[int, int]], after: Sequence[tuple[int, int]]) -> Status:
    sides = [Samples(tuple(float(b) for b, _ in r), tuple(float(t) for _, t in r)) for r in (before, after)]
    return judge(MetricRule("m", "rate"), sides[0], sides[1]).status


@settings(deadline=None)
@given(kind, way, side, side, st.data())
def test_worse_values_never_turn_a_fail_into_a_pass(
    kind: str, way: str, before: list[float], after: list[float], data: st.DataObject
) -> None:
    rule = MetricRule("m", kind, way)  # type: ignore[arg-type]  # drawn from the allowed words
    by = data.draw(st.lists(st.floats(0, 1e6), min_size=len(after), max_size=len(after)))
    sign = 1 if way == "up" else -1
    if _said(rule, before, after) is Status.FAIL:
        assert _said(rule, before, [v + sign * d for v, d in zip(after, by, strict=True)]) is not Status.PASS


@settings(deadline=None)
@given(rows, rows)
def test_more_errors_never_turn_a_fail_into_a_pass(before: list[tuple[int, int]], after: list[tuple[int, int]]) -> None:
    if _rate(before, after) is Status.FAIL:
        assert _rate(before, [(total, total) for _, total in after]) is not Status.PASS


@settings(deadline=None)
@given(st.sampled_from(("latency", "count")), side, side, st.randoms(use_true_random=False))
def test_the_order_of_independent_samples_does_not_matter(
    kind: str, before: list[float], after: list[float], dice: random.Random
) -> None:
    rule = MetricRule("m", kind)  # type: ignore[arg-type]  # drawn from the allowed words
    said = _said(rule, before, after)
    dice.shuffle(before)
    dice.shuffle(after)
    assert _said(rule, before, after) is said


@settings(deadline=None)
@given(st.sampled_from(("latency", "level")), side, side, st.sampled_from((2.0**-10, 0.5, 4.0, 2.0**20)))
def test_the_unit_does_not_matter(kind: str, before: list[float], after: list[float], unit: float) -> None:
    rule = MetricRule("m", kind, "both")  # type: ignore[arg-type]  # drawn from the allowed words
    assert _said(rule, before, after) is _said(rule, [v * unit for v in before], [v * unit for v in after])


@settings(deadline=None)
@given(kind, side)
def test_no_data_is_never_a_pass(kind: str, some: list[float]) -> None:
    rule = MetricRule("m", kind)  # type: ignore[arg-type]  # drawn from the allowed words
    nothing = (None,) * len(some)
    for before, after in (((), some), (some, ()), ((), ()), (some, some[:5]), (some[:5], some)):
        assert _said(rule, before, after) is Status.INCONCLUSIVE
    assert judge(rule, Samples(tuple(some)), Samples(nothing)).status in {Status.INCONCLUSIVE, Status.FAIL}


@settings(deadline=None)
@given(rows, rows)
def test_a_rate_is_always_answered_and_silence_is_not_health(
    before: list[tuple[int, int]], after: list[tuple[int, int]]
) -> None:
    assert _rate(before, after) in {Status.PASS, Status.FAIL, Status.INCONCLUSIVE}
    assert _rate(before, []) is Status.INCONCLUSIVE
    assert _rate(before, [(0, 0)] * 9) is Status.INCONCLUSIVE


@pytest.mark.parametrize("kind", KINDS)
def test_false_alarms_stay_within_alpha(kind: str) -> None:
    """200 runs without a change at alpha 0.01: six or more alarms would have a chance of one in sixty at most."""
    rule = MetricRule("m", kind, "both" if kind == "level" else "up")  # type: ignore[arg-type]  # of the allowed words
    alarms = 0
    for seed in range(200):
        dice = random.Random(seed)
        draw = [float(sum(dice.random() < 0.1 for _ in range(20))) for _ in range(45)]
        alarms += _said(rule, draw[:30], draw[30:]) is Status.FAIL
    assert alarms <= 5


def test_few_samples_cannot_exclude_a_doubling() -> None:
    rule = MetricRule("m", "latency")
    dice = random.Random(1)
    before = Samples(tuple(dice.lognormvariate(0, 1) for _ in range(60)))
    after = [dice.lognormvariate(0, 1) for _ in range(200)]
    assert not would_have_shown(rule, before, Samples((0.9, 1.1, 2.5)))
    assert would_have_shown(rule, before, Samples(tuple(after)))


def test_a_rate_needs_thirty_clean_events_to_exclude_a_tenth() -> None:
    rule, before = MetricRule("m", "rate"), Samples((0.0,), (500.0,))
    assert not would_have_shown(rule, before, Samples((0.0,), (20.0,)))
    assert would_have_shown(rule, before, Samples((0.0,), (30.0,)))
    assert not would_have_shown(rule, before, Samples((1.0,), (30.0,)))


def test_a_doubling_is_excluded_in_the_direction_that_is_worse() -> None:
    before = Samples(tuple(float(v) for v in range(90, 110)))
    halved = Samples(tuple(v / 2 for v in range(90, 110)))
    assert would_have_shown(MetricRule("m", "latency", "up"), before, halved)
    assert not would_have_shown(MetricRule("m", "latency", "down"), before, halved)
    assert would_have_shown(MetricRule("m", "latency", "both"), before, before)


def test_nothing_cannot_be_doubled() -> None:
    assert would_have_shown(MetricRule("m", "latency"), Samples((0.0,) * 9), Samples((0.0,) * 9))
