"""Statistics over every window of a series."""

from bisect import bisect_left, insort
from collections.abc import Sequence
from itertools import pairwise


def rolling_medians(series: Sequence[float], width: int) -> list[float]:
    """The median of each run of `width` neighbours, in order."""
    ordered = sorted(series[:width])
    medians = [_middle(ordered)]
    for leaves, comes in zip(series, series[width:], strict=False):
        del ordered[bisect_left(ordered, leaves)]
        insort(ordered, comes)
        medians.append(_middle(ordered))
    return medians


def most_above(series: Sequence[float], width: int, bar: float) -> int:
    """How many values of any one window lie above the bar, at most."""
    above = [value > bar for value in series]
    best = now = sum(above[:width])
    for leaves, comes in zip(above, above[width:], strict=False):
        now += comes - leaves
        best = max(best, now)
    return best


def longest_constant(series: Sequence[float]) -> int:
    """Length of the longest run of one and the same value."""
    best = now = 1 if series else 0
    for before, after in pairwise(series):
        now = now + 1 if after == before else 1
        best = max(best, now)
    return best


def _middle(ordered: Sequence[float]) -> float:
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2
