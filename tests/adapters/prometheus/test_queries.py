"""The query is PromQL, names what the rules need, and speaks of one revision only."""

import re
from pathlib import Path
from typing import Any

import promql_parser
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.prometheus.queries import labels_of, query
from bot.adapters.web.metrics import Metrics
from bot.core.chat import Outcome
from bot.core.errors import Misconfigured
from bot.core.health import MetricRule
from bot.core.ids import UserId
from bot.policy.charter import parse
from bot.policy.figures import CROWDS, DISTURBED, FIGURES, figure_of, parts

ROOT = Path(__file__).parent.parent.parent.parent
RULES = (MetricRule("messages", "rate"), MetricRule("memory", "level"))
SHA = "c" * 40


def selectors(promql: str) -> list[dict[str, str]]:
    """Matchers of every selector of an expression."""
    found: list[dict[str, str]] = []

    def visit(node: Any) -> bool:
        if isinstance(node, promql_parser.VectorSelector):
            matchers = {m.name: m.value for m in node.matchers.matchers}
            found.append({**({"__name__": node.name} if node.name else {}), **matchers})
        return True

    promql_parser.walk(promql_parser.parse(promql), visit)
    return found


def test_it_asks_for_what_the_rules_need_from_one_revision() -> None:
    chosen, build, again = selectors(query(RULES, SHA))
    assert chosen["__name__"].split("|") == [
        "megawatts_disturbed", "megawatts_members_hit", "megawatts_members_seen",
        "megawatts_messages_by_user_capped_total", "process_resident_memory_bytes", "process_start_time_seconds",
    ]  # fmt: skip
    assert build == again == {"__name__": "megawatts_build_info", "revision": SHA}


def test_more_labels_narrow_the_processes() -> None:
    _, build, again = selectors(query(RULES, SHA, {"namespace": "prod"}))
    assert build == again == {"__name__": "megawatts_build_info", "namespace": "prod", "revision": SHA}


@given(st.text(max_size=30))
def test_no_revision_and_no_label_breaks_out_of_its_quotes(text: str) -> None:
    try:
        found = selectors(query(RULES, text, {"namespace": text}))
    except ValueError:
        return  # a surrogate that PromQL cannot hold is refused whole
    assert [one.get("__name__") for one in found[1:]] == ["megawatts_build_info"] * 2
    assert len(found) == 3


def test_every_rule_of_the_charter_has_a_figure() -> None:
    rules = parse((ROOT / ".github/charter.toml").read_text()).health.rules
    assert [rule.name for rule in rules if figure_of(rule) is None] == []
    assert len(selectors(query(rules, SHA))) == 3


def test_every_series_of_every_figure_is_one_that_the_bot_shows() -> None:
    figures = Metrics(SHA, "1")
    figures.answered(UserId("x"), Outcome.ANSWERED, 0.1)
    figures.tool_called("roll_dice", "ok")
    figures.voiced("down")
    figures.modelled("m", "ok", 0.1, {"input": 1}, 0.1)
    shown = set(re.findall(r"^(\w+)[ {]", figures.page().decode(), re.MULTILINE))
    assert {part.name for one in FIGURES.values() for part in parts(one)} <= shown
    assert {name for pair in CROWDS.values() for name in pair} | {DISTURBED} <= shown
    assert "process_start_time_seconds" in shown


def test_labels_are_read() -> None:
    assert labels_of("namespace=prod, cluster=eu=1,") == {"namespace": "prod", "cluster": "eu=1"}
    assert labels_of("") == {}


@pytest.mark.parametrize("text", ["namespace", "=x", "a-b=c", "a=", "namespace prod"])
def test_labels_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(Misconfigured, match="PROMETHEUS_LABELS"):
        labels_of(text)
