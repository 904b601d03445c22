"""What any cache must do."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.store.local_cache import LocalCache
from bot.core.stores import Cache

Open = Callable[[], Awaitable[Cache]]
ROOT = Path(__file__).parents[2]
integration = pytest.mark.integration


async def local(request: pytest.FixtureRequest) -> Open:
    only = LocalCache()

    async def opened() -> Cache:
        return only

    return opened


async def redis(request: pytest.FixtureRequest) -> Open:
    from bot.adapters.store.redis_cache import RedisCache

    server = request.getfixturevalue("redis_server")
    server.ask("FLUSHALL")

    async def opened() -> Cache:
        return RedisCache(server.url, prefix="megawatts:1:", pause=0.05)

    return opened


async def redis_away(request: pytest.FixtureRequest) -> Open:
    """In place of a server that is not there."""
    from bot.adapters.store.redis_cache import RedisCache

    only = RedisCache("unix:///nowhere/redis.sock", prefix="megawatts:1:", pause=0.05)

    async def opened() -> Cache:
        return only

    return opened


@pytest.fixture(params=[local, *(pytest.param(one, marks=integration) for one in (redis, redis_away))])
async def opened(request: pytest.FixtureRequest) -> AsyncIterator[Open]:
    make, made = await request.param(request), []

    async def opening() -> Cache:
        made.append(await make())
        return made[-1]

    yield opening
    for one in made:
        await one.close()


async def until(found: Callable[[], Awaitable[bool]]) -> None:
    """What Redis tells other processes comes a moment later."""
    async with asyncio.timeout(90):
        while not await found():  # noqa: ASYNC110  (nothing here is told)
            await asyncio.sleep(0.005)


async def test_a_value_is_there_for_all_until_it_is_replaced_or_deleted(opened: Open) -> None:
    cache, other = await opened(), await opened()
    assert await cache.get("k") is None
    value = {"n": 1, "deep": [1.5, None, True, "é\x00\ud800"], "12": "34"}
    await cache.set("k", value, 60)
    assert await cache.get("k") == value
    assert await other.get("k") == value
    await cache.set("k", 2, 60)
    assert await cache.get("k") == 2, "one's own write is seen at once"
    await until(lambda: is_now(other, "k", 2))
    await other.delete("k")
    await other.delete("k")
    assert await other.get("k") is None
    await until(lambda: is_now(cache, "k", None))


async def is_now(cache: Cache, key: str, value: Any) -> bool:
    return await cache.get(key) == value


async def test_what_one_caller_does_to_a_value_no_other_sees(opened: Open) -> None:
    cache, given = await opened(), {"list": [1]}
    await cache.set("k", given, 60)
    given["list"].append(2)
    first = await cache.get("k")
    assert first is not None
    first["list"].append(3)
    made = await cache.once("k", 60, nothing)
    made["list"].append(4)
    assert await cache.get("k") == {"list": [1]}


async def nothing() -> Any:
    raise AssertionError("it is there and must not be made")


async def test_a_value_ends(opened: Open) -> None:
    cache = await opened()
    await cache.set("short", 1, 0.05)
    await cache.set("long", 1, 60)
    await until(lambda: is_now(cache, "short", None))
    assert await cache.get("long") == 1
    await cache.set("long", 2, 0)
    assert await cache.get("long") is None, "no time to live: it is as if it were deleted"


@pytest.mark.parametrize("value", [object(), {1, 2}, float("nan"), float("inf"), {"x": b"bytes"}])
async def test_only_json_is_kept(opened: Open, value: Any) -> None:
    cache = await opened()
    await cache.set("k", 1, 60)
    with pytest.raises((TypeError, ValueError)):
        await cache.set("k", value, 60)

    async def make() -> Any:
        return value

    with pytest.raises((TypeError, ValueError)):
        await cache.once("other", 60, make)
    assert await cache.get("k") == 1
    assert await cache.get("other") is None


async def test_forgetting_a_tag_drops_its_values_and_no_others(opened: Open) -> None:
    cache, other = await opened(), await opened()
    await cache.set("both", 1, 60, ["user:1", "guild:1"])
    await other.set("one", 2, 60, ["user:1"])
    await cache.set("two", 3, 60, ["user:12", "*", "user:"])
    await cache.set("none", 4, 60)
    assert [await other.get(key) for key in ("both", "one", "two", "none")] == [1, 2, 3, 4]
    await cache.forget("user:1")
    assert [await cache.get(key) for key in ("both", "one", "two", "none")] == [None, None, 3, 4]
    await until(lambda: is_now(other, "both", None))
    await until(lambda: is_now(other, "one", None))
    await cache.forget("nothing has it")
    await cache.forget("user:1")
    assert [await other.get(key) for key in ("two", "none")] == [3, 4]


async def test_a_tag_holds_its_longest_value_however_short_the_last(opened: Open) -> None:
    """cashews forgets the list of a tag's keys with the value that was tagged last."""
    cache = await opened()
    await cache.set("long", 1, 60, ["t"])
    await cache.set("short", 1, 0.02, ["t"])
    await until(lambda: is_now(cache, "short", None))
    await cache.forget("t")
    assert await cache.get("long") is None


