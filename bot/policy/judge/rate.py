"""Rates and counts: exact tests of how often something bad happens."""

import math

from bot.core.health import MetricRule
from bot.core.verdict import Verdict
from bot.policy.judge.exact import binomial_tail, hypergeometric_tail, log_evidence, log_likelihood
from bot.policy.judge.finding import Finding, conclude, ways
from bot.policy.judge.samples import Samples


def judge_rate(rule: MetricRule, baseline: Samples, candidate: Samples, alpha: float) -> Verdict:
    """Bad of total, by an e-process: its alarm is valid at every look, however often one looks.

    Evidence = (Jeffreys' mixture for either side) / (best single rate for both). Under equal rates it exceeds 1/alpha
    at any time with a chance of at most alpha (Ville). Source: Wasserman, Ramdas, Balakrishnan, Universal inference,
    PNAS 2020; Ramdas et al., Game-theoretic statistics and safe anytime-valid inference, 2023. A baseline that
    varies more than chance from row to row weakens the evidence by as much.
    """
    old, new = _sum(baseline), _sum(candidate)
    evidence = log_e(old, new) / max(1.0, _dispersion(baseline))
    chance = min(1.0, math.exp(-max(0.0, evidence)))
    was, now = old[0] / old[1], new[0] / new[1]
    findings = tuple(_rate_finding(way, old, new, chance) for way in ways(rule))
    # One e-process serves both directions: only the one that is seen carries evidence, so alpha is not shared.
    facts: dict[str, str | float] = {"baseline_rate": was, "candidate_rate": now, "log_evidence": evidence}
    return conclude(rule, findings, alpha * len(findings), facts)


def log_e(old: tuple[float, float], new: tuple[float, float]) -> float:
    """Logarithm of the e-value that two (bad, total) have different rates."""
    bad, total = old[0] + new[0], old[1] + new[1]
    return log_evidence(*old) + log_evidence(*new) - log_likelihood(bad, total, bad / total)


def _rate_finding(way: str, old: tuple[float, float], new: tuple[float, float], chance: float) -> Finding:
    (bad, total), (worse, tried) = (old, new) if way == "up" else ((old[1] - old[0], old[1]), (new[1] - new[0], new[1]))
    grew = worse / tried > bad / total
    rates = (old[0] / old[1], new[0] / new[1])
    effect = 0.0
    if grew:
        effect = (rates[1] - rates[0]) / rates[0] if rates[0] else math.inf
    hint = hypergeometric_tail(round(worse), round(tried), round(bad + worse), round(total + tried)) if grew else 1.0
    words = f"{new[0]:g} of {new[1]:g} ({rates[1]:.2%}) against {old[0]:g} of {old[1]:g} ({rates[0]:.2%})"
    return Finding(way, chance if grew else 1.0, hint, abs(effect), words)


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
