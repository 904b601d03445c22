"""Rate limits: a token bucket per member and per channel."""

from collections import OrderedDict
from collections.abc import Hashable

_MOST = 20_000
"""Buckets remembered; the one unused longest is forgotten first (it is full again by then)."""


class Buckets:
    """Token buckets by key. Times are seconds on any clock that does not run backwards."""

    def __init__(self, capacity: float, per_minute: float) -> None:
        self._capacity, self._rate = capacity, per_minute / 60.0
        self._state: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def level(self, key: Hashable, now: float) -> float:
        """Tokens that a key has now."""
        tokens, seen = self._state.get(key, (self._capacity, now))
        return min(self._capacity, tokens + max(0.0, now - seen) * self._rate)

    def wait(self, key: Hashable, now: float) -> float:
        """Seconds until one token is there; 0 if one is."""
        missing = 1.0 - self.level(key, now)
        return missing / self._rate if missing > 0 else 0.0

    def take(self, key: Hashable, now: float) -> None:
        """Use one token; never below zero."""
        self._state[key] = (max(0.0, self.level(key, now) - 1.0), now)
        self._state.move_to_end(key)
        while len(self._state) > _MOST:
            self._state.popitem(last=False)


class Limits:
    """A message passes if its member and its channel both have a token; a refused one costs neither."""

    def __init__(self, user: Buckets, channel: Buckets) -> None:
        self._user, self._channel = user, channel

    def admit(self, user: str, channel: str, now: float) -> float:
        """0 if the message passes, else the seconds to wait."""
        wait = max(self._user.wait(user, now), self._channel.wait(channel, now))
        if wait <= 0:
            self._user.take(user, now)
            self._channel.take(channel, now)
        return wait
