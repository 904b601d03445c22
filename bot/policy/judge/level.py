"""Levels: a gauge or a time series, whose neighbours resemble each other, with spikes, bursts and daily waves.

The baseline is its own yardstick. What its windows have shown is normal, so nothing is assumed of its distribution;
the candidate is worse when one of its windows lies beyond that by a margin, and holds twice as many such values as
any window of the baseline did. Four widths, from a quarter of the baseline down, see drifts as well as bursts.
A window beyond by half the margin is only suspicious, but proof when the candidate grows towards it as the baseline
never did: a leak. A baseline that grows steadily by itself may go on: such a candidate is held against its trend too.
The margin is the normal deviate of alpha shared over the four widths, the trend, and the directions (3.09 for 0.01),
in robust standard deviations; no number here was fitted to data.
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from bot.core.health import MetricRule
from bot.core.verdict import Status, Verdict
from bot.policy.judge.exact import deviate, hypergeometric_tail
from bot.policy.judge.finding import ROBUST, SUSPICION, effect_of
from bot.policy.judge.samples import Samples
from bot.policy.judge.trend import BLOCKS, accident, rise, steady, steepest
from bot.policy.judge.windows import longest_constant, most_above, rolling_medians

Reach = Sequence[tuple[int, float]]
Found = tuple[Status, str]
PARTS = (4, 8, 12, 24)
"""Widths of windows, as parts of the baseline: six hours to one, where it is a day."""
TWICE = 2
"""The candidate must do this many times what the baseline did by itself."""


def judge_level(rule: MetricRule, baseline: Samples, candidate: Samples, alpha: float) -> Verdict:
    """FAIL: shifted, burst, leaking or frozen; INCONCLUSIVE: beyond what the baseline showed, by less; else PASS."""
    old, new = baseline.seen, candidate.seen
    found = [_direction(rule, sign, old, new, alpha) for sign in _signs(rule)]
    # Where only one direction is bad, standing still is not: an idle gauge may.
    found += [_frozen(old, new, alpha, rule.minimum)] if rule.worse == "both" else []
    status, words = max(found, key=lambda f: f[0])
    if status is Status.PASS:
        words = words or "no window beyond the baseline's own"
        words = f"not worse: median {median(old):.4g} -> {median(new):.4g}, {words}"
    else:
        words = f"{'worse' if status is Status.FAIL else 'suspicious, not proven'}: {words}"
    facts: dict[str, str | float] = {
        "baseline_median": median(old),
        "candidate_median": median(new),
        "margin": _margin(rule, old, alpha),
        "spread": _spread(old),
    }
    return Verdict(f"{rule.name} ({rule.kind})", status, words, facts=facts)


def _signs(rule: MetricRule) -> list[int]:
    return [sign for sign, way in ((1, "up"), (-1, "down")) if rule.worse in {way, "both"}]


def _direction(rule: MetricRule, sign: int, old: Sequence[float], new: Sequence[float], alpha: float) -> Found:
    """One direction, where a steady trend of the baseline may go on: the milder of with it and without it.

    A trend counts that is unbroken, and over the baseline larger than the margin of what is left without it.
    """
    said = _look(rule, sign, old, new, alpha)
    slope = 0.0 if said[0] is Status.PASS else steady(old, alpha)
    flat_old, flat_new = _without(slope, old, new)
    if sign * slope * len(old) <= _margin(rule, flat_old, alpha):
        return said
    status, words = _look(rule, sign, flat_old, flat_new, alpha)
    if status >= said[0]:
        return said
    trend = f"the baseline's trend ({slope:.3g} from value to value) goes on"
    return status, f"{trend}; with it taken off, {words}" if words else trend


def _look(rule: MetricRule, sign: int, old: Sequence[float], new: Sequence[float], alpha: float) -> Found:
    """One direction, with both sides as they are given."""
    margin, doubt, share = _margin(rule, old, alpha), _margin(rule, old, alpha, 0.5), alpha / len(_signs(rule))
    reach = _reach(sign, old, new, rule.minimum)
    proof = _shift(sign, old, new, reach, margin, chance=share)
    proof = proof or _outside(sign, old, new, margin, chance=share, least=rule.minimum)
    if proof:
        return Status.FAIL, proof
    suspect = _shift(sign, old, new, reach, doubt, chance=SUSPICION)
    leak = _leak(sign, old, new, margin, chance=share, least=rule.minimum) if suspect else ""
    if leak:
        return Status.FAIL, leak
    suspect = suspect or _outside(sign, old, new, margin, chance=SUSPICION, least=3)
    return (Status.INCONCLUSIVE, suspect) if suspect else (Status.PASS, "")


def _without(slope: float, old: Sequence[float], new: Sequence[float]) -> tuple[list[float], list[float]]:
    """Both sides less the baseline's trend, which goes on in the candidate; the middle of the baseline stays."""
    centre = (len(old) - 1) / 2
    flat = [value - slope * (i - centre) for i, value in enumerate([*old, *new])]
    return flat[: len(old)], flat[len(old) :]


