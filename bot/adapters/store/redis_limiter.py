"""Rate limits that all processes share, on Redis."""

import math
from datetime import timedelta
from functools import lru_cache

from redis.asyncio import Redis
from throttled.asyncio import RateLimiterRegistry, RateLimiterType, RedisStore
from throttled.asyncio.rate_limiter import BaseRateLimiter
from throttled.exceptions import StoreUnavailableError
from throttled.rate_limiter import Quota, Rate

from bot.adapters.store.local_limiter import LocalLimiter, check
from bot.adapters.store.redis_link import FAILURES, OPTIONS, Away, check_address

_FINE = 1_000_000
"""The library counts whole requests in whole seconds: a rate a minute is told to it as one a million minutes."""


class RedisLimiter:
    """`core.stores.RateLimiter` over throttled-py's GCRA script, one round trip each, by the server's clock.

    What passes is counted in this process as well: when Redis goes away, the local limits go on from there. Nobody
    is ever without a limit, and nobody gets a new burst by taking Redis down.
    """

    def __init__(self, address: str, *, prefix: str, setting: str = "REDIS_URL", pause: float = 2.0) -> None:
        """`prefix` keeps installations on one server apart. Misconfigured if the address is none."""
        check_address(address, setting)
        self._prefix = f"{prefix}limit"
        options = {"REUSE_CONNECTION": False, "CONNECTION_POOL_KWARGS": dict(OPTIONS)}
        self._store = RedisStore(server=address, options=options)
        self._client: Redis = self._store._backend.get_client()  # type: ignore[assignment]
        self._local = LocalLimiter()
        self._away = Away("rate limits", setting, pause=pause)
        self._limiter = lru_cache(maxsize=256)(self._make)

    async def take(self, key: str, *, burst: int, per_minute: float, cost: int = 1) -> float:
        """0 if it passes, else seconds to wait; infinity for a cost above the burst, which can never pass."""
        check(burst, per_minute, cost)
        if cost > burst:
            return math.inf
        wait = await self._asked(key, burst, per_minute, cost)
        if wait:
            return wait
        local = await self._local.take(key, burst=burst, per_minute=per_minute, cost=cost)
        return local if wait is None else 0.0

    async def close(self) -> None:
        """Let go of the connections."""
        await self._client.aclose()
        await self._client.connection_pool.disconnect()
        await self._local.close()

    async def _asked(self, key: str, burst: int, per_minute: float, cost: int) -> float | None:
        """What Redis says; None while it is away."""
        if not self._away.worth_a_try():
            return None
        try:
            found = await self._limiter(burst, per_minute).limit(key, cost)
        except (StoreUnavailableError, *FAILURES) as error:
            self._away.lost(error)
            return None
        self._away.back()
        return max(float(found.state.retry_after), 1e-6) if found.limited else 0.0

    def _make(self, burst: int, per_minute: float) -> BaseRateLimiter:
        rate = Rate(timedelta(minutes=_FINE), max(1, round(per_minute * _FINE)))
        kind = RateLimiterRegistry.get(RateLimiterType.GCRA.value)
        return kind(Quota(rate, burst), self._store, key_prefix=self._prefix)
