"""Rate limits of one process, with the standard library only."""

import math
import time
from collections.abc import Callable

_SWEEP = 10_000
"""Keys after which those that have recovered are dropped; they are as good as absent."""


class LocalLimiter:
    """`core.stores.RateLimiter` in this process: a key's state is the one time at which its bucket is full again.

    A key that has not recovered is never dropped, however many there are: it would get its burst anew.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._full_at: dict[str, float] = {}
        self._sweep_at = _SWEEP

    async def take(self, key: str, *, burst: int, per_minute: float, cost: int = 1) -> float:
        """0 if it passes, else seconds to wait; infinity for a cost above the burst, which can never pass."""
        check(burst, per_minute, cost)
        if cost > burst:
            return math.inf
        now = self._clock()
        interval = 60 / per_minute
        full_at = max(now, self._full_at.get(key, now)) + cost * interval
        wait = full_at - now - burst * interval
        if wait > 1e-9:  # the sum of many intervals is not exact
            return wait
        self._full_at[key] = full_at
        if len(self._full_at) > self._sweep_at:
            self._sweep(now)
        return 0.0

    async def close(self) -> None:
        """Forget everything."""
        self._full_at.clear()

    def _sweep(self, now: float) -> None:
        self._full_at = {key: at for key, at in self._full_at.items() if at > now}
        self._sweep_at = max(_SWEEP, 2 * len(self._full_at))


def check(burst: int, per_minute: float, cost: int) -> None:
    """ValueError for a limit that is none."""
    if burst < 1 or cost < 1 or not 0 < per_minute < math.inf:
        raise ValueError(f"a limit needs burst and cost of 1 or more and a rate above 0: {burst}, {cost}, {per_minute}")
