"""What a sandbox kept a program from, as evidence: by kind, and how often."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields

from bot.core.sandbox import Finished

NETWORK, WRITES = "network", "writes"
BOUNDS = frozenset({"memory", "processes", "file", "output"})
"""Limits that stand for something that was asked for and not given. That time ran out is no attempt at anything."""
SAID = {
    NETWORK: "reached for the network",
    WRITES: "wrote where it may not",
    "memory": "asked for more memory",
    "processes": "asked for more processes",
    "file": "wrote more than a file may hold",
    "output": "printed more than it may",
}
FACT = "denied"
"""Name of the fact of a verdict that holds them."""


@dataclass(frozen=True, slots=True)
class Observed(Finished):
    """A run whose sandbox also counted what it denied, where the kernel tells it."""

    attempts: Mapping[str, int] = field(default_factory=dict)


def observed(finished: Finished, attempts: Mapping[str, int]) -> Observed:
    """The same run with these attempts."""
    rows = {one.name: getattr(finished, one.name) for one in fields(Finished)}
    return Observed(**rows, attempts={kind: count for kind, count in attempts.items() if count > 0})


def denied(finished: Finished) -> Mapping[str, int]:
    """What was denied in one run: what the sandbox counted, and the limit that ended it."""
    counted = finished.attempts if isinstance(finished, Observed) else {}
    return {**counted, **({finished.limit: 1} if finished.limit in BOUNDS else {})}


def summed(rows: Iterable[Mapping[str, int]]) -> Mapping[str, int]:
    """Several runs together."""
    found: dict[str, int] = {}
    for row in rows:
        for kind, count in row.items():
            found[kind] = found.get(kind, 0) + count
    return dict(sorted(found.items()))


def said(counts: Mapping[str, int]) -> str:
    """One clause for people; '' where nothing was denied."""
    rows = [f"{SAID.get(kind, kind)} {_times(count)}" for kind, count in counts.items()]
    return f"the sandbox denied: {', '.join(rows)}" if rows else ""


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def count_of(fact: object) -> int:
    """The number of attempts that a verdict's fact tells of; 0 for what is no such fact."""
    values = fact.values() if isinstance(fact, Mapping) else ()
    return sum(int(value) for value in values if str(value).isdecimal())
