"""What any rate limiter must do."""

import asyncio
import math
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.store.local_limiter import LocalLimiter
from bot.core.stores import RateLimiter

ROOT = Path(__file__).parents[2]
integration = pytest.mark.integration
SLOW = 0.5
"""A minute: nothing recovers while a test runs."""


def local(request: pytest.FixtureRequest) -> RateLimiter:
    return LocalLimiter()


def redis(request: pytest.FixtureRequest) -> RateLimiter:
    from bot.adapters.store.redis_limiter import RedisLimiter

    server = request.getfixturevalue("redis_server")
    server.ask("FLUSHALL")
    return RedisLimiter(server.url, prefix="megawatts:1:")


def redis_away(request: pytest.FixtureRequest) -> RateLimiter:
    from bot.adapters.store.redis_limiter import RedisLimiter

    return RedisLimiter("unix:///nowhere/redis.sock", prefix="megawatts:1:")


@pytest.fixture(params=[local, *(pytest.param(one, marks=integration) for one in (redis, redis_away))])
async def limiter(request: pytest.FixtureRequest) -> AsyncIterator[RateLimiter]:
    made = request.param(request)
    yield made
    await made.close()


async def test_a_burst_passes_and_the_next_waits_for_the_rate(limiter: RateLimiter) -> None:
    assert [await limiter.take("k", burst=5, per_minute=SLOW) for _ in range(5)] == [0] * 5
    waits = [await limiter.take("k", burst=5, per_minute=SLOW) for _ in range(3)]
    assert all(100 < wait <= 120 for wait in waits), "one comes back every two minutes"
    assert waits == sorted(waits, reverse=True), "a refused one costs nothing"


async def test_keys_do_not_know_each_other(limiter: RateLimiter) -> None:
    for key in ("user:1", "user:12", "user:*", "é\x00", ""):
        assert await limiter.take(key, burst=1, per_minute=SLOW) == 0
        assert await limiter.take(key, burst=1, per_minute=SLOW) > 0


async def test_a_cost_counts_and_what_does_not_fit_takes_nothing(limiter: RateLimiter) -> None:
    assert await limiter.take("k", burst=10, per_minute=SLOW, cost=7) == 0
    wait = await limiter.take("k", burst=10, per_minute=SLOW, cost=5)
    assert 220 < wait <= 240, "two more are needed, at two minutes each"
    assert await limiter.take("k", burst=10, per_minute=SLOW, cost=3) == 0
    assert await limiter.take("k", burst=10, per_minute=SLOW) > 0


async def test_what_can_never_pass_is_told_so_and_takes_nothing(limiter: RateLimiter) -> None:
    assert await limiter.take("k", burst=3, per_minute=60, cost=4) == math.inf
    assert await limiter.take("k", burst=3, per_minute=SLOW, cost=3) == 0


@pytest.mark.parametrize(
    "limit",
    [{"burst": 0}, {"burst": -1}, {"per_minute": 0}, {"per_minute": -1}, {"per_minute": math.inf},
     {"per_minute": math.nan}, {"cost": 0}, {"cost": -5}],
)  # fmt: skip
async def test_what_is_no_limit_is_refused(limiter: RateLimiter, limit: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="a limit needs"):
        await limiter.take("k", **{"burst": 5, "per_minute": 60, **limit})
    assert await limiter.take("k", burst=1, per_minute=SLOW) == 0, "and nothing was given back or taken"


async def test_it_recovers_at_its_rate(limiter: RateLimiter) -> None:
    rate = 60 * 50
    assert await limiter.take("k", burst=2, per_minute=rate, cost=2) == 0
    wait = await limiter.take("k", burst=2, per_minute=rate, cost=2)
    assert 0 < wait <= 2 / 50
    async with asyncio.timeout(90):
        while wait:
            await asyncio.sleep(wait)
            wait = await limiter.take("k", burst=2, per_minute=rate, cost=2)


async def test_rates_need_be_no_whole_numbers(limiter: RateLimiter) -> None:
    for rate in (0.001, 0.7, 7.3):
        assert await limiter.take(f"k{rate}", burst=1, per_minute=rate) == 0
        assert await limiter.take(f"k{rate}", burst=1, per_minute=rate) == pytest.approx(60 / rate, abs=5)


async def test_of_many_at_once_as_many_pass_as_may(limiter: RateLimiter) -> None:
    waits = await asyncio.gather(*(limiter.take("k", burst=7, per_minute=SLOW) for _ in range(40)))
    assert sum(wait == 0 for wait in waits) == 7


TAKES = """
import asyncio, sys
from bot.adapters.store.redis_limiter import RedisLimiter
async def main():
    limiter = RedisLimiter(sys.argv[1], prefix="megawatts:2:")
    await limiter.take("warm", burst=9, per_minute=9)
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    print(sum(await asyncio.gather(*(passed(limiter) for _ in range(30)))))
    await limiter.close()
async def passed(limiter):
    return await limiter.take("k", burst=20, per_minute=0.5) == 0
asyncio.run(main())
"""


@integration
def test_processes_share_one_limit(redis_server: Any) -> None:
    redis_server.ask("FLUSHALL")
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": ROOT}
    argv = [sys.executable, "-c", TAKES, redis_server.url]
    both: list[Any] = [subprocess.Popen(argv, **pipes) for _ in "ab"]  # type: ignore[call-overload]
    assert [process.stdout.readline() for process in both] == ["ready\n"] * 2
    for process in both:
        process.stdin.write("go\n")
        process.stdin.flush()
    assert sum(int(process.communicate(timeout=60)[0]) for process in both) == 20
