"""The charter's health rules as Argo Rollouts is told them."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import promql_parser
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.app.analysis_template import spec, text
from bot.core.errors import Misconfigured
from bot.core.health import HealthPolicy, MetricRule
from bot.policy.charter import parse
from bot.policy.figures import FIGURES, figure_of
from bot.policy.health import WATCH

CHARTER = Path(__file__).parents[2] / ".github" / "charter.toml"
KINDS: tuple[Literal["rate", "latency", "level", "count"], ...] = ("rate", "latency", "level", "count")
RULES = [rule for name in FIGURES for kind in KINDS if figure_of(rule := MetricRule(name, kind))]
RATE = MetricRule("messages", "rate")


def metric(rule: MetricRule, **policy: Any) -> dict[str, Any]:
    found, *_told = spec(HealthPolicy((rule,), **policy))["metrics"]
    return dict(found)


def query(rule: MetricRule) -> str:
    text = str(metric(rule)["provider"]["prometheus"]["query"])
    return text.replace("{{args.job}}", "bot").replace("{{args.revision}}", "abc")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.name} as {rule.kind}")
def test_a_query_is_promql_and_asks_both_revisions(rule: MetricRule) -> None:
    for worse in ("up", "down", "both"):
        asked = query(replace(rule, worse=worse))  # type: ignore[arg-type]
        promql_parser.parse(asked)
        assert 'revision="abc"' in asked
        assert 'revision!="abc"' in asked
        assert asked.count('job="bot"') == asked.count("megawatts_build_info"), "another service's pods would count"


def test_every_rule_of_the_charter_is_asked_about_and_only_guards_stop_a_rollout() -> None:
    policy = parse(CHARTER.read_text()).health
    found = spec(policy)
    names = [rule.name.replace("_", "-") for rule in policy.rules]
    assert [one["name"] for one in found["metrics"]][: len(names)] == names
    told = {f"{name}-{side}" for name in names for side in ("new", "old")}
    assert {one["name"] for one in found["metrics"]} == {*names, *told}
    loose = {name for name, rule in zip(names, policy.rules, strict=True) if not rule.guard}
    assert {one["metricName"] for one in found["dryRun"]} == loose | told, "what is only told stops nothing"
    assert loose != set(names)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.name} as {rule.kind}")
def test_a_run_tells_the_value_of_new_and_old_and_ends_no_later_for_it(rule: MetricRule) -> None:
    judged, *told = spec(HealthPolicy((rule,)))["metrics"]
    assert [one["name"].rpartition("-")[2] for one in told] == ["new", "old"]
    for one, sign in zip(told, ("=", "!="), strict=True):
        asked = str(one["provider"]["prometheus"]["query"]).replace("{{args.job}}", "bot")
        promql_parser.parse(asked.replace("{{args.revision}}", "abc"))
        assert f'revision{sign}"' in asked
        assert not {"successCondition", "failureCondition"} & one.keys()
        for bound in ("initialDelay", "interval", "count", "consecutiveSuccessLimit"):
            assert one[bound] == judged[bound]


@given(
    rule=st.builds(replace, st.sampled_from(RULES), minimum=st.integers(0, 40), alpha=st.floats(0.0001, 0.2)),
    deadline=st.integers(30, 7200),
    interval=st.integers(1, 60),
    warm_up=st.integers(0, 600),
)
def test_no_rule_passes_without_enough_looks_that_say_something(
    rule: MetricRule, deadline: int, interval: int, warm_up: int
) -> None:
    spans = (timedelta(seconds=one) for one in (deadline, interval, warm_up))
    found = metric(rule, **dict(zip(("deadline", "interval", "warm_up"), spans, strict=True)))
    # Rollouts calls a metric Successful at `count` unless more looks than the limit were inconclusive.
    assert found["count"] - found["inconclusiveLimit"] == min(found["count"], WATCH * max(1, rule.minimum))
    assert found["count"] >= 1
    assert found["inconclusiveLimit"] >= 0
    assert found["failureLimit"] < max(1, rule.minimum)
    assert int(found["interval"][:-1]) * found["count"] <= max(deadline, int(found["interval"][:-1]))
    assert found["initialDelay"] == f"{warm_up}s"


@given(st.sampled_from(RULES), st.one_of(st.none(), st.floats(allow_nan=True)))
def test_no_answer_is_neither_well_nor_ill_and_no_answer_is_both(rule: MetricRule, value: float | None) -> None:
    found = metric(rule)
    limit = float(found["successCondition"].rsplit(" ", 1)[1])
    assert found["successCondition"] == f"len(result) > 0 && result[0] <= {found['successCondition'].rsplit(' ', 1)[1]}"
    assert found["failureCondition"] == found["successCondition"].replace("<=", ">")
    well, ill = value is not None and value <= limit, value is not None and value > limit
    assert not (well and ill)
    assert value is not None or not (well or ill)


def limit(rule: MetricRule, **policy: Any) -> float:
    return float(metric(rule, **policy)["successCondition"].rsplit(" ", 1)[1])


def test_more_looks_and_a_smaller_chance_of_a_false_alarm_ask_for_more() -> None:
    assert 3.7 < limit(RATE) < 3.8, "a hundredth, in one tail, over 120 looks"
    assert limit(replace(RATE, alpha=0.001)) > limit(RATE)
    assert limit(RATE, deadline=timedelta(hours=4)) > limit(RATE)
    assert limit(replace(RATE, worse="both")) > limit(RATE)
    assert metric(RATE)["failureLimit"] == 0


def test_a_level_must_be_worse_more_than_once() -> None:
    assert metric(MetricRule("memory", "level", minimum=6))["failureLimit"] == 5


def test_effect_floor_and_direction_are_in_the_question() -> None:
    rule = MetricRule("reply_seconds", "latency", effect=0.25, floor=0.02)
    assert "> bool 0.02" in query(rule)
    assert "> bool 0.25 *" in query(rule)
    assert "-1 *" not in query(rule)
    assert "-1 *" in query(replace(rule, worse="down"))
    assert "abs(" in query(replace(rule, worse="both"))
    assert ">= 9)" in query(replace(rule, minimum=9))


@pytest.mark.parametrize("rule", [MetricRule("nonsense", "rate"), MetricRule("memory", "rate")], ids=str)
def test_a_rule_of_no_known_metric_is_refused_with_its_name(rule: MetricRule) -> None:
    with pytest.raises(Misconfigured, match=rule.name):
        spec(HealthPolicy((rule,)))


def test_the_text_is_the_spec_and_the_same_every_time() -> None:
    policy = HealthPolicy((RATE,))
    assert json.loads(text(policy)) == spec(policy)
    assert text(policy) == text(policy)
