"""Levels: a gauge or a time series, whose neighbours resemble each other, with spikes, bursts and daily waves.

The baseline is its own yardstick. What its windows have shown is normal, so nothing is assumed of its distribution;
the candidate is worse when one of its windows lies beyond that by a margin, and holds twice as many such values as
any window of the baseline did. Four widths, from a quarter of the baseline down, see drifts as well as bursts.
The margin is the normal deviate of alpha shared over widths and directions (3.02 for 0.01), in robust standard
deviations; no number here was fitted to data.
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
from bot.policy.judge.windows import longest_constant, most_above, rolling_medians

Reach = Sequence[tuple[int, float]]
PARTS = (4, 8, 12, 24)
"""Widths of windows, as parts of the baseline: six hours to one, where it is a day."""
TWICE = 2
"""The candidate must do this many times what the baseline did by itself."""


def judge_level(rule: MetricRule, baseline: Samples, candidate: Samples, alpha: float) -> Verdict:
    """FAIL: shifted, burst or frozen; INCONCLUSIVE: several values beyond all that the baseline showed; else PASS."""
    old, new = baseline.seen, candidate.seen
    name, margin, doubt = f"{rule.name} ({rule.kind})", _margin(rule, old, alpha), _margin(rule, old, alpha, 0.5)
    facts: dict[str, str | float] = {
        "baseline_median": median(old),
        "candidate_median": median(new),
        "margin": margin,
        "spread": _spread(old),
    }
    share = alpha / (2 if rule.worse == "both" else 1)
    directions = [sign for sign, way in ((1, "up"), (-1, "down")) if rule.worse in {way, "both"}]
    reach = {sign: _reach(sign, old, new, rule.minimum) for sign in directions}
    reasons = [_shift(sign, old, new, reach[sign], margin, chance=share) for sign in directions]
    reasons += [_outside(sign, old, new, margin, chance=share, least=rule.minimum) for sign in directions]
    # Where only one direction is bad, standing still is not: an idle gauge may.
    reasons += [_frozen(old, new, alpha, rule.minimum)] if rule.worse == "both" else []
    if any(reasons):
        return Verdict(name, Status.FAIL, "worse: " + next(filter(None, reasons)), facts=facts)
    doubts = [_shift(sign, old, new, reach[sign], doubt, chance=SUSPICION) for sign in directions]
    doubts += [_outside(sign, old, new, margin, chance=SUSPICION, least=3) for sign in directions]
    if any(doubts):
        because = f"suspicious, not proven: {next(filter(None, doubts))}"
        return Verdict(name, Status.INCONCLUSIVE, because, facts=facts)
    because = f"not worse: median {median(old):.4g} -> {median(new):.4g}, no window beyond the baseline's own"
    return Verdict(name, Status.PASS, because, facts=facts)


def _spread(values: Sequence[float]) -> float:
    """A robust standard deviation that is never smaller than what such a metric can be read to."""
    middle = median(values)
    deviation = ROBUST * median(abs(value - middle) for value in values)
    return max(deviation, 0.05 * abs(middle), 0.01 * (max(values) - min(values)))


def _margin(rule: MetricRule, old: Sequence[float], alpha: float, part: float = 1.0) -> float:
    sides = 2 if rule.worse == "both" else 1
    share = min(0.4, alpha / (sides * len(PARTS)))
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


def _frozen(old: Sequence[float], new: Sequence[float], alpha: float, minimum: int) -> str:
    """Whether the candidate repeats one value far longer than the baseline, at its rate of repeats, ever would.

    The chance of a run is predicted from the baseline's repeats with Jeffreys' prior.
    """
    run, usual = longest_constant(new), longest_constant(old)
    repeats = sum(a == b for a, b in pairwise(old))
    odds = len(new) * math.prod((repeats + 0.5 + i) / (len(old) + i) for i in range(run - 1))
    if run < max(minimum, len(old) // PARTS[-1]) or run <= TWICE * usual or odds >= alpha:
        return ""
    return f"silent: the same value {run} times in a row (baseline: at most {usual})"
