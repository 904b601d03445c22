"""What each health metric of the charter is made of, and the one PromQL query that reads it for a revision."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.core.errors import Misconfigured
from bot.core.health import MetricRule

BUILD = "megawatts_build_info"
"""Ties the series of a process to its revision: both have the target labels of one scrape."""
STARTED = "process_start_time_seconds"
TARGET = ("job", "instance")
"""Labels that name a scraped process (prometheus.io/docs/concepts/jobs_instances)."""
_MESSAGES = "megawatts_messages_by_user_capped_total"
_TROUBLES = ("limited", "down", "silent", "retired", "refused", "rejected", "malformed")
_LABEL = r"[a-zA-Z_][a-zA-Z0-9_]*"


@dataclass(frozen=True, slots=True)
class Part:
    """Series of one name; with a label, only those that have one of the values there."""

    name: str
    label: str = ""
    values: tuple[str, ...] = ()

    def takes(self, name: str, labels: Mapping[str, str]) -> bool:
        """Whether a series is one of these."""
        return name == self.name and (not self.label or labels.get(self.label, "") in self.values)


@dataclass(frozen=True, slots=True)
class Share:
    """Events that went badly, of all of their kind: counters."""

    bad: Part
    total: Part


@dataclass(frozen=True, slots=True)
class Mean:
    """Seconds for each event: a counter of seconds over a counter of events."""

    total: Part
    count: Part


@dataclass(frozen=True, slots=True)
class Level:
    """A gauge, times `scale`."""

    gauge: Part
    scale: float = 1.0


Figure = Share | Mean | Level

FIGURES: Mapping[str, Figure] = {
    "messages": Share(Part(_MESSAGES, "outcome", ("rejected", "failed")), Part(_MESSAGES)),
    # Of those that were read at all: a bot that turns members away does not understand them better.
    "unanswered": Share(
        Part(_MESSAGES, "outcome", ("unanswered",)), Part(_MESSAGES, "outcome", ("answered", "unanswered"))
    ),
    "tools": Share(
        Part("megawatts_tool_calls_total", "outcome", ("error", "timeout")), Part("megawatts_tool_calls_total")
    ),
    "feedback": Share(Part("megawatts_feedback_total", "value", ("down",)), Part("megawatts_feedback_total")),
    "models": Share(Part("megawatts_model_calls_total", "outcome", _TROUBLES), Part("megawatts_model_calls_total")),
    "reply_seconds": Mean(Part("megawatts_reply_seconds_sum"), Part("megawatts_reply_seconds_count")),
    "cpu_seconds": Mean(Part("process_cpu_seconds_total"), Part("megawatts_reply_seconds_count")),
    "memory": Level(Part("process_resident_memory_bytes"), 1e-6),
}
"""Figures by the name of their rule in the charter. `cpu_seconds` is processor time for each answer."""
_KINDS: Mapping[str, tuple[type, ...]] = {"rate": (Share,), "count": (Share,), "latency": (Mean,), "level": (Level,)}


def figure_of(rule: MetricRule) -> Figure | None:
    """What a rule is measured by; None where nothing of that name and kind is known."""
    figure = FIGURES.get(rule.name)
    return figure if isinstance(figure, _KINDS[rule.kind]) else None


def parts(figure: Figure) -> tuple[Part, ...]:
    """The series that a figure is made of."""
    if isinstance(figure, Share):
        return (figure.bad, figure.total)
    return (figure.total, figure.count) if isinstance(figure, Mean) else (figure.gauge,)


def names(rules: Sequence[MetricRule]) -> tuple[str, ...]:
    """Every series that the rules need, and the one that tells a restart; sorted."""
    figures = [figure for rule in rules if (figure := figure_of(rule)) is not None]
    return tuple(sorted({STARTED, *(part.name for figure in figures for part in parts(figure))}))


def query(rules: Sequence[MetricRule], revision: str, where: Mapping[str, str] | None = None) -> str:
    """All series of the rules from the processes of one revision, and when each process was scraped last.

    `where`: more labels that the processes must have, such as a namespace: two environments may run one revision.
    Raw values and no `increase()`: that one extrapolates, and the judge counts whole events. A joined-in series has
    the name that it was stored under; the time of the scrape has none.
    """
    build = f"{BUILD}{{{_matchers({**(where or {}), 'revision': revision})}}}"
    chosen = f'{{__name__=~"{"|".join(names(rules))}"}}'
    return f"({chosen} and on ({', '.join(TARGET)}) {build}) or timestamp({build})"


def labels_of(text: str) -> Mapping[str, str]:
    """`namespace=prod,cluster=eu` as labels. Raises Misconfigured for anything else."""
    found: dict[str, str] = {}
    for pair in filter(None, (one.strip() for one in text.split(","))):
        name, sign, value = pair.partition("=")
        if not sign or not value or not re.fullmatch(_LABEL, name):
            raise Misconfigured(f"PROMETHEUS_LABELS: {pair[:40]!r} is no label=value; write such as namespace=prod")
        found[name] = value
    return found


def _matchers(labels: Mapping[str, str]) -> str:
    """PromQL's quoted strings follow Go's rules, which those of JSON are a part of for text in ASCII."""
    return ", ".join(f"{name}={json.dumps(value)}" for name, value in sorted(labels.items()))
