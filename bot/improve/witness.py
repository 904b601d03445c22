"""Evidence of what the sandbox denied while a stage ran, whichever of its runs it was."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace

from bot.core.sandbox import Finished
from bot.core.verdict import Verdict
from bot.policy.sandbox_evidence import FACT, denied, said, summed

Rows = list[Mapping[str, int]]
_ROWS: ContextVar[Rows | None] = ContextVar("denied", default=None)


@contextmanager
def witnessed() -> Iterator[Rows]:
    """What is denied within the block, in all tasks and threads that it starts."""
    rows: Rows = []
    token = _ROWS.set(rows)
    try:
        yield rows
    finally:
        _ROWS.reset(token)


def tell(finished: Finished) -> None:
    """A run has ended; outside of a block nobody asks."""
    _add(denied(finished))


def note(kind: str, count: int) -> None:
    """A stage has seen by itself what was denied."""
    _add({kind: count} if count > 0 else {})


def _add(found: Mapping[str, int]) -> None:
    rows = _ROWS.get()
    if rows is not None and found:
        rows.append(found)


def with_evidence(verdict: Verdict, rows: Rows) -> Verdict:
    """The verdict with what was denied as a fact and in its sentence. What it says of the change stays as it is."""
    counts = summed(rows)
    if not counts:
        return verdict
    because = f"{verdict.because}; {said(counts)}" if verdict.because else said(counts)
    facts = {**verdict.facts, FACT: {kind: str(count) for kind, count in counts.items()}}
    return replace(verdict, because=because, facts=facts)
