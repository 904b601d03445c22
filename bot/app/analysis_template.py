"""The charter's health rules as the spec of an Argo Rollouts AnalysisTemplate.

Rollouts sees each look alone and judges by PromQL, so these are not the tests of `policy.judge`: they stop a rollout
early, and the watch after the merge decides about the commit.
Source: Argo Rollouts, features/analysis; NIST/SEMATECH e-Handbook of Statistical Methods, 7.3.3 (two proportions).
"""

import json
import math
from datetime import timedelta
from statistics import NormalDist
from typing import Any

from bot.adapters.prometheus.queries import BUILD, TARGET
from bot.core.errors import Misconfigured
from bot.core.health import HealthPolicy, MetricRule
from bot.policy.figures import Figure, Level, Mean, Part, Share, figure_of
from bot.policy.health import WATCH

SPAN = "5m"
"""What one look covers."""
_LOOKS = 3
"""Scrape intervals between two looks."""
NEW, OLD = (f'{BUILD}{{job="{{{{args.job}}}}",revision{sign}"{{{{args.revision}}}}"}}' for sign in ("=", "!="))
"""Processes of the new revision, and of all others behind the same service."""


def spec(policy: HealthPolicy) -> dict[str, Any]:
    """The template's spec; its arguments are `revision`, `prometheus` (an address) and `job`.

    A metric without an answer, or with fewer events than the rule's minimum, is neither good nor bad: at the deadline
    the rollout pauses for a person. Beside each rule stand the values of the new revision and of the others, which
    decide nothing: so that the run itself tells what was compared. Raises Misconfigured for a rule that is not
    translated.
    """
    looks = _looks(policy)
    told = [one for rule in policy.rules for one in _told(policy, rule, looks)]
    loose = [_name(rule) for rule in policy.rules if not rule.guard] + [str(one["name"]) for one in told]
    return {
        "args": [{"name": "revision"}, {"name": "prometheus"}, {"name": "job"}],
        "dryRun": [{"metricName": name} for name in loose],
        "metrics": [*(_metric(policy, rule, looks) for rule in policy.rules), *told],
    }


def text(policy: HealthPolicy) -> str:
    """The spec as JSON, which is YAML as well."""
    return json.dumps(spec(policy), indent=2) + "\n"


def _looks(policy: HealthPolicy) -> int:
    return max(1, int(policy.deadline / (_LOOKS * policy.interval)))


def _metric(policy: HealthPolicy, rule: MetricRule, looks: int) -> dict[str, Any]:
    wanted = min(looks, WATCH * max(1, rule.minimum))
    query, limit, failures = _question(rule, looks)
    return {
        "name": _name(rule),
        "initialDelay": _seconds(policy.warm_up),
        "interval": _seconds(_LOOKS * policy.interval),
        "count": looks,
        # With so many looks that say nothing, too few are left for a success.
        "inconclusiveLimit": looks - wanted,
        "consecutiveSuccessLimit": wanted,
        "failureLimit": failures,
        "successCondition": f"len(result) > 0 && result[0] <= {limit}",
        "failureCondition": f"len(result) > 0 && result[0] > {limit}",
        "provider": {"prometheus": {"address": "{{args.prometheus}}", "query": query}},
    }


def _told(policy: HealthPolicy, rule: MetricRule, looks: int) -> list[dict[str, Any]]:
    """The values that a rule compares. Without conditions each answer is a success (Argo Rollouts, analysis)."""
    figure = figure_of(rule)
    if figure is None:
        return []
    return [
        {
            "name": f"{_name(rule)}-{side}",
            "initialDelay": _seconds(policy.warm_up),
            "interval": _seconds(_LOOKS * policy.interval),
            "count": looks,
            "consecutiveSuccessLimit": min(looks, WATCH * max(1, rule.minimum)),
            "provider": {"prometheus": {"address": "{{args.prometheus}}", "query": _value(figure, where)}},
        }
        for side, where in (("new", NEW), ("old", OLD))
    ]


def _question(rule: MetricRule, looks: int) -> tuple[str, str, int]:
    """Query, the largest answer that is well, and how many worse ones are forgiven."""
    figure = figure_of(rule)
    if figure is None:
        raise Misconfigured(f"the health rule {rule.name!r} ({rule.kind}) is of no metric that Prometheus is asked for")
    if isinstance(figure, Share):
        # One tail for each look, so that all looks together raise a false alarm with the rule's chance.
        sides = 2 if rule.worse == "both" else 1
        return _rate(rule, figure), f"{NormalDist().inv_cdf(1 - rule.alpha / looks / sides):.3f}", 0
    new, old = (_value(figure, side) for side in (NEW, OLD))
    sizes = tuple(_increase(figure.count, side) for side in (NEW, OLD)) if isinstance(figure, Mean) else ()
    return _guarded(rule, _noticed(rule, new, old), sizes), "0", max(1, rule.minimum) - 1


def _value(figure: Figure, side: str) -> str:
    if isinstance(figure, Level):
        return f"(avg(avg_over_time({_series(figure.gauge)}[{SPAN}]) {_of(side)}) * {figure.scale:g})"
    first, second = (figure.bad, figure.total) if isinstance(figure, Share) else (figure.total, figure.count)
    return f"({_increase(first, side)} / {_increase(second, side)})"


def _increase(part: Part, side: str) -> str:
    return f"sum(increase({_series(part)}[{SPAN}]) {_of(side)})"


def _of(side: str) -> str:
    return f"and on ({', '.join(TARGET)}) {side}"


def _series(part: Part) -> str:
    return f'{part.name}{{{part.label}=~"{"|".join(part.values)}"}}' if part.label else part.name


def _rate(rule: MetricRule, figure: Share) -> str:
    """The standard score of the difference of two shares, 0 where nobody would notice it."""
    all_new, all_old = (_increase(figure.total, side) for side in (NEW, OLD))
    bad_new, bad_old = (_increase(figure.bad, side) for side in (NEW, OLD))
    pooled = f"(({bad_new} + {bad_old}) / ({all_new} + {all_old}))"
    error = f"sqrt(clamp_min({pooled} * (1 - {pooled}), 1e-9) * (1 / {all_new} + 1 / {all_old}))"
    new, old = (_value(figure, side) for side in (NEW, OLD))
    score = f"({_directed(rule, f'({new} - {old})')} / {error})"
    return _guarded(rule, f"{score} * {_noticed(rule, new, old)}", (all_new, all_old))


def _guarded(rule: MetricRule, query: str, sizes: tuple[str, ...]) -> str:
    return " and ".join((f"({query})", *(f"({size} >= {rule.minimum})" for size in sizes)))


def _noticed(rule: MetricRule, new: str, old: str) -> str:
    """1 where the new one is worse by more than effect and floor, else 0."""
    worse = _directed(rule, f"({new} - {old})")
    return f"({worse} > bool {rule.floor:g}) * ({worse} > bool {rule.effect:g} * {old})"


def _directed(rule: MetricRule, difference: str) -> str:
    return {"up": difference, "down": f"(-1 * {difference})", "both": f"abs({difference})"}[rule.worse]


def _name(rule: MetricRule) -> str:
    return rule.name.replace("_", "-")


def _seconds(span: timedelta) -> str:
    return f"{math.ceil(span.total_seconds())}s"
