"""Which metrics there are: what the code exports and what the rules record; and which of them an expression names."""

import functools
from pathlib import Path
from typing import Any

import promql_parser
import yaml
from prometheus_client.parser import text_string_to_metric_families

from bot.adapters.prometheus.loop import LoopMetrics
from bot.adapters.web.metrics import Metrics
from bot.core.chat import Outcome
from bot.core.ids import UserId

ROOT = Path(__file__).parent.parent.parent


@functools.cache
def exported() -> frozenset[str]:
    """Sample names on the pages of a bot and of a controller to which everything has happened once."""
    bot = Metrics("0" * 40, "0")
    bot.answered(UserId("x"), Outcome.ANSWERED, 0.01)
    bot.tool_called("x", "ok")
    bot.voiced("up")
    bot.stepped("x", 0.1)
    bot.modelled("x", "ok", 0.1, {"input": 1}, 0.1)
    bot.allowed(20.0)
    loop = LoopMetrics("0" * 40, "0", ("tests",))
    loop.heard("stage", {"of": "x", "stage": "tests", "status": "runs"})
    loop.heard("stage", {"of": "x", "stage": "tests", "status": "pass"})
    loop.heard("round", {"whole": True, "seconds": 0.1, "open": 1, "watched": 1})
    loop.heard("found", {"analyst": "x", "findings": 1})
    loop.heard("ranked", {"ideas": 1})
    pages = (bot.page(), loop.page())
    families = (f for page in pages for f in text_string_to_metric_families(page.decode()))
    return frozenset(sample.name for family in families for sample in family.samples)


@functools.cache
def recorded() -> frozenset[str]:
    """Names that recording rules write."""
    files = [yaml.safe_load(path.read_text()) for path in (ROOT / "deploy/prometheus").glob("*.yaml")]
    rules = [rule for file in files for group in file["groups"] for rule in group["rules"]]
    return frozenset(rule["record"] for rule in rules if "record" in rule)


def metrics_of(expr: str) -> set[str]:
    """Metrics that an expression names. Raises ValueError where it is no PromQL."""
    found: set[str] = set()

    def visit(node: Any) -> bool:
        selector = node.vector_selector if isinstance(node, promql_parser.MatrixSelector) else node
        if isinstance(selector, promql_parser.VectorSelector) and selector.name:
            found.add(selector.name)
        return True

    promql_parser.walk(promql_parser.parse(expr), visit)
    return found
