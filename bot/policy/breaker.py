"""When a provider that fails is left alone, and when it is tried again.

The circuit breaker of M. Nygard, "Release It!", 2nd ed., ch. 5: closed, open after failures in a row, half-open for one
probe. Times are seconds of any clock that never runs backwards.
"""

from dataclasses import dataclass, replace
from typing import Literal

State = Literal["closed", "open", "half-open"]

FAILURES = 3
"""Failures in a row that open it."""
FIRST_WAIT, LONGEST_WAIT = 5.0, 300.0
"""Seconds until the first probe, doubled after each that fails, up to the longest."""
LONGEST_ASKED = 3600.0
"""Most seconds of a provider's own Retry-After that are honoured."""


@dataclass(frozen=True, slots=True)
class Breaker:
    """The state of one provider or model; each change is a new one."""

    failures: int = 0
    """In a row."""
    until: float = 0.0
    """Not asked before this time."""
    wait: float = 0.0
    """Seconds of the current wait; 0 while closed."""
    probing: bool = False

    def state(self, now: float) -> State:
        """Closed: asked freely. Open: not asked. Half-open: one caller may try."""
        if not self.wait:
            return "closed"
        return "half-open" if now >= self.until and not self.probing else "open"

    def left(self, now: float) -> float:
        """Seconds until it may be asked; 0 if it may."""
        if not self.wait or self.state(now) == "half-open":
            return 0.0
        return max(self.until - now, 0.1)


def begun(breaker: Breaker) -> Breaker:
    """Somebody asks now: while half-open, nobody else may."""
    return replace(breaker, probing=True) if breaker.wait else breaker


def succeeded(_breaker: Breaker) -> Breaker:
    """It answered: all is forgotten."""
    return Breaker()


def failed(breaker: Breaker, now: float, retry_after: float | None = None) -> Breaker:
    """It did not answer. A wait that the provider asked for opens at once; else it takes FAILURES in a row.

    A call that had begun before it opened prolongs nothing, and nothing makes it open earlier than was asked for.
    """
    failures = breaker.failures + 1
    if retry_after is not None:
        wait = min(max(retry_after, 0.1), LONGEST_ASKED)
    elif breaker.wait and not breaker.probing:
        return replace(breaker, failures=failures)
    elif breaker.wait:
        wait = min(max(breaker.wait * 2, FIRST_WAIT), LONGEST_WAIT)
    elif failures >= FAILURES:
        wait = FIRST_WAIT
    else:
        return replace(breaker, failures=failures, probing=False)
    return Breaker(failures, max(now + wait, breaker.until), wait)


def abandoned(breaker: Breaker) -> Breaker:
    """A call was ended by us before it told anything: the probe is free for the next caller."""
    return replace(breaker, probing=False)
