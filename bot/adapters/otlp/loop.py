"""One trace for each change, from finding to revert: kept in the records, so that a restarted controller goes on."""

import time
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any

from bot.adapters.otlp.span import Fact, Send, Span, new_span, new_trace
from bot.core.errors import MegawattsError
from bot.core.ports import Records

TABLE = "traces"
BEFORE = {"found": "find", "ranked": "rank", "written": "write"}
"""Spans of an idea before it has a pull request, by the event that ends them."""
LEGS = {"gate": "gate", "asked": "ask", "merged": "merge", "updated": "update", "page": "page"}
"""Spans of a proposal, each from the event before it; `observed`, `healthy`, `revert` and `closed` say more."""
ENDS = {"healthy": "health", "revert": "health", "closed": "close"}
_KEPT = 1000


@dataclass(frozen=True, slots=True)
class Thread:
    """Where the trace of one change stands. `span` is its root's id, `leg` the last event that was told."""

    trace: str
    span: str
    began: float
    last: float
    parent: str = ""
    leg: str = ""
    over: bool = False

    def to_row(self) -> dict[str, Any]:
        """As it is kept."""
        return {name: getattr(self, name) for name in ("trace", "span", "began", "last", "parent", "leg", "over")}


@dataclass(slots=True)
class _Attempt:
    """The idea that one task tries; a task has one at a time."""

    thread: Thread | None = None


_ATTEMPT: ContextVar[_Attempt | None] = ContextVar("megawatts_attempt", default=None)


@dataclass(slots=True)
class LoopTraces:
    """Is told events as people are. Only ids, counts and names of the house's own become facts of spans."""

    records: Records
    send: Send | None = None
    clock: Callable[[], float] = time.time
    _stages: dict[tuple[str, str], float] = field(default_factory=dict)

    def heard(self, event: str, facts: Mapping[str, object]) -> str:
        """One event; the trace it belongs to, or nothing. A store that is away costs a span, never the round."""
        try:
            return self._heard(event, facts)
        except (MegawattsError, OSError, KeyError, TypeError, ValueError):
            return ""

    def _heard(self, event: str, facts: Mapping[str, object]) -> str:
        if event == "stage":
            return self._stage(facts)
        pull = facts.get("pull")
        if event in BEFORE or event in {"declined", "proposed"} or (event == "gate" and not pull):
            return self._before(event, facts)
        if isinstance(pull, int) and pull:
            return self._after(event, pull, facts)
        return ""

    def _before(self, event: str, facts: Mapping[str, object]) -> str:
        attempt = _ATTEMPT.get()
        if attempt is None:
            _ATTEMPT.set(attempt := _Attempt())
        now = self.clock()
        thread = attempt.thread or Thread(new_trace(), new_span(), now, now)
        if event in BEFORE or event == "gate":
            self._tell(BEFORE.get(event, "gate"), thread, thread.last, now, facts)
            attempt.thread = replace(thread, last=now)
        elif event == "declined":
            self._finish(thread, now, facts, failed=True)
            attempt.thread = None
        else:
            self._tell("propose", thread, thread.last, now, facts)
            self._keep(int(str(facts["pull"])), replace(thread, last=now, leg=event))
            attempt.thread = None
        return thread.trace

    def _after(self, event: str, pull: int, facts: Mapping[str, object]) -> str:
        thread = self._kept(pull)
        if event not in LEGS and event not in ENDS and event != "observed":
            return thread.trace if thread is not None else ""
        now = self.clock()
        thread = thread or Thread(new_trace(), new_span(), now, now)
        if thread.over or (event == thread.leg and event in {"observed", "page"}):
            return thread.trace
        if event in ENDS:
            self._end(event, thread, pull, facts, now)
            return thread.trace
        name = "deploy" if event == "observed" else LEGS[event]
        self._tell(name, thread, thread.last, now, facts)
        self._keep(pull, replace(thread, last=now, leg=event))
        return thread.trace

    def _end(self, event: str, thread: Thread, pull: int, facts: Mapping[str, object], now: float) -> None:
        """The change is settled. A revert is a change of its own, below the one that it takes back."""
        self._tell(ENDS[event], thread, thread.last, now, facts, failed=event != "healthy")
        if event == "revert":
            self._tell("revert", thread, now, now, facts)
            back = Thread(thread.trace, new_span(), now, now, parent=thread.span, leg="proposed")
            self._keep(int(str(facts["revert"])), back)
        self._finish(thread, now, facts, failed=event != "healthy")
        self._keep(pull, replace(thread, last=now, leg=event, over=True))

    def _stage(self, facts: Mapping[str, object]) -> str:
        label, stage, status = (str(facts.get(name, "")) for name in ("of", "stage", "status"))
        attempt, now = _ATTEMPT.get(), self.clock()
        thread = self._kept(int(label[1:])) if label[:1] == "#" and label[1:].isdigit() else None
        thread = thread or (attempt.thread if attempt is not None else None)
        if status == "runs":
            self._stages[label, stage] = now
            while len(self._stages) > _KEPT:
                self._stages.pop(next(iter(self._stages)))
        elif thread is not None:
            began = self._stages.pop((label, stage), now)
            self._tell("stage", thread, began, now, facts, failed=status in {"fail", "error"})
        return thread.trace if thread is not None else ""

    def _finish(self, thread: Thread, now: float, facts: Mapping[str, object], *, failed: bool) -> None:
        root = Span("change", thread.trace, thread.span, thread.began, now, thread.parent, _facts(facts), failed)
        if self.send is not None:
            self.send(root)

    def _tell(
        self, name: str, thread: Thread, start: float, end: float, facts: Mapping[str, object], *, failed: bool = False
    ) -> None:
        if self.send is not None:
            self.send(Span(name, thread.trace, new_span(), start, end, thread.span, _facts(facts), failed))

    def _keep(self, pull: int, thread: Thread) -> None:
        self.records.put(TABLE, f"{pull}", thread.to_row())

    def _kept(self, pull: int) -> Thread | None:
        row = self.records.get(TABLE, f"{pull}")
        return Thread(**row) if row is not None else None


def _facts(facts: Mapping[str, object]) -> dict[str, Fact]:
    return {key: value for key, value in facts.items() if isinstance(value, str | int | float | bool)}
