"""Controls: what stands outside the bot and no change of it can break, as this process sees it."""

from collections.abc import Callable, Mapping
from typing import Any

from bot.policy import breaker
from bot.policy.breaker import LONGEST_WAIT, Breaker

Control = Callable[[], bool | None]
"""Whether it is out of order; None: this process cannot tell."""
OUTSIDE = frozenset({"limited", "down", "silent"})
"""How calls of models end where the provider is at fault."""


class Providers:
    """`control/models`: out of order while every provider that was asked lately fails."""

    def __init__(self, timer: Callable[[], float]) -> None:
        self._timer = timer
        self._asked: dict[str, tuple[float, Breaker]] = {}

    def called(self, model: str, outcome: str) -> None:
        """One call of `provider:name`. What is the request's own fault, and what we ended, says nothing."""
        provider, now = model.partition(":")[0], self._timer()
        state = self._asked.get(provider, (now, Breaker()))[1]
        if outcome == "ok":
            self._asked[provider] = now, breaker.succeeded(state)
        elif outcome in OUTSIDE:
            self._asked[provider] = now, breaker.failed(state, now)

    def __call__(self) -> bool | None:
        """None where none was asked lately."""
        now = self._timer()
        lately = [state for at, state in self._asked.values() if now - at < LONGEST_WAIT]
        return all(state.state(now) != "closed" for state in lately) if lately else None


def connection(state: Callable[[], Mapping[str, Any]]) -> Control:
    """`control/discord`, from what the connection says of itself: out of order while it is not `ready`, or while
    `failing`, if it tells that: then calls of the REST interface get no answer."""

    def disturbed() -> bool:
        told = state()
        return not told.get("ready") or bool(told.get("failing"))

    return disturbed
