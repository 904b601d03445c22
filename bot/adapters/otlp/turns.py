"""One trace for each message: its steps, models and tools, from what the observer of the conversation is told."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from structlog.contextvars import bound_contextvars

from bot.adapters.otlp.span import Fact, Send, Span, new_span, new_trace
from bot.core.chat import Observer, Outcome, Voice
from bot.core.ids import UserId

_MOST = 200
"""Notes of one turn; what comes after them is not told."""


@dataclass(frozen=True, slots=True)
class Note:
    """One thing that ended within a turn, in seconds of a clock that never runs backwards."""

    name: str
    start: float
    end: float
    facts: Mapping[str, Fact]
    failed: bool = False


@dataclass(slots=True)
class Turn:
    """What is noted of one message while it is answered."""

    trace: str
    began: float
    notes: list[Note] = field(default_factory=list)
    outcome: str = ""
    over: bool = False


_TURN: ContextVar[Turn | None] = ContextVar("megawatts_turn", default=None)


class Turns:
    """`core.chat.Observer` around another, which is told everything as before. Members are told of to nobody else.

    Within `turn`, log lines carry `trace_id`, whether or not spans are sent.
    """

    def __init__(
        self,
        within: Observer,
        send: Send | None = None,
        *,
        timer: Callable[[], float] = time.perf_counter,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._within, self._send, self._timer, self._clock = within, send, timer, clock

    @contextmanager
    def turn(self) -> Iterator[None]:
        """One message, command or press, from its arrival to its answer."""
        turn = Turn(new_trace(), self._timer())
        before = _TURN.set(turn)
        try:
            with bound_contextvars(trace_id=turn.trace):
                yield
        finally:
            _TURN.reset(before)
            turn.over = True  # what goes on behind the answer belongs to the trace by its log lines only
            if self._send is not None:
                for span in spans(turn, self._timer(), self._clock()):
                    self._send(span)

    def answered(self, user: UserId, outcome: Outcome, seconds: float) -> None:
        """The turn's own end."""
        self._within.answered(user, outcome, seconds)
        turn = _TURN.get()
        if turn is not None:
            turn.outcome = outcome.value

    def tool_called(self, tool: str, outcome: str) -> None:
        """A tool has taken the time since what was noted before it."""
        self._within.tool_called(tool, outcome)
        self._note("tool", None, {"tool": tool, "outcome": outcome}, failed=outcome in {"error", "timeout"})

    def voiced(self, voice: Voice, user: UserId | None = None) -> None:
        """Feedback is no part of a turn's time."""
        self._within.voiced(voice, user)

    def stepped(self, step: str, seconds: float) -> None:
        """A step of the pipeline."""
        self._within.stepped(step, seconds)
        self._note("step", seconds, {"step": step})

    def modelled(self, model: str, outcome: str, seconds: float, tokens: Mapping[str, int], cost: float) -> None:
        """A call of a model."""
        self._within.modelled(model, outcome, seconds, tokens, cost)
        facts: dict[str, Fact] = {"model": model, "outcome": outcome, "cost": cost}
        facts |= {f"tokens.{kind}": count for kind, count in tokens.items()}
        self._note("model", seconds, facts, failed=outcome not in {"ok", "cached", "cancelled"})

    def _note(self, name: str, seconds: float | None, facts: Mapping[str, Fact], *, failed: bool = False) -> None:
        turn = _TURN.get()
        if self._send is None or turn is None or turn.over or len(turn.notes) >= _MOST:
            return
        end = self._timer()
        start = end - seconds if seconds is not None else max((n.end for n in turn.notes), default=turn.began)
        turn.notes.append(Note(name, max(start, turn.began), end, facts, failed))


def spans(turn: Turn, end: float, now: float) -> list[Span]:
    """The turn as spans, the root first. `end` on the turn's clock is `now` on the wall's. Pure but for fresh ids.

    What is told later and spans the middle of what was told before encloses it: an observer hears of the inner first.
    """
    wall = now - end
    ids = [new_span() for _ in turn.notes]
    root = new_span()
    facts: dict[str, Fact] = {"outcome": turn.outcome} if turn.outcome else {}
    found = [Span("message", turn.trace, root, turn.began + wall, now, "", facts, turn.outcome in {"", "failed"})]
    for number, note in enumerate(turn.notes):
        middle = (note.start + note.end) / 2
        later = range(number + 1, len(turn.notes))
        around = next((i for i in later if turn.notes[i].name == "step" and turn.notes[i].start <= middle), None)
        parent = root if around is None or note.name == "step" else ids[around]
        start = note.start if parent == root or around is None else max(note.start, turn.notes[around].start)
        found.append(
            Span(note.name, turn.trace, ids[number], start + wall, note.end + wall, parent, note.facts, note.failed)
        )
    return found
