"""Latencies: rank tests of the middle and of the tail, and a smallest change that counts."""

from collections.abc import Sequence

from bot.core.health import MetricRule
from bot.core.verdict import Verdict
from bot.policy.judge.exact import mann_whitney, precedence
from bot.policy.judge.finding import Finding, conclude, ways
from bot.policy.judge.samples import Samples

MIDDLE, TAIL = 0.5, 0.1


def judge_latency(rule: MetricRule, baseline: Samples, candidate: Samples, alpha: float) -> Verdict:
    """Half of alpha goes to the whole (Mann-Whitney), a quarter each to the upper half and the upper tenth (exact)."""
    findings = tuple(_test(way, rule.floor, baseline.seen, candidate.seen) for way in ways(rule))
    facts: dict[str, str | float] = {
        "baseline_median": quantile(sorted(baseline.seen), MIDDLE),
        "candidate_median": quantile(sorted(candidate.seen), MIDDLE),
    }
    return conclude(rule, findings, alpha, facts)


def quantile(ordered: Sequence[float], upper: float) -> float:
    """The value that the upper share begins with, half-way between neighbours for the median of an even number."""
    if upper == MIDDLE:
        half = len(ordered) // 2
        return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2
    return ordered[min(len(ordered) - 1, int((1 - upper) * len(ordered)))]


def _test(way: str, floor: float, before: Sequence[float], after: Sequence[float]) -> Finding:
    sign = 1 if way == "up" else -1
    old, new = sorted(sign * v for v in before), sorted(sign * v for v in after)
    middle, tail, whole = precedence(old, new, MIDDLE), precedence(old, new, TAIL), mann_whitney(old, new)
    chance = min(1.0, 4 * middle, 4 * tail, 2 * whole)
    typical = abs(quantile(old, MIDDLE))
    moved = [quantile(new, share) - quantile(old, share) for share in (MIDDLE, TAIL)]
    effects = [
        _relative(by, max(typical, abs(quantile(old, share)))) for by, share in zip(moved, (MIDDLE, TAIL), strict=True)
    ]
    words = (
        f"median {quantile(sorted(before), MIDDLE):.4g} -> {quantile(sorted(after), MIDDLE):.4g}, "
        f"outer tenth {sign * quantile(old, TAIL):.4g} -> {sign * quantile(new, TAIL):.4g} (chance {chance:.2g})"
    )
    felt = [effect if by >= floor else 0.0 for effect, by in zip(effects, moved, strict=True)]
    return Finding(way, chance, middle, max(felt), words)


def _relative(change: float, of: float) -> float:
    if change <= 0:
        return 0.0
    return change / of if of else float("inf")
