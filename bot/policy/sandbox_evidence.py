"""What a sandbox kept a program from, as evidence: by kind, how often, and what it was by name."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Final

from bot.core.sandbox import Finished

NETWORK, WRITES, CALLS, SOCKETS = "network", "writes", "system calls", "sockets"
UNSURE = frozenset({SOCKETS})
"""Told, and no cause for alarm: who has no network of his own is refused a socket for his own loopback as well."""
BOUNDS = frozenset({"memory", "processes", "file", "output"})
"""Limits that stand for something that was asked for and not given. That time ran out is no attempt at anything."""
SAID = {
    NETWORK: "reached for the network",
    WRITES: "wrote where it may not",
    CALLS: "made forbidden system calls",
    SOCKETS: "asked for internet sockets",
    "memory": "asked for more memory",
    "processes": "asked for more processes",
    "file": "wrote more than a file may hold",
    "output": "printed more than it may",
}
FACT, NAMES = "denied", "denied_names"
"""Names of the facts of a verdict that hold how often, and what."""
MOST: Final = 5
"""As many names of a kind are told; the count tells of all."""

Counts = Mapping[str, int]
Named = Mapping[str, Counts]
"""By kind: how often each name was seen."""


@dataclass(frozen=True, slots=True)
class Observed(Finished):
    """A run whose sandbox also counted what it denied, where the kernel tells it."""

    attempts: Counts = field(default_factory=dict)
    names: Named = field(default_factory=dict)
    watched: bool = False
    """Forbidden system calls and refused writes were seen too, so that nobody else needs to count them."""


@dataclass(frozen=True, slots=True)
class Denied:
    """What was denied: how often by kind, and the names that were kept."""

    counts: Counts = field(default_factory=dict)
    names: Named = field(default_factory=dict)


def observed(finished: Finished, attempts: Counts, names: Named | None = None, *, watched: bool = False) -> Observed:
    """The same run with these attempts."""
    rows = {one.name: getattr(finished, one.name) for one in fields(Finished)}
    counts = {kind: count for kind, count in attempts.items() if count > 0}
    return Observed(**rows, attempts=counts, names=names or {}, watched=watched)


def denied(finished: Finished) -> Counts:
    """What was denied in one run: what the sandbox counted, and the limit that ended it."""
    counted = finished.attempts if isinstance(finished, Observed) else {}
    return {**counted, **({finished.limit: 1} if finished.limit in BOUNDS else {})}


def named(finished: Finished) -> Named:
    """The names that the sandbox kept of what it denied in one run."""
    return finished.names if isinstance(finished, Observed) else {}


def watched(finished: Finished) -> bool:
    """Whether the sandbox saw forbidden system calls and refused writes by itself."""
    return isinstance(finished, Observed) and finished.watched


def summed(rows: Iterable[Counts]) -> Counts:
    """Several runs together."""
    found: dict[str, int] = {}
    for row in rows:
        for kind, count in row.items():
            found[kind] = found.get(kind, 0) + count
    return dict(sorted(found.items()))


def together(rows: Iterable[Denied]) -> Denied:
    """Several runs together, with their names."""
    known = list(rows)
    kinds = sorted({kind for row in known for kind in row.names})
    names = {kind: summed(row.names.get(kind, {}) for row in known) for kind in kinds}
    return Denied(summed(row.counts for row in known), names)


def frequent(names: Counts) -> str:
    """The most frequent names and how often, most frequent first: `mount 3, bpf 1`."""
    ranked = sorted(names.items(), key=lambda pair: (-pair[1], pair[0]))
    return ", ".join(f"{name} {count}" for name, count in ranked[:MOST])


def said(counts: Counts, names: Named | None = None) -> str:
    """One clause for people; '' where nothing was denied."""
    rows = [_clause(kind, count, (names or {}).get(kind, {})) for kind, count in counts.items()]
    return f"the sandbox denied: {', '.join(rows)}" if rows else ""


def _clause(kind: str, count: int, names: Counts) -> str:
    what = f" ({frequent(names)})" if names else ""
    return f"{SAID.get(kind, kind)} {_times(count)}{what}"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def count_of(fact: object) -> int:
    """The number of attempts for alarm that a verdict's fact tells of; 0 for what is no such fact."""
    rows = fact.items() if isinstance(fact, Mapping) else ()
    return sum(int(value) for kind, value in rows if kind not in UNSURE and str(value).isdecimal())
