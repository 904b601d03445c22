"""The process's figures for Prometheus, in a registry of their own."""

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from resource import RUSAGE_SELF, getpagesize, getrusage
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from bot.core.chat import Outcome, Voice
from bot.core.ids import UserId

CAP = 6
"""Messages of one member and outcome that count in one minute: a flood by one member is not an outage."""
BAD = frozenset({Outcome.REJECTED, Outcome.FAILED})
"""Outcomes that the watch after a deploy counts as bad."""
_MINUTE = 60.0
_MEMBERS = 10_000
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5)


class Metrics:
    """`core.chat.Observer` that counts. Pages are small: no label carries a member, a channel or a text."""

    def __init__(self, revision: str, version: str, timer: Callable[[], float] = time.monotonic) -> None:
        self._timer = timer
        self._registry = CollectorRegistry()
        self._messages = self._counter("megawatts_messages", "Messages by how they ended.", "outcome")
        self._capped = self._counter(
            "megawatts_messages_by_user_capped",
            f"Messages by how they ended, at most {CAP} a member and minute.",
            "outcome",
        )
        self._tools = self._counter("megawatts_tool_calls", "Tool calls by how they ended.", "tool", "outcome")
        self._voices = self._counter("megawatts_feedback", "Feedback on answers, first voice of each member.", "value")
        self._seconds = Histogram(
            "megawatts_reply_seconds", "Time to an answer.", registry=self._registry, buckets=_BUCKETS
        )
        self._steps = Histogram(
            "megawatts_step_seconds",
            "Time of each step of the pipeline.",
            ["step"],
            registry=self._registry,
            buckets=_BUCKETS,
        )
        self._models = self._counter("megawatts_model_calls", "Calls of models by how they ended.", "model", "outcome")
        self._model_seconds = Histogram(
            "megawatts_model_seconds",
            "Time that models took.",
            ["model"],
            registry=self._registry,
            buckets=(0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 20, 60),
        )
        self._tokens = self._counter("megawatts_model_tokens", "Tokens that models read and wrote.", "model", "kind")
        self._cost = self._counter("megawatts_model_cost_dollars", "US dollars by the price table.", "model")
        self._rejected = Gauge(
            "megawatts_rejected_users", "Members over a rate limit in the last minute.", registry=self._registry
        )
        self._budget = Gauge(
            "megawatts_budget_dollars", "US dollars that models may cost.", ["of"], registry=self._registry
        )
        self._members_seen = Gauge(
            "megawatts_members_seen", "Members who wrote in the last minute.", registry=self._registry
        )
        self._members_hit = Gauge(
            "megawatts_members_hit",
            "Members of whose messages one was rejected or failed in the last minute.",
            registry=self._registry,
        )
        build = Gauge(
            "megawatts_build_info", "What runs here; always 1.", ["revision", "version"], registry=self._registry
        )
        build.labels(revision, version).set(1)
        self._process()
        for outcome in Outcome:
            self._messages.labels(outcome)
            self._capped.labels(outcome)
        self._seen: OrderedDict[tuple[str, Outcome], tuple[float, int]] = OrderedDict()
        self._late: OrderedDict[str, float] = OrderedDict()
        self._wrote: OrderedDict[str, float] = OrderedDict()
        self._hit: OrderedDict[str, float] = OrderedDict()

    def answered(self, user: UserId, outcome: Outcome, seconds: float) -> None:
        """Count one message; a rejection is not a reply and has no reply time."""
        self._messages.labels(outcome).inc()
        if self._within_cap(user, outcome):
            self._capped.labels(outcome).inc()
        now = self._timer()
        _mark(self._wrote, user, now)
        if outcome in BAD:
            _mark(self._hit, user, now)
        if outcome is Outcome.REJECTED:
            _mark(self._late, user, now)
        else:
            self._seconds.observe(seconds)

    def tool_called(self, tool: str, outcome: str) -> None:
        """Count one tool call."""
        self._tools.labels(tool, outcome).inc()

    def voiced(self, voice: Voice) -> None:
        """Count one voice."""
        self._voices.labels(voice).inc()

    def stepped(self, step: str, seconds: float) -> None:
        """Count one step of the pipeline."""
        self._steps.labels(step).observe(seconds)

    def modelled(self, model: str, outcome: str, seconds: float, tokens: Mapping[str, int], cost: float) -> None:
        """Count one call of a model. `tokens` by kind: `input`, `output`."""
        self._models.labels(model, outcome).inc()
        self._model_seconds.labels(model).observe(seconds)
        for kind, count in tokens.items():
            self._tokens.labels(model, kind).inc(count)
        self._cost.labels(model).inc(cost)

    def allowed(self, a_day: float) -> None:
        """What all models together may cost a day, in US dollars; 0: no budget is set."""
        self._budget.labels("day").set(a_day)

    def page(self) -> bytes:
        """The page in the exposition format."""
        now = self._timer()
        for gauge, marks in (
            (self._rejected, self._late), (self._members_seen, self._wrote), (self._members_hit, self._hit)
        ):  # fmt: skip
            gauge.set(sum(now - at < _MINUTE for at in marks.values()))
        return generate_latest(self._registry)

    def _within_cap(self, user: str, outcome: Outcome) -> bool:
        now, key = self._timer(), (user, outcome)
        since, count = self._seen.get(key, (now, 0))
        if now - since >= _MINUTE:
            since, count = now, 0
        self._seen[key] = (since, count + 1)
        self._seen.move_to_end(key)
        _trim(self._seen)
        return count < CAP

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, labels, registry=self._registry)

    def _process(self) -> None:
        started = time.time()
        names = {
            "process_resident_memory_bytes": ("Memory in use.", resident_bytes),
            "process_cpu_seconds_total": ("Processor time used.", cpu_seconds),
            "process_start_time_seconds": ("When the process started, in Unix time.", lambda: started),
        }
        for name, (text, read) in names.items():
            Gauge(name, text, registry=self._registry).set_function(read)


def resident_bytes() -> float:
    """Memory in use now; the peak where the system does not tell."""
    try:
        return float(Path("/proc/self/statm").read_text().split()[1]) * getpagesize()
    except (OSError, IndexError, ValueError):
        return getrusage(RUSAGE_SELF).ru_maxrss * 1024.0


def cpu_seconds() -> float:
    """Processor time of this process, user and system."""
    used = getrusage(RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _mark(marks: OrderedDict[str, float], user: str, now: float) -> None:
    marks[user] = now
    marks.move_to_end(user)
    _trim(marks)


def _trim(kept: OrderedDict[Any, Any]) -> None:
    while len(kept) > _MEMBERS:
        kept.popitem(last=False)
