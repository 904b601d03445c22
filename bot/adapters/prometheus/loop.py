"""The controller's own figures: counted from the events that it tells, in a registry of their own."""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from bot.core.change import Kind
from bot.core.text import one_line
from bot.core.verdict import Status

DECISIONS = {
    "gate": "validate", "updated": "update", "asked": "ask", "merged": "merge", "observed": "observe",
    "healthy": "settle", "revert": "revert", "closed": "close", "page": "page", "wait": "wait",
    "backup": "backup",
}  # fmt: skip
"""The step that was carried out, by the event that tells so."""
RESULTS = {"proposed": "proposed", "merged": "merged", "healthy": "healthy", "revert": "reverted", "closed": "rejected"}
"""What became of a change, by the event that tells so; `declined` says it itself: refused or unwritten."""
TROUBLES = ("held", "later", "denied", "rollback", "analyst failed")
_BUCKETS = (0.1, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600)
_KEPT = 1000


class LoopMetrics:
    """Is told events as people are, and shows counts. No label carries a text that somebody wrote."""

    def __init__(
        self,
        revision: str,
        version: str,
        stages: Sequence[str] = (),
        *,
        clock: Callable[[], float] = time.time,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        """`stages`: the gate's, so that each has its series before it first ran."""
        self._clock, self._timer = clock, timer
        self._registry = CollectorRegistry()
        self._kinds: dict[object, str] = {}
        self._began: dict[tuple[str, str], float] = {}
        self._paged: dict[tuple[str, str], None] = {}
        self._changes = self._counter("modifications", "Changes by kind and what became of them.", "type", "result")
        self._checks = self._counter(
            "validation_success", "Stages of the gate, and `gate` for all of it, by how they ended.", "type", "result"
        )
        self._stage_seconds = self._histogram("megawatts_stage_seconds", "Time of each stage of the gate.", "stage")
        self._decisions = self._counter("megawatts_decisions", "Steps that were carried out.", "step")
        self._reverts = self._counter("megawatts_reverts", "Reverts that were opened.")
        self._pages = self._counter("megawatts_pages", "Different reasons for which a person was called.")
        self._troubles = self._counter("megawatts_loop_troubles", "What a round survived.", "event", "door")
        self._denied = self._counter("megawatts_sandbox_denied", "Attempts that the sandbox denied.", "stage")
        self._rounds = self._counter("megawatts_loop_rounds", "Rounds by whether all doors answered.", "result")
        self._round_seconds = self._histogram("megawatts_loop_round_seconds", "Time of a round.")
        self._proposals = self._gauge("megawatts_proposals", "Proposals by where they are.", "state")
        self._findings = self._gauge("megawatts_findings", "Findings at the last search, by analyst.", "analyst")
        self._ideas = self._gauge("megawatts_ideas", "Ideas at the last search.")
        self._backups = self._counter("megawatts_backups", "Backups before a merge, by how they ended.", "result")
        self._saved = self._gauge("megawatts_backup_timestamp_seconds", "When the last one was made, Unix time.")
        self._cost = self._counter("megawatts_author_cost_dollars", "US dollars for the model as author.")
        self._tokens = self._counter("megawatts_author_tokens", "Tokens that the model as author has read and written.")
        self._tries = self._counter("megawatts_author_attempts", "Attempts of the model as author, by end.", "result")
        self._budget = self._gauge("megawatts_author_budget_dollars", "What they may cost in a day, as last told.")
        self._last = self._gauge("megawatts_loop_last_round_timestamp_seconds", "When a round last ended, Unix time.")
        self._stopped = self._gauge("megawatts_stopped", "1 while the emergency stop is set.")
        self._audit = self._gauge("megawatts_audit_whole", "1 if the chain of the audit log held at the last check.")
        self._audit_at = self._gauge("megawatts_audit_checked_timestamp_seconds", "When it was checked, Unix time.")
        info = self._gauge("megawatts_controller_info", "What runs here; always 1.", "revision", "version")
        info.labels(revision, version).set(1)
        self._prepare(stages)

    def heard(self, event: str, facts: Mapping[str, object]) -> None:
        """One event, as the loop tells it. Never raises for facts that are missing."""
        if event in DECISIONS:
            self._decisions.labels(DECISIONS[event]).inc()
        if event in TROUBLES:
            self._troubles.labels(event, _word(facts.get("door"))).inc()
        self._change(event, facts)
        told = {
            "stage": self._stage, "gate": self._gate, "revert": self._revert, "page": self._page, "round": self._round,
            "found": self._found, "ranked": self._ranked, "backup": self._backup,
            "paid": self._paid,
        }.get(event)  # fmt: skip
        if told is not None:
            told(facts)

    def audited(self, *, whole: bool) -> None:
        """The chain of the audit log was checked."""
        self._audit.set(whole)
        self._audit_at.set(self._clock())

    def stopped(self, *, stopped: bool) -> None:
        """Whether the emergency stop is set."""
        self._stopped.set(stopped)

    @property
    def idle(self) -> float:
        """Seconds since a round ended, or since the start."""
        return self._clock() - self._ended

    def page(self) -> bytes:
        """The page in the exposition format."""
        return generate_latest(self._registry)

    def _prepare(self, stages: Sequence[str]) -> None:
        """Series begin at zero, so that the first event is an increase."""
        for kind in Kind:
            for result in (*RESULTS.values(), "refused", "unwritten"):
                self._changes.labels(kind, result)
        for stage in (*stages, "gate"):
            for status in Status:
                self._checks.labels(stage, status.name.lower())
        for stage in stages:
            self._denied.labels(stage)
        for event in TROUBLES:
            self._troubles.labels(event, "none")
        named = ((self._decisions, DECISIONS.values()), (self._backups, ("pass", "fail")),
                 (self._rounds, ("whole", "held")), (self._tries, ("written", "refused", "broke")))  # fmt: skip
        for counter, values in named:
            for value in values:
                counter.labels(value)
        self._audit.set(math.nan)  # neither whole nor broken before it was looked at
        self._audit_at.set(self._clock())
        self._end()

    def _end(self) -> None:
        self._ended = self._clock()
        self._last.set(self._ended)

    def _change(self, event: str, facts: Mapping[str, object]) -> None:
        result = _word(facts.get("result")) if event == "declined" else RESULTS.get(event)
        if result is None:
            return
        pull = facts.get("pull")
        kind = str(facts.get("kind") or self._kinds.get(pull) or "")
        if event == "proposed":
            self._kinds[pull] = kind
            _trim(self._kinds)
        self._changes.labels(kind if kind in set(Kind) else Kind.OTHER, result).inc()

    def _backup(self, facts: Mapping[str, object]) -> None:
        status = _word(facts.get("status"))
        self._backups.labels(status).inc()
        if status == "pass":
            self._saved.set(self._clock())

    def _stage(self, facts: Mapping[str, object]) -> None:
        key = (str(facts.get("of")), _word(facts.get("stage")))
        status = _word(facts.get("status"))
        if status == "runs":
            self._began[key] = self._timer()
            _trim(self._began)
            return
        self._checks.labels(key[1], status).inc()
        denied = facts.get("denied")
        if isinstance(denied, int) and denied > 0:
            self._denied.labels(key[1]).inc(denied)
        if key in self._began:
            self._stage_seconds.labels(key[1]).observe(self._timer() - self._began.pop(key))

    def _gate(self, facts: Mapping[str, object]) -> None:
        self._checks.labels("gate", _word(facts.get("status"))).inc()

    def _revert(self, _facts: Mapping[str, object]) -> None:
        self._reverts.inc()

    def _page(self, facts: Mapping[str, object]) -> None:
        """The same call is told at every round."""
        reason = (str(facts.get("pull")), str(facts.get("because")))
        if reason not in self._paged:
            self._paged[reason] = None
            _trim(self._paged)
            self._pages.inc()

    def _paid(self, facts: Mapping[str, object]) -> None:
        self._tries.labels(_word(facts.get("result"))).inc()
        for counter, name in ((self._cost, "usd"), (self._tokens, "tokens")):
            if isinstance(amount := facts.get(name), int | float) and amount > 0:
                counter.inc(amount)
        if isinstance(a_day := facts.get("a_day"), int | float):
            self._budget.set(a_day)

    def _round(self, facts: Mapping[str, object]) -> None:
        self._rounds.labels("whole" if facts.get("whole") else "held").inc()
        self._end()
        if isinstance(seconds := facts.get("seconds"), float):
            self._round_seconds.observe(seconds)
        for state in ("open", "watched"):
            if isinstance(count := facts.get(state), int):
                self._proposals.labels(state).set(count)

    def _found(self, facts: Mapping[str, object]) -> None:
        if isinstance(count := facts.get("findings"), int):
            self._findings.labels(_word(facts.get("analyst"))).set(count)

    def _ranked(self, facts: Mapping[str, object]) -> None:
        if isinstance(count := facts.get("ideas"), int):
            self._ideas.set(count)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, labels, registry=self._registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(name, text, labels, registry=self._registry)

    def _histogram(self, name: str, text: str, *labels: str) -> Histogram:
        return Histogram(name, text, labels, registry=self._registry, buckets=_BUCKETS)


def _word(value: object) -> str:
    """A label's value: a name of the house's own, whatever is given."""
    return one_line(str(value), 40) if value else "none"


def _trim(kept: dict[Any, Any]) -> None:
    while len(kept) > _KEPT:
        kept.pop(next(iter(kept)))