async def test_a_value_that_lost_its_tag_is_not_dropped_with_it(opened: Open) -> None:
    cache = await opened()
    await cache.set("k", 1, 60, ["t"])
    await cache.set("k", 2, 60, ["u"])
    await cache.forget("u")
    assert await cache.get("k") is None


async def test_many_want_a_value_and_one_makes_it(opened: Open) -> None:
    caches, made = [await opened(), await opened()], []

    async def make() -> dict[str, int]:
        made.append(1)
        await asyncio.sleep(0.01)
        return {"n": len(made)}

    found = await asyncio.gather(*(cache.once("k", 60, make, ["t"]) for cache in caches * 10))
    assert found == [{"n": 1}] * 20
    assert await caches[0].once("k", 60, make) == {"n": 1}
    await caches[0].forget("t")
    assert await caches[0].once("k", 60, make) == {"n": 2}


async def test_nothing_is_a_value_too_for_once(opened: Open) -> None:
    cache, made = await opened(), []

    async def make() -> None:
        made.append(1)

    assert await cache.once("k", 60, make) is None
    assert await cache.once("k", 60, make) is None
    assert made == [1]


async def test_what_making_raises_everyone_gets_and_nobody_keeps(opened: Open) -> None:
    cache, tries = await opened(), []

    async def make() -> int:
        tries.append(1)
        await asyncio.sleep(0)
        if len(tries) == 1:
            raise LookupError("no such model")
        return 5

    found = await asyncio.gather(*(cache.once("k", 60, make) for _ in range(3)), return_exceptions=True)
    assert [type(one) for one in found] == [LookupError] * 3
    assert tries == [1]
    assert await cache.get("k") is None
    assert await cache.once("k", 60, make) == 5


async def test_who_gives_up_waiting_takes_nothing_from_the_others(opened: Open) -> None:
    cache, go, begun = await opened(), asyncio.Event(), asyncio.Event()

    async def make() -> int:
        begun.set()
        await go.wait()
        return 1

    first = asyncio.create_task(cache.once("k", 60, make))
    await begun.wait()
    second = asyncio.create_task(cache.once("k", 60, nothing))
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    go.set()
    assert await second == 1
    assert await cache.get("k") == 1


@pytest.mark.parametrize("how", ["forget", "delete"])
@pytest.mark.parametrize("who", ["this process", "another one"])
async def test_what_is_being_made_when_it_is_forgotten_is_not_kept(opened: Open, how: str, who: str) -> None:
    """It may be made from just what was to be forgotten."""
    cache, other = await opened(), await opened()
    go, begun = asyncio.Event(), asyncio.Event()

    async def make() -> str:
        begun.set()
        await go.wait()
        return "old"

    making = asyncio.create_task(cache.once("k", 60, make, ["user:1"]))
    await begun.wait()
    forgetting = cache if who == "this process" else other
    await (forgetting.forget("user:1") if how == "forget" else forgetting.delete("k"))
    go.set()
    assert await making == "old", "who asked before it was forgotten gets an answer"
    assert await cache.get("k") is None
    assert await other.get("k") is None

    async def fresh() -> str:
        return "new"

    assert await cache.once("k", 60, fresh, ["user:1"]) == "new"
    assert await cache.get("k") == "new"


async def test_keys_and_tags_are_exact(opened: Open) -> None:
    cache = await opened()
    keys = ["a", "a*", "a:", ":a", "A", "é", "a b", "a\n", "{a}", "v:a", ""]
    for number, key in enumerate(keys):
        await cache.set(key, number, 60, [f"tag {key}"])
    assert [await cache.get(key) for key in keys] == list(range(len(keys)))
    await cache.forget("tag a*")
    assert [key for key in keys if await cache.get(key) is None] == ["a*"]


ONCE = """
import asyncio, sys
from bot.adapters.store.redis_cache import RedisCache
async def main():
    cache = RedisCache(sys.argv[1], prefix="megawatts:2:")
    await cache.get("warm")
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    async def make():
        print("made", flush=True)
        await asyncio.sleep(0.2)
        return 1
    values = await asyncio.gather(*(cache.once(f"k{n}", 60, make) for n in range(5)))
    print("values", sum(values))
    await cache.close()
asyncio.run(main())
"""


@integration
def test_of_two_processes_one_makes_a_value(redis_server: Any) -> None:
    redis_server.ask("FLUSHALL")
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": ROOT}
    argv = [sys.executable, "-c", ONCE, redis_server.url]
    both: list[Any] = [subprocess.Popen(argv, **pipes) for _ in "ab"]  # type: ignore[call-overload]
    assert [process.stdout.readline() for process in both] == ["ready\n"] * 2
    for process in both:
        process.stdin.write("go\n")
        process.stdin.flush()
    said = [process.communicate(timeout=60)[0] for process in both]
    assert "".join(said).count("made") == 5
    assert all("values 5" in one for one in said)