def _spread(values: Sequence[float]) -> float:
    """A robust standard deviation that is never smaller than what such a metric can be read to."""
    middle = median(values)
    deviation = ROBUST * median(abs(value - middle) for value in values)
    return max(deviation, 0.05 * abs(middle), 0.01 * (max(values) - min(values)))


def _margin(rule: MetricRule, old: Sequence[float], alpha: float, part: float = 1.0) -> float:
    sides = 2 if rule.worse == "both" else 1
    share = min(0.4, alpha / (sides * (len(PARTS) + 1)))
    return max(part * deviate(share) * _spread(old), effect_of(rule) * abs(median(old)))


def _reach(sign: int, old: Sequence[float], new: Sequence[float], least: int) -> list[tuple[int, float]]:
    """For each width that fits both sides, the outermost median of any window of the baseline."""
    fits, before = min(len(old), len(new)), [sign * v for v in old]
    widths = sorted({max(least, len(old) // part) for part in PARTS}, reverse=True)
    return [(w, max(rolling_medians(before, w))) for w in [w for w in widths if w <= fits] or [fits]]


def _shift(sign: int, old: Sequence[float], new: Sequence[float], reach: Reach, margin: float, *, chance: float) -> str:
    """A window of the candidate that lies beyond every window of the baseline, if there is one."""
    before, after = [sign * v for v in old], [sign * v for v in new]
    for width, top in reach:
        bar = top + margin
        count = most_above(after, width, bar)
        if count <= width / 2 or count <= min(width - 1, TWICE * most_above(before, width, bar)):
            continue
        if _by_accident(count, width, before, bar, len(new)) < chance:
            beyond = "above" if sign > 0 else "below"
            return (
                f"{count} of {width} values in a row {beyond} {sign * bar:.4g}, which no window of the baseline reached"
            )
    return ""


def _leak(sign: int, old: Sequence[float], new: Sequence[float], margin: float, *, chance: float, least: int) -> str:
    """Whether the candidate's last window grew by the margin more than any window of the baseline, and by twice that.

    The window is as long as fits into the baseline twice, so that the baseline's own trends were seen, and each of its
    blocks holds `least` values: fewer, and neighbours that resemble each other make a trend of themselves.
    """
    width = min(len(new), len(old) // TWICE)
    before, after = [sign * v for v in old], [sign * v for v in new[len(new) - width :]]
    if width < least * BLOCKS or rise(after) <= margin or accident(after) >= chance:
        return ""
    grown, usual = rise(after), max(0.0, steepest(before, width))
    if grown <= max(usual + margin, TWICE * usual):
        return ""
    way = "rise" if sign > 0 else "fall"
    return f"a steady {way} of {grown:.4g} over {width} values; the baseline's own was at most {usual:.4g}"


def _by_accident(count: int, width: int, before: Sequence[float], bar: float, looked_at: int) -> float:
    """Chance of such a window if order meant nothing, over all disjoint windows: keeps small samples honest."""
    usual = sum(value > bar for value in before)
    return hypergeometric_tail(count, width, count + usual, width + len(before)) * math.ceil(looked_at / width)


def _outside(sign: int, old: Sequence[float], new: Sequence[float], margin: float, *, chance: float, least: int) -> str:
    """Whether more values than chance allows lie beyond everything the baseline ever showed."""
    bar = max(sign * v for v in old) + margin
    count = sum(sign * v > bar for v in new)
    n, m = len(old), len(new)
    odds = math.prod((m - i) / (n + m - i) for i in range(count))
    if count < least or odds >= chance:
        return ""
    return f"{count} of {m} values beyond {sign * bar:.4g}; the baseline's {n} never came near it (chance {odds:.2g})"


def _frozen(old: Sequence[float], new: Sequence[float], alpha: float, minimum: int) -> Found:
    """Whether the candidate repeats one value far longer than the baseline, at its rate of repeats, ever would.

    The chance of a run is predicted from the baseline's repeats with Jeffreys' prior. Real gauges rest longer now and
    then than that predicts, so that twice the baseline's longest run is needed as well.
    """
    run, usual = longest_constant(new), longest_constant(old)
    repeats = sum(a == b for a, b in pairwise(old))
    odds = len(new) * math.prod((repeats + 0.5 + i) / (len(old) + i) for i in range(run - 1))
    if run < max(minimum, len(old) // PARTS[-1]) or run <= TWICE * usual or odds >= alpha:
        return Status.PASS, ""
    return Status.FAIL, f"silent: the same value {run} times in a row (baseline: at most {usual})"
