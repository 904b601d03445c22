"""How each model and each provider fares: breakers, latencies, and names that are no longer known."""

from collections.abc import Callable, Iterable

from bot.agent.wire import UNWELL, ModelFault
from bot.policy import breaker
from bot.policy.breaker import Breaker
from bot.policy.latency import Latency, late_after
from bot.policy.routing import Candidate, Condition

FORGET_TROUBLE = 3600.0
"""Seconds after which a name that was not known, or a key that was refused, is tried again."""


class Health:
    """Kept in memory: after a restart everybody is tried again. `timer` gives seconds that never run backwards."""

    def __init__(self, timer: Callable[[], float]) -> None:
        self._timer = timer
        self._breakers: dict[str, Breaker] = {}
        self._latencies: dict[tuple[str, bool], Latency] = {}
        self._troubles: dict[str, tuple[float, str]] = {}

    def conditions(self, candidates: Iterable[Candidate], *, stream: bool) -> dict[str, Condition]:
        """What routing is to know of each, by name."""
        now = self._timer()
        return {one.name: self._condition(one, now, stream) for one in candidates}

    def _condition(self, one: Candidate, now: float, stream: bool) -> Condition:
        state = self._breakers.get(one.provider, Breaker())
        latency = self._latencies.get((one.name, stream))
        since, why = self._troubles.get(one.name, (0.0, ""))
        trouble = why if why and now - since < FORGET_TROUBLE else ""
        return Condition(state.state(now), state.left(now), latency.average if latency else None, trouble)

    def begun(self, one: Candidate) -> bool:
        """Claim a call; False if the provider may not be asked now, such as while another caller probes it."""
        state = self._breakers.get(one.provider, Breaker())
        if state.state(self._timer()) == "open":
            return False
        self._breakers[one.provider] = breaker.begun(state)
        return True

    def answered(self, one: Candidate, seconds: float, *, stream: bool) -> None:
        """`seconds` until first output."""
        self._breakers[one.provider] = breaker.succeeded(self._breakers.get(one.provider, Breaker()))
        self._troubles.pop(one.name, None)
        key = one.name, stream
        self._latencies[key] = self._latencies.get(key, Latency()).seen(seconds)

    def failed(self, one: Candidate, fault: ModelFault) -> None:
        """What is the request's own fault says nothing about the provider."""
        state = self._breakers.get(one.provider, Breaker())
        if fault.trouble in UNWELL:
            self._breakers[one.provider] = breaker.failed(state, self._timer(), fault.retry_after)
        else:
            self._breakers[one.provider] = breaker.abandoned(state)
        if fault.trouble in {"retired", "refused"}:
            self._troubles[one.name] = self._timer(), fault.because

    def abandoned(self, one: Candidate) -> None:
        """We ended the call."""
        self._breakers[one.provider] = breaker.abandoned(self._breakers.get(one.provider, Breaker()))

    def late_after(self, one: Candidate, *, stream: bool, unknown: float, most: float) -> float:
        """Seconds after which a second provider is asked."""
        return late_after(self._latencies.get((one.name, stream), Latency()), unknown, most)
