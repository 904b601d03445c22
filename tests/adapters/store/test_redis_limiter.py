"""Rate limits on Redis: a server that is lost leaves nobody without a limit."""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.core.errors import Misconfigured
from tests.contracts.servers import Redis

pytestmark = pytest.mark.integration
LIMIT: dict[str, Any] = {"burst": 5, "per_minute": 0.5}


@pytest.fixture
async def limiter(redis_server: Redis) -> AsyncIterator[Any]:
    made = opened(redis_server)
    redis_server.ask("FLUSHALL")
    yield made
    await made.close()


def opened(server: Redis, prefix: str = "megawatts:7:") -> Any:
    from bot.adapters.store.redis_limiter import RedisLimiter

    return RedisLimiter(server.url, prefix=prefix, pause=0.02)


async def test_taking_redis_down_gives_nobody_a_new_burst(
    redis_server: Redis, limiter: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    assert [await limiter.take("k", **LIMIT) for _ in range(4)] == [0] * 4
    redis_server.stop()
    try:
        assert await limiter.take("k", **LIMIT) == 0
        assert [await limiter.take("k", **LIMIT) > 0 for _ in range(5)] == [True] * 5
        assert await limiter.take("other", **LIMIT) == 0
    finally:
        redis_server.start()
    async with asyncio.timeout(90):
        while not redis_server.ask("KEYS", "*"):
            await limiter.take("probe", burst=10**6, per_minute=10**6)
            await asyncio.sleep(0.005)
    said = [one.getMessage() for one in caplog.records if one.levelno >= logging.WARNING]
    assert len(said) == 2, "once when it goes, once when it is back"
    assert "rate limits of this process" in said[0]
    assert "shared again" in said[1]
    assert str(redis_server.socket) not in caplog.text


async def test_while_it_is_away_it_is_asked_now_and_then_only(redis_server: Redis) -> None:
    from bot.adapters.store.redis_limiter import RedisLimiter

    limiter = RedisLimiter("unix:///nowhere/redis.sock", prefix="p", pause=3600)
    asked: list[int] = []
    real = limiter._make

    def counted(burst: int, per_minute: float) -> Any:
        asked.append(1)
        return real(burst, per_minute)

    limiter._limiter = counted  # type: ignore[assignment]
    for _ in range(20):
        await limiter.take("k", **LIMIT)
    await limiter.close()
    assert asked == [1]


async def test_everything_lies_below_the_prefix_and_ends(redis_server: Redis, limiter: Any) -> None:
    other = opened(redis_server, "megawatts:77:")
    await limiter.take("k", burst=1, per_minute=0.5)
    assert await other.take("k", burst=1, per_minute=0.5) == 0, "installations on one server do not meet"
    keys = redis_server.ask("KEYS", "*")
    assert sorted(key.partition(b"limit")[0] for key in keys) == [b"megawatts:77:", b"megawatts:7:"]
    assert all(0 < redis_server.ask("TTL", key) <= 120 for key in keys)
    await other.close()


async def test_what_somebody_else_wrote_there_lets_nobody_through(redis_server: Redis, limiter: Any) -> None:
    await limiter.take("k", burst=1, per_minute=0.5)
    (key,) = redis_server.ask("KEYS", "*")
    redis_server.ask("SET", key, "no number")
    assert await limiter.take("k", burst=1, per_minute=0.5) > 0, "the local limit holds"


@pytest.mark.parametrize("address", ["", "hunter2", "http://:hunter2@h", "redis://:hunter2@h:port/0"])
def test_a_wrong_address_is_named_by_its_setting_and_not_shown(address: str) -> None:
    from bot.adapters.store.redis_limiter import RedisLimiter

    with pytest.raises(Misconfigured, match="X_URL is not the address of a Redis server") as caught:
        RedisLimiter(address, prefix="p", setting="X_URL")
    assert "hunter2" not in repr(caught.value)
