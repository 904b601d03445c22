"""Faults put into clean windows, and the naive rules that the judge is compared with."""

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist, fmean, median, pstdev

from bot.policy.judge.windows import rolling_medians

Series = Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Window:
    """One deploy cut from a real series: a day before, half a day after."""

    series: str
    bad: bool
    before: tuple[float, ...]
    after: tuple[float, ...]
    deviation: float
    """1.4826 MAD of the baseline, at least 5% of its median and 1% of the range of the whole series."""
    varies: bool
    """Whether the MAD is not zero."""


def windows(rows: Sequence[Mapping[str, object]]) -> list[Window]:
    """The data set's rows as windows."""
    spans: dict[str, tuple[float, float]] = {}
    for row in rows:
        name, values = str(row["series"]), [*_floats(row["baseline"]), *_floats(row["after"])]
        low, high = spans.get(name, (math.inf, -math.inf))
        spans[name] = min(low, *values), max(high, *values)
    return [_window(row, spans[str(row["series"])]) for row in rows]


def _floats(values: object) -> list[float]:
    assert isinstance(values, list)
    return [float(value) for value in values]


def _window(row: Mapping[str, object], span: tuple[float, float]) -> Window:
    before = _floats(row["baseline"])
    middle = median(before)
    spread = 1.4826 * median(abs(value - middle) for value in before)
    deviation = max(spread, 0.05 * abs(middle), 0.01 * (span[1] - span[0]))
    after = tuple(_floats(row["after"]))
    return Window(str(row["series"]), row["label"] == "bad", tuple(before), after, deviation, spread > 0)


def _add(window: Window, shape: Callable[[int], float]) -> Series:
    return [value + window.deviation * shape(i) for i, value in enumerate(window.after)]


def _burst(window: Window, length: int) -> Series:
    start = random.Random(repr(window.after)).randrange(len(window.after) - length)
    return _add(window, lambda i: 10.0 if start <= i < start + length else 0.0)


def _from_half(window: Window, value: float | None) -> Series:
    half = len(window.after) // 2
    return [v if i < half else value for i, v in enumerate(window.after)]


def _ramp(window: Window, sign: int) -> Series:
    half = len(window.after) // 2
    return _add(window, lambda i: sign * 8 * min(1.0, i / half))


FAULTS: Mapping[str, Callable[[Window], Series]] = {
    "step up, 5 sd": lambda w: _add(w, lambda _: 5.0),
    "step down, 5 sd": lambda w: _add(w, lambda _: -5.0),
    "ramp up to 8 sd over half the window": lambda w: _ramp(w, 1),
    "ramp down to 8 sd over half the window": lambda w: _ramp(w, -1),
    "burst of 10 sd, 24 values": lambda w: _burst(w, 24),
    "burst of 10 sd, 12 values": lambda w: _burst(w, 12),
    "silence: no answers from half-way on": lambda w: _from_half(w, None),
    "silence: zeros from half-way on": lambda w: _from_half(w, 0.0),
    "silence: the last value repeated": lambda w: _from_half(w, w.after[len(w.after) // 2 - 1]),
    "leak to 8 sd at the end": lambda w: _add(w, lambda i: 8 * i / len(w.after)),
    "leak to 5 sd at the end": lambda w: _add(w, lambda i: 5 * i / len(w.after)),
}


def beyond_three_deviations(before: Sequence[float], after: Series) -> bool:
    """Naive: any value beyond mean and three standard deviations."""
    middle, spread = fmean(before), pstdev(before)
    return any(v is not None and abs(v - middle) > 3 * spread for v in after)


def ranks_differ(before: Sequence[float], after: Series) -> bool:
    """Naive: Mann-Whitney, two-sided p < 0.05, corrected for ties, which takes neighbours for independent."""
    pool = sorted([(v, 0) for v in before] + [(v, 1) for v in after if v is not None])
    n, m = len(before), len(pool) - len(before)
    ranks, ties, i = 0.0, 0, 0
    while i < len(pool):
        j = i
        while j < len(pool) and pool[j][0] == pool[i][0]:
            j += 1
        ranks += (i + j + 1) / 2 * sum(side for _, side in pool[i:j])
        ties += (j - i) ** 3 - (j - i)
        i = j
    whole = n + m
    variance = n * m / 12 * (whole + 1 - ties / (whole * (whole - 1))) if m else 0.0
    if not variance:
        return False
    return 2 * (1 - NormalDist().cdf(abs(ranks - m * (whole + 1) / 2) / math.sqrt(variance))) < 0.05


def rolling_median_moves(before: Sequence[float], after: Series) -> bool:
    """Naive: a 72-value rolling median more than three robust standard deviations from the baseline's median."""
    seen = [v for v in after if v is not None]
    middle = median(before)
    spread = 1.4826 * median(abs(v - middle) for v in before)
    return any(abs(m - middle) > 3 * spread for m in rolling_medians(seen, min(72, len(seen)))) if seen else False


NAIVE: Mapping[str, Callable[[Sequence[float], Series], bool]] = {
    "mean and 3 sd": beyond_three_deviations,
    "Mann-Whitney, p < 0.05": ranks_differ,
    "72-value rolling median, 3 robust sd": rolling_median_moves,
}


def wilson(hits: int, of: int) -> str:
    """A share with its 95% interval. Source: Wilson 1927."""
    if not of:
        return "none"
    p, z = hits / of, 1.96
    centre, half = p + z * z / (2 * of), z * math.sqrt(p * (1 - p) / of + z * z / (4 * of * of))
    low, high = (centre - half) / (1 + z * z / of), (centre + half) / (1 + z * z / of)
    return f"{p:.3f} ({max(0.0, low):.3f}-{min(1.0, high):.3f})"
