"""The one entrance to the judge: checks that there is enough to judge, then asks the test of that kind."""

from collections.abc import Callable, Mapping

from bot.core.health import MetricKind, MetricRule
from bot.core.verdict import Status, Verdict
from bot.policy.judge.latency import judge_latency
from bot.policy.judge.level import judge_level
from bot.policy.judge.rate import judge_count, judge_rate
from bot.policy.judge.samples import Samples, silence

Test = Callable[[MetricRule, Samples, Samples, float], Verdict]
TESTS: Mapping[MetricKind, Test] = {
    "latency": judge_latency,
    "level": judge_level,
    "rate": judge_rate,
    "count": judge_count,
}


def judge(rule: MetricRule, baseline: Samples, candidate: Samples, *, alpha: float | None = None) -> Verdict:
    """Whether the candidate is worse than the baseline. PASS, FAIL or INCONCLUSIVE; total, pure, and never raises.

    `alpha` replaces the rule's, for a caller who looks more than once. Too few samples on either side are
    INCONCLUSIVE, but a candidate that fell silent where the baseline reported is FAIL.
    """
    name = f"{rule.name} ({rule.kind})"
    facts: dict[str, str | float] = {
        "baseline_samples": size(rule, baseline),
        "candidate_samples": size(rule, candidate),
    }
    silent = silence(baseline, candidate, rule.minimum)
    if silent:
        return Verdict(name, Status.FAIL, f"silent: {silent}", facts=facts)
    for side, samples in (("baseline", baseline), ("candidate", candidate)):
        count = size(rule, samples)
        if count < max(1, rule.minimum):
            because = f"no data from the {side}" if not count else f"only {count:g} samples from the {side}"
            return Verdict(name, Status.INCONCLUSIVE, f"{because}; at least {rule.minimum} are needed", facts=facts)
    found = TESTS[rule.kind](rule, baseline, candidate, rule.alpha if alpha is None else alpha)
    return Verdict(found.name, found.status, found.because, facts={**facts, **found.facts})


def size(rule: MetricRule, samples: Samples) -> float:
    """How much one side holds: events for a rate, answered values for the others."""
    return sum(total for _, total in samples.rows) if rule.kind == "rate" else float(len(samples.seen))
