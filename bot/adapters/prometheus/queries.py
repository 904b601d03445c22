"""The one PromQL query that reads the charter's health metrics for a revision."""

import json
import re
from collections.abc import Mapping, Sequence

from bot.core.errors import Misconfigured
from bot.core.health import MetricRule
from bot.policy.figures import names

BUILD = "megawatts_build_info"
"""Ties the series of a process to its revision: both have the target labels of one scrape."""
STARTED = "process_start_time_seconds"
TARGET = ("job", "instance")
"""Labels that name a scraped process (prometheus.io/docs/concepts/jobs_instances)."""
_LABEL = r"[a-zA-Z_][a-zA-Z0-9_]*"


def query(rules: Sequence[MetricRule], revision: str, where: Mapping[str, str] | None = None) -> str:
    """All series of the rules from the processes of one revision, and when each process was scraped last.

    `where`: more labels that the processes must have, such as a namespace: two environments may run one revision.
    Raw values and no `increase()`: that one extrapolates, and the judge counts whole events. A joined-in series has
    the name that it was stored under; the time of the scrape has none.
    """
    build = f"{BUILD}{{{matchers({**(where or {}), 'revision': revision})}}}"
    chosen = f'{{__name__=~"{"|".join(sorted({STARTED, *names(rules)}))}"}}'
    return f"({chosen} and on ({', '.join(TARGET)}) {build}) or timestamp({build})"


def builds(where: Mapping[str, str] | None = None) -> str:
    """How many processes there are of each revision."""
    return f"count by (revision) ({BUILD}{{{matchers(where or {})}}})"


def labels_of(text: str) -> Mapping[str, str]:
    """`namespace=prod,cluster=eu` as labels. Raises Misconfigured for anything else."""
    found: dict[str, str] = {}
    for pair in filter(None, (one.strip() for one in text.split(","))):
        name, sign, value = pair.partition("=")
        if not sign or not value or not re.fullmatch(_LABEL, name):
            raise Misconfigured(f"PROMETHEUS_LABELS: {pair[:40]!r} is no label=value; write such as namespace=prod")
        found[name] = value
    return found


def matchers(labels: Mapping[str, str]) -> str:
    """Labels as they stand between a selector's braces.

    PromQL's quoted strings follow Go's rules, which those of JSON are a part of for text in ASCII.
    """
    return ", ".join(f"{name}={json.dumps(value)}" for name, value in sorted(labels.items()))
