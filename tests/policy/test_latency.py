"""How long a model usually takes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.policy.latency import ENOUGH, KEPT, Latency, late_after

SECONDS = st.floats(0.001, 100)


def seen(*seconds: float) -> Latency:
    latency = Latency()
    for one in seconds:
        latency = latency.seen(one)
    return latency


def test_the_average_follows_and_starts_at_the_first() -> None:
    assert seen(4.0).average == 4.0
    assert seen(4.0, 9.0).average == pytest.approx(5.0)


def test_a_percentile_needs_enough_values() -> None:
    assert seen(*[1.0] * (ENOUGH - 1)).percentile(0.95) is None
    assert seen(*[1.0] * ENOUGH).percentile(0.95) == 1.0


def test_the_ninety_fifth_of_a_hundredth_steps_is_nearly_the_greatest() -> None:
    values = [number / 10 for number in range(1, 21)]
    assert seen(*values).percentile(0.95) == 1.9
    assert seen(*values).percentile(1.0) == 2.0
    assert seen(*values).percentile(0.5) == 1.0


def test_only_the_recent_count() -> None:
    latency = seen(*[50.0] * KEPT, *[1.0] * KEPT)
    assert latency.percentile(1.0) == 1.0
    assert len(latency.recent) == KEPT


def test_late_is_the_usual_or_a_guess_within_bounds() -> None:
    assert late_after(Latency(), 8.0, 30.0) == 8.0
    assert late_after(seen(*[2.0] * 10), 8.0, 30.0) == 2.0
    assert late_after(seen(*[0.001] * 10), 8.0, 30.0) == 0.25
    assert late_after(seen(*[90.0] * 10), 8.0, 30.0) == 30.0


@given(st.lists(SECONDS, min_size=ENOUGH, max_size=KEPT), st.floats(0.01, 1.0))
def test_a_percentile_is_a_value_that_so_many_do_not_exceed(values: list[float], share: float) -> None:
    found = seen(*values).percentile(share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values) - 1e-6
    assert min(values) <= seen(*values).average <= max(values) + 1e-9
