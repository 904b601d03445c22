"""The cache in this process keeps within its bounds."""

import asyncio

import pytest

from bot.adapters.store.local_cache import LocalCache


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_the_least_recently_used_make_room() -> None:
    cache = LocalCache(most=3)
    for key in "abc":
        await cache.set(key, key, 60, ["t"])
    await cache.get("a")
    await cache.set("d", "d", 60)
    assert [await cache.get(key) for key in "abcd"] == ["a", None, "c", "d"]
    await cache.set("a", "a2", 60)
    assert len(cache._entries) == 3, "a value in place of another takes no more room"


async def test_values_together_stay_below_a_size() -> None:
    cache = LocalCache(largest=100)
    for key in "abcde":
        await cache.set(key, "x" * 28, 60)
    assert [key for key in "abcde" if await cache.get(key)] == ["c", "d", "e"]
    await cache.set("c", "x" * 200, 60)
    assert await cache.get("c") is None, "one that is larger than all is not kept, nor is the one before"
    assert await cache.get("d")


async def test_nothing_is_left_of_a_value_that_is_gone() -> None:
    clock = Clock()
    cache = LocalCache(clock=clock)
    await cache.set("k", 1, 10, ["t", "u"])
    await cache.set("k", 2, 10, ["u"])
    await cache.forget("t")
    assert await cache.get("k") == 2, "a tag that a value no longer has does not drop it"
    clock.now = 9.999
    assert await cache.get("k") == 2
    clock.now = 10
    assert await cache.get("k") is None
    assert (cache._size, len(cache._entries), cache._tagged) == (0, 0, {})


async def test_closing_ends_what_is_being_made() -> None:
    cache, begun = LocalCache(), asyncio.Event()

    async def make() -> int:
        begun.set()
        await asyncio.Event().wait()
        return 1

    waiting = asyncio.create_task(cache.once("k", 60, make))
    await begun.wait()
    await cache.set("other", 1, 60)
    await cache.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert await cache.get("other") is None


async def test_a_failure_that_nobody_waits_for_any_more_is_not_an_error(caplog: pytest.LogCaptureFixture) -> None:
    cache, go = LocalCache(), asyncio.Event()

    async def make() -> int:
        await go.wait()
        raise LookupError

    waiting = asyncio.create_task(cache.once("k", 60, make))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    go.set()
    for _ in range(3):
        await asyncio.sleep(0)
    assert cache._flights._by_key == {}
    assert caplog.text == ""
