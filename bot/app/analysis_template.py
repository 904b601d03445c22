"""The charter's health rules as the spec of an Argo Rollouts AnalysisTemplate.

Rollouts sees each look alone and judges by PromQL, so these are not the tests of `policy.judge`: they stop a rollout
early, and the watch after the merge decides about the commit.
Source: Argo Rollouts, features/analysis; NIST/SEMATECH e-Handbook of Statistical Methods, 7.3.3 (two proportions).
"""

import json
import math
from collections.abc import Mapping
from datetime import timedelta
from statistics import NormalDist
from typing import Any

from bot.adapters.scrape.source import BAD, MESSAGES
from bot.core.errors import Misconfigured
from bot.core.health import HealthPolicy, MetricRule
from bot.policy.health import WATCH

SPAN = "5m"
"""What one look covers."""
_LOOKS = 3
"""Scrape intervals between two looks."""
_REPLIES = "megawatts_reply_seconds"
_MEMORY = "process_resident_memory_bytes"
_INFO = 'megawatts_build_info{{job="{{{{args.job}}}}",revision{0}"{{{{args.revision}}}}"}}'
NEW, OLD = _INFO.format("="), _INFO.format("!=")
"""Processes of the new revision, and of all others behind the same service."""
_RATES: Mapping[str, tuple[str, str]] = {
    "messages": (f'outcome=~"{"|".join(BAD)}"', ""),
    "unanswered": ('outcome="unanswered"', f'outcome!~"{"|".join(BAD)}"'),
}
"""Labels of the bad ones and of all, by rule."""


def spec(policy: HealthPolicy) -> dict[str, Any]:
    """The template's spec; its arguments are `revision`, `prometheus` (an address) and `job`.

    A metric without an answer, or with fewer events than the rule's minimum, is neither good nor bad: at the deadline
    the rollout pauses for a person. Raises Misconfigured for a rule that is not translated.
    """
    looks = _looks(policy)
    return {
        "args": [{"name": "revision"}, {"name": "prometheus"}, {"name": "job"}],
        "dryRun": [{"metricName": _name(rule)} for rule in policy.rules if not rule.guard],
        "metrics": [_metric(policy, rule, looks) for rule in policy.rules],
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


def _question(rule: MetricRule, looks: int) -> tuple[str, str, int]:
    """Query, the largest answer that is well, and how many worse ones are forgiven."""
    if rule.kind == "rate" and rule.name in _RATES:
        # One tail for each look, so that all looks together raise a false alarm with the rule's chance.
        sides = 2 if rule.worse == "both" else 1
        return _rate(rule), f"{NormalDist().inv_cdf(1 - rule.alpha / looks / sides):.3f}", 0
    if rule.kind == "latency" and rule.name == "reply_seconds":
        replies = (_increase(f"{_REPLIES}_count", side) for side in (NEW, OLD))
        sums = (_increase(f"{_REPLIES}_sum", side) for side in (NEW, OLD))
        counts = tuple(replies)
        means = tuple(f"({total} / {count})" for total, count in zip(sums, counts, strict=True))
        return _guarded(rule, _noticed(rule, *means), counts), "0", max(1, rule.minimum) - 1
    if rule.kind == "level" and rule.name == "memory":
        levels = (f"avg(avg_over_time({_MEMORY}[{SPAN}]) and on (job, instance) {side}) / 1e6" for side in (NEW, OLD))
        return _noticed(rule, *(f"({level})" for level in levels)), "0", max(1, rule.minimum) - 1
    raise Misconfigured(
        f"the health rule {rule.name!r} ({rule.kind}) has no translation for Argo Rollouts; add it to {__name__}"
    )


def _increase(metric: str, side: str, labels: str = "") -> str:
    chosen = f"{{{labels}}}" if labels else ""
    return f"sum(increase({metric}{chosen}[{SPAN}]) and on (job, instance) {side})"


def _rate(rule: MetricRule) -> str:
    """The standard score of the difference of two shares, 0 where nobody would notice it."""
    bad, whole = _RATES[rule.name]
    all_new, all_old = (_increase(MESSAGES, side, whole) for side in (NEW, OLD))
    bad_new, bad_old = (_increase(MESSAGES, side, bad) for side in (NEW, OLD))
    pooled = f"(({bad_new} + {bad_old}) / ({all_new} + {all_old}))"
    error = f"sqrt(clamp_min({pooled} * (1 - {pooled}), 1e-9) * (1 / {all_new} + 1 / {all_old}))"
    new, old = f"({bad_new} / {all_new})", f"({bad_old} / {all_old})"
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
