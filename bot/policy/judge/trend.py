"""Trends of a series whose neighbours resemble each other: by medians of blocks, so that spikes and bursts do not
make one."""

from collections.abc import Sequence
from itertools import combinations, pairwise
from statistics import median

from bot.policy.judge.exact import mann_kendall

BLOCKS = 12
"""Blocks of a window. Their medians resemble each other far less than single values do."""


def rise(values: Sequence[float]) -> float:
    """How much the values grow from the first to the last, by Theil's slope through the medians of their blocks.

    Source: Theil 1950; Sen, J. Am. Stat. Assoc. 1968.
    """
    return _slope(_blocks(values)) * (len(values) - 1)


def steepest(series: Sequence[float], width: int) -> float:
    """The largest rise of any window of `width` values, looked at every block's length."""
    starts = range(len(series) - width, -1, -max(1, width // BLOCKS))
    return max(rise(series[start : start + width]) for start in starts)


def accident(values: Sequence[float]) -> float:
    """Chance of a growth as unbroken as this if the order of the blocks meant nothing."""
    return mann_kendall([middle for _, middle in _blocks(values)])


def steady(values: Sequence[float], alpha: float) -> float:
    """Growth from one value to the next, or 0 where the series has no trend in one direction, or is too short."""
    if len(values) < BLOCKS:
        return 0.0
    slope = _slope(_blocks(values))
    return slope if accident(values if slope > 0 else [-v for v in values]) < alpha / 2 else 0.0


def _blocks(values: Sequence[float]) -> list[tuple[float, float]]:
    """Place and median of each block; the place of a block is its middle, counted in values."""
    count = min(BLOCKS, len(values))
    edges = [i * len(values) // count for i in range(count + 1)]
    return [((low + high - 1) / 2, median(values[low:high])) for low, high in pairwise(edges)]


def _slope(points: Sequence[tuple[float, float]]) -> float:
    slopes = [(after - before) / (later - sooner) for (sooner, before), (later, after) in combinations(points, 2)]
    return median(slopes) if slopes else 0.0
