"""Rates and counts: exact tests of how often something bad happens."""

import math

from bot.core.health import MetricRule
from bot.core.verdict import Verdict
from bot.policy.judge.exact import binomial_tail, hypergeometric_tail, log_evidence, log_likelihood
from bot.policy.judge.finding import Finding, conclude, ways
from bot.policy.judge.samples import Samples


def judge_rate(rule: MetricRule, baseline: Samples, candidate: Samples, alpha: float) -> Verdict:
    """Bad of total: half of the rule's alpha goes to an e-process, half of `alpha` to Fisher's exact test.

    Evidence = (Jeffreys' mixture for either side) / (best single rate for both). Under equal rates it exceeds 1/a at
    any time with a chance of at most a (Ville), however often one looks, so it needs no spending; Fisher's test is
    stronger at one look. Source: Wasserman, Ramdas, Balakrishnan, Universal inference, PNAS 2020. A baseline that
    varies more than chance from row to row weakens both by as much.
    """
    old, new = _sum(baseline), _sum(candidate)
    thin = max(1.0, _dispersion(baseline))
    evidence = log_e(old, new) / thin
    anytime = math.exp(-max(0.0, evidence)) * alpha / rule.alpha
    findings = tuple(_rate_finding(way, old, new, thin, anytime) for way in ways(rule))
    facts: dict[str, str | float] = {
        "baseline_rate": old[0] / old[1],
        "candidate_rate": new[0] / new[1],
        "log_evidence": evidence,
    }
    return conclude(rule, findings, alpha, facts)


def log_e(old: tuple[float, float], new: tuple[float, float]) -> float:
    """Logarithm of the e-value that two (bad, total) have different rates."""
    bad, total = old[0] + new[0], old[1] + new[1]
    return log_evidence(*old) + log_evidence(*new) - log_likelihood(bad, total, bad / total)


def _rate_finding(way: str, old: tuple[float, float], new: tuple[float, float], thin: float, anytime: float) -> Finding:
    was, now = old[0] / old[1], new[0] / new[1]
    change = now - was if way == "up" else was - now
    words = f"{new[0]:g} of {new[1]:g} ({now:.2%}) against {old[0]:g} of {old[1]:g} ({was:.2%})"
    if change <= 0:
        return Finding(way, 1.0, 1.0, 0.0, words)
    effect = change / was if was else math.inf
    exact = _fisher(way, old, new, thin)
    return Finding(way, min(1.0, 2 * exact, 2 * anytime), exact, effect, f"{words} (chance {exact:.2g})")


def _fisher(way: str, old: tuple[float, float], new: tuple[float, float], thin: float) -> float:
    """One-sided, on whole events, rounded in favour of the candidate."""
    more, less = (new, old) if way == "up" else (old, new)
    hits, tried = math.floor(more[0] / thin), math.floor(more[1] / thin)
    usual, of = math.ceil(less[0] / thin), max(math.ceil(less[0] / thin), math.floor(less[1] / thin))
    return hypergeometric_tail(hits, tried, hits + usual, tried + of)


def judge_count(rule: MetricRule, baseline: Samples, candidate: Samples, alpha: float) -> Verdict:
    """Sparse events in equal intervals: given their sum, the candidate's share is binomial.

    Source: Przyborowski, Wilenski, Biometrika 1940.
    A baseline that varies more than a Poisson count does is thinned by its index of dispersion first.
    """
    old, new = baseline.seen, candidate.seen
    thin = max(1.0, _index(old))
    findings = tuple(_count_finding(way, old, new, thin) for way in ways(rule))
    facts: dict[str, str | float] = {"baseline_mean": sum(old) / len(old), "candidate_mean": sum(new) / len(new)}
    return conclude(rule, findings, alpha, facts)


def _count_finding(way: str, old: list[float], new: list[float], thin: float) -> Finding:
    was, now = sum(old) / len(old), sum(new) / len(new)
    share = len(new) / (len(new) + len(old))
    before, after = sum(old) / thin, sum(new) / thin
    whole = math.ceil(before) + math.floor(after) if way == "up" else math.floor(before) + math.ceil(after)
    if way == "up":
        chance = binomial_tail(math.floor(after), whole, share)
    else:
        chance = binomial_tail(math.floor(before), whole, 1 - share)
    change = now - was if way == "up" else was - now
    effect = 0.0 if change <= 0 else (change / was if was else math.inf)
    words = f"{sum(new):g} in {len(new)} intervals against {sum(old):g} in {len(old)} (chance {chance:.2g})"
    return Finding(way, chance, chance, effect, words)


def _sum(side: Samples) -> tuple[float, float]:
    return sum(bad for bad, _ in side.rows), sum(total for _, total in side.rows)


def _dispersion(side: Samples) -> float:
    """Pearson's chi-square over its degrees of freedom: 1 for independent events, more where they come in bursts."""
    bad, total = _sum(side)
    rows = [(b, t) for b, t in side.rows if t > 0]
    if len(rows) < 2 or bad in {0, total}:
        return 1.0
    rate = bad / total
    return sum((b - t * rate) ** 2 / (t * rate * (1 - rate)) for b, t in rows) / (len(rows) - 1)


def _index(values: list[float]) -> float:
    mean = sum(values) / len(values)
    if not mean or len(values) < 2:
        return 1.0
    return sum((v - mean) ** 2 for v in values) / (len(values) - 1) / mean
