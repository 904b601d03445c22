"""Which of two versions on one token handles an event: the new one on servers that opted in, the old one elsewhere.

Every process hears every event. Nothing here makes it handled once: that is the claim in the shared store, which one
process wins. A ring says who claims first; whoever is second claims a moment later, so that an event is lost with no
ring, also where a lease outlives its process or two processes see different ones.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Ring = Literal["stable", "beta"]
RENEW = 2.0
"""Seconds between two renewals of a lease."""
LEASE = 6.0
"""Seconds after which a lease that was not renewed counts no more."""
PATIENCE = 0.8
"""Seconds that whoever is second leaves to the first. Discord waits three for the answer to a command."""
SWEPT = 20 * LEASE
"""Seconds after which the row of a lease that was never renewed may be deleted."""


@dataclass(frozen=True, slots=True)
class Lease:
    """What a process says of itself. `beat` changes with each renewal; `age` is how long it has been in its ring."""

    ring: Ring
    revision: str
    beat: int
    age: float


@dataclass(frozen=True, slots=True)
class Seen:
    """A lease, and when its beat was seen to change, by the clock of the one who looked: clocks are not compared."""

    lease: Lease
    at: float


@dataclass(frozen=True, slots=True)
class View:
    """What one process knows at one moment. `stable`, `beta`: whether one of that ring lives, itself included."""

    ring: Ring
    stable: bool = True
    beta: bool = False
    shares: bool = False
    """Whether a beta process answers its share of all servers by now."""


@dataclass(frozen=True, slots=True)
class Turn:
    """When to claim an event. `alone`: whether it is handled where the store is away and nothing can be claimed."""

    wait: float
    alone: bool


def ring_in(text: str) -> Ring:
    """The ring that a label or setting names; anything but `beta` is stable, for a stable process answers everyone."""
    return "beta" if text.strip() == "beta" else "stable"


def lease_of(row: Mapping[str, Any]) -> Lease | None:
    """A lease from its row; None for one that cannot be understood."""
    try:
        return Lease(ring_in(str(row["ring"])), str(row["revision"]), int(row["beat"]), float(row["age"]))
    except (KeyError, ValueError, TypeError):
        return None


def row_of(lease: Lease) -> dict[str, Any]:
    """As JSON values."""
    return {"ring": lease.ring, "revision": lease.revision, "beat": lease.beat, "age": lease.age}


def look(known: Mapping[str, Seen], found: Mapping[str, Lease], now: float) -> dict[str, Seen]:
    """What is known after a look at the store: a beat that changed is new from now on, a row that is gone is gone."""
    return {name: _seen(known.get(name), lease, now) for name, lease in found.items()}


def _seen(before: Seen | None, lease: Lease, now: float) -> Seen:
    if before is None or before.lease.beat != lease.beat:
        return Seen(lease, now)
    return Seen(lease, before.at)


def view(own: Lease, others: Mapping[str, Seen], now: float, exclusive: float) -> View:
    """Who lives. `exclusive`: seconds that a new version answers servers that opted in only, counted from its first
    process on; then it takes its share of all."""
    live = [own, *(seen.lease for seen in others.values() if now - seen.at < LEASE)]
    rings = {lease.ring for lease in live}
    oldest = max(lease.age for lease in live if (lease.ring, lease.revision) == (own.ring, own.revision))
    return View(own.ring, "stable" in rings, "beta" in rings, own.ring == "beta" and oldest >= exclusive)


def turn(seen: View, *, opted: bool) -> Turn:
    """When this process claims an event of a server that did or did not opt in.

    A beta process never acts without a claim: while the store is away, the stable ones answer all servers, those that
    opted in after LEASE seconds at the latest.
    """
    first = _first(seen, opted=opted)
    if seen.ring == first or (not opted and seen.shares):
        return Turn(0.0, alone=seen.ring == "stable")
    return Turn(PATIENCE, alone=False)


def _first(seen: View, *, opted: bool) -> Ring:
    if opted and seen.beta:
        return "beta"
    return "stable" if opted or seen.stable else "beta"
