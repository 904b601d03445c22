"""What one test found, and how findings become a verdict."""

from dataclasses import dataclass

from bot.core.health import MetricRule
from bot.core.verdict import Status, Verdict

SUSPICION = 0.1
"""A tail chance below which what was seen is not called healthy, though it is no proof."""
EFFECT = 0.05
"""Smallest relative change that counts where a rule names none: few metrics are measured better than a twentieth."""
ROBUST = 1.4826
"""Turns a median absolute deviation into a standard deviation of normal data."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One direction, tested. `chance`: of so much by accident, all tests of this kind counted in (1: no evidence)."""

    way: str
    chance: float
    hint: float
    """The strongest single test's chance: enough for suspicion, not for blame."""
    effect: float
    """Relative change for the worse; infinite against nothing."""
    words: str


def effect_of(rule: MetricRule) -> float:
    """The smallest change that counts: the rule's, or a twentieth where it names none."""
    return rule.effect or EFFECT


def ways(rule: MetricRule) -> tuple[str, ...]:
    """The directions to test."""
    return ("up", "down") if rule.worse == "both" else (rule.worse,)


def conclude(rule: MetricRule, findings: tuple[Finding, ...], alpha: float, facts: dict[str, str | float]) -> Verdict:
    """FAIL on proof and effect; INCONCLUSIVE on a suspicion of twice the effect; else PASS. Directions share alpha."""
    least = effect_of(rule)
    lead = min(findings, key=lambda f: (f.chance if f.effect >= least else 2.0, f.hint))
    facts = {**facts, "chance": lead.chance, "alpha": alpha, "effect": _finite(lead.effect), "least_effect": least}
    name = f"{rule.name} ({rule.kind})"
    if lead.effect >= least and lead.chance * len(findings) < alpha:
        return Verdict(name, Status.FAIL, f"worse: {lead.words}", facts=facts)
    if any(f.hint < SUSPICION and f.effect >= 2 * least for f in findings):
        worst = min((f for f in findings if f.effect >= 2 * least), key=lambda f: f.hint)
        because = f"suspicious, not proven: {worst.words}; more samples are needed"
        return Verdict(name, Status.INCONCLUSIVE, because, facts=facts)
    return Verdict(name, Status.PASS, f"not worse: {lead.words}", facts=facts)


def _finite(number: float) -> float | str:
    return number if abs(number) < float("inf") else "infinite"
