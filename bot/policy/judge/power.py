"""Whether a change that matters would have shown by now: without that, no news is no good news."""

from bot.core.health import MetricRule
from bot.policy.judge.exact import binomial_tail, mann_whitney
from bot.policy.judge.finding import SUSPICION
from bot.policy.judge.samples import Samples

TENTH = 0.1
"""The rate of bad events that a PASS excludes, however good the baseline is."""


def would_have_shown(rule: MetricRule, baseline: Samples, candidate: Samples) -> bool:
    """Whether the samples speak against a doubling for the worse (of a rate: against a tenth at least).

    For levels and counts the number of samples answers for it: their tests see a doubling at once or never.
    """
    if rule.kind == "latency":
        return all(
            _latency(way, baseline.seen, candidate.seen) for way in ("up", "down") if rule.worse in {way, "both"}
        )
    return rule.kind != "rate" or rule.worse == "down" or _rate(baseline, candidate)


def _latency(way: str, before: list[float], after: list[float]) -> bool:
    if not any(before):
        return True
    if way == "up":
        return mann_whitney(sorted(after), sorted(2 * v for v in before)) < SUSPICION
    return mann_whitney(sorted(v / 2 for v in before), sorted(after)) < SUSPICION


def _rate(baseline: Samples, candidate: Samples) -> bool:
    bad, total = (sum(column) for column in zip(*baseline.rows, strict=True))
    wrong, tried = (sum(column) for column in zip(*candidate.rows, strict=True))
    feared = min(0.99, max(TENTH, 2 * bad / total))
    return 1 - binomial_tail(round(wrong) + 1, round(tried), feared) < SUSPICION
