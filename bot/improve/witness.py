"""Evidence of what the sandbox denied while a stage ran, whichever of its runs it was."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace

from bot.core.sandbox import Finished
from bot.core.verdict import Verdict
from bot.policy.sandbox_evidence import FACT, NAMES, Denied, denied, frequent, named, said, together

Rows = list[Denied]
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
    _add(Denied(denied(finished), named(finished)))


def note(kind: str, count: int) -> None:
    """A stage has seen by itself what was denied."""
    _add(Denied({kind: count} if count > 0 else {}))


def _add(found: Denied) -> None:
    rows = _ROWS.get()
    if rows is not None and found.counts:
        rows.append(found)


def with_evidence(verdict: Verdict, rows: Rows) -> Verdict:
    """The verdict with what was denied as a fact and in its sentence. What it says of the change stays as it is."""
    found = together(rows)
    if not found.counts:
        return verdict
    clause = said(found.counts, found.names)
    facts = {**verdict.facts, FACT: {kind: str(count) for kind, count in found.counts.items()}}
    if found.names:
        facts[NAMES] = {kind: frequent(names) for kind, names in found.names.items()}
    return replace(verdict, because=f"{verdict.because}; {clause}" if verdict.because else clause, facts=facts)
