"""The cache on Redis: servers that go and come back, and what others write there."""

import asyncio
import json
import logging
import pickle
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from bot.core.errors import Misconfigured
from tests.contracts.servers import Redis

pytestmark = pytest.mark.integration
PREFIX = "megawatts:7:"
KEY = f"{PREFIX}cache:v:"


@pytest.fixture
async def cache(redis_server: Redis) -> AsyncIterator[Any]:
    made = opened(redis_server)
    redis_server.ask("FLUSHALL")
    yield made
    await made.close()


def opened(server: Redis, prefix: str = PREFIX) -> Any:
    from bot.adapters.store.redis_cache import RedisCache

    return RedisCache(server.url, prefix=prefix, pause=0.02)


async def until(found: Callable[[], Any]) -> None:
    async with asyncio.timeout(90):
        while not found():  # noqa: ASYNC110  (nothing here is told)
            await asyncio.sleep(0.005)


class Planted:
    """Unpickled, it makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


async def test_what_an_attacker_writes_is_never_code(redis_server: Redis, cache: Any, tmp_path: Path) -> None:
    planted = pickle.dumps(Planted(tmp_path / "executed"))
    pickle.loads(planted)
    assert (tmp_path / "executed").exists(), "or the trap itself does nothing"
    (tmp_path / "executed").unlink()
    for content in (planted, b"bytes:" + planted, b"_:" + planted, b"\xff\xfe", b"[" * 100_000, b'{"a":', b""):
        redis_server.ask("SET", KEY + "k", content, "PX", "60000")
        assert await cache.get("k") is None
        redis_server.ask("DEL", KEY + "k")
        redis_server.ask("SET", KEY + "k", content, "PX", "60000")

        async def make() -> str:
            return "made"

        assert await cache.once("k", 60, make) == "made"
        assert await cache.get("k") == "made"
        await cache.delete("k")
    assert not (tmp_path / "executed").exists()


async def test_everything_lies_below_the_prefix_and_ends(redis_server: Redis, cache: Any) -> None:
    async def make() -> int:
        return 1

    await cache.set("a", {"n": 1}, 60, ["t"])
    await cache.once("b", 60, make, ["t", "u"])
    await cache.delete("a")
    await cache.forget("u")
    keys = redis_server.ask("KEYS", "*")
    assert keys
    assert all(key.startswith(b"megawatts:7:cache:") for key in keys)
    assert all(redis_server.ask("PTTL", key) > 0 for key in keys)
    assert not [key for key in keys if b":l:" in key], "locks are given back"


async def test_two_installations_on_one_server_do_not_meet(redis_server: Redis, cache: Any) -> None:
    other = opened(redis_server, "megawatts:77:")
    await cache.set("k", 1, 60, ["t"])
    assert await other.get("k") is None
    await other.set("k", 2, 60, ["t"])
    await other.forget("t")
    assert await cache.get("k") == 1
    await other.close()


async def test_what_is_forgotten_is_gone_from_the_server(redis_server: Redis, cache: Any) -> None:
    fill = """for i = 1, 2500 do
        redis.call('SET', ARGV[1] .. i, '"words"', 'PX', 60000) redis.call('SADD', ARGV[2], ARGV[1] .. i) end"""
    redis_server.ask("EVAL", fill, "0", KEY, f"{PREFIX}cache:t:user:1")
    await cache.set("mine", "a member's words", 60, ["user:1"])
    await cache.forget("user:1")
    assert [key for key in redis_server.ask("KEYS", "*") if b":f:" not in key] == []


async def test_a_hit_asks_the_server_nothing(redis_server: Redis, cache: Any) -> None:
    await cache.set("k", {"n": 1}, 60)
    await told(redis_server, cache)
    assert await cache.get("k") == {"n": 1}
    before = commands(redis_server, "get")
    for _ in range(50):
        assert await cache.get("k") == {"n": 1}
    assert commands(redis_server, "get") == before


async def told(server: Redis, cache: Any) -> None:
    """Redis has told of all changes until now: they come in their order."""
    cache._local.keep("last", "1", 60)
    server.ask("SET", KEY + "last", "1", "PX", "60000")
    await until(lambda: "last" not in cache._local._entries)


def commands(server: Redis, name: str) -> int:
    found = server.ask("INFO", "commandstats").get(f"cmdstat_{name}", {"calls": 0})
    return int(found["calls"])


async def test_a_copy_lives_no_longer_than_its_value(redis_server: Redis, cache: Any) -> None:
    await cache.set("k", 1, 60)
    redis_server.ask("PEXPIRE", KEY + "k", "300")
    await told(redis_server, cache)
    assert await cache.get("k") == 1
    left = cache._local._entries["k"].until - cache._local._clock()
    assert left <= 0.3
    redis_server.ask("SET", KEY + "forever", "1")
    assert await cache.get("forever") == 1
    assert "forever" not in cache._local._entries, "of a value without an end no copy is kept"


async def test_a_value_that_changes_while_it_is_read_is_not_copied(redis_server: Redis, cache: Any) -> None:
    await cache.set("k", "old", 60)
    pipeline = cache._client.pipeline

    def slow(*args: Any, **more: Any) -> Any:
        made = pipeline(*args, **more)
        execute = made.execute

        async def late() -> Any:
            found = await execute()
            redis_server.ask("SET", KEY + "k", '"new"', "PX", "60000")
            await until(lambda: "k" not in cache._reading)
            return found

        made.execute = late
        return made

    await told(redis_server, cache)
    cache._client.pipeline = slow
    assert await cache.get("k") == "old"
    cache._client.pipeline = pipeline
    assert await cache.get("k") == "new"


async def test_a_server_that_goes_and_comes_back(
    redis_server: Redis, cache: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await cache.set("before", 1, 60)
    assert await cache.get("before") == 1
    redis_server.stop()
    try:
        await until(lambda: not cache._follower.up)
        assert await cache.get("before") is None, "a copy that nobody keeps up to date is not used"
        await cache.set("while", 2, 60, ["t"])
        assert await cache.get("while") == 2
        assert await cache.once("made", 60, two) == 2
        await cache.forget("t")
        assert await cache.get("while") is None
        await cache.set("again", 3, 60)
        warnings = [one for one in caplog.records if one.levelno >= logging.WARNING]
        assert len(warnings) == 1, caplog.text
        assert "REDIS_URL" in warnings[0].getMessage()
        assert str(redis_server.socket) not in caplog.text
    finally:
        redis_server.start()
    await until(lambda: cache._follower.up)
    assert await cache.get("again") is None, "what was this process's own is not the others'"
    await cache.set("after", 4, 60)
    assert json.loads(redis_server.ask("GET", KEY + "after")) == 4
    said = [one.getMessage() for one in caplog.records if one.levelno >= logging.WARNING]
    assert [said[1:]] == [["Redis is back; the cache is shared again"]]


async def two() -> int:
    return 2


@pytest.mark.parametrize("how", ["forget", "delete", "set"])
async def test_what_could_not_be_dropped_is_dropped_when_the_server_is_back(
    redis_server: Redis, cache: Any, how: str
) -> None:
    """The server kept its values: it was only out of reach."""
    await cache.set("k", "old", 60, ["t"])
    redis_server.ask("SET", "foreign", "1")
    await cut(cache)
    calls: dict[str, Callable[[], Awaitable[None]]] = {
        "forget": lambda: cache.forget("t"), "delete": lambda: cache.delete("k"), "set": lambda: cache.set("k", 1, 60),
    }  # fmt: skip
    await calls[how]()
    assert redis_server.ask("GET", KEY + "k") == b'"old"'
    await until(lambda: cache._follower.up)
    assert await cache.get("k") is None
    assert redis_server.ask("KEYS", f"{PREFIX}*") == []
    assert redis_server.ask("GET", "foreign") == b"1"


async def test_a_server_that_was_away_and_missed_nothing_keeps_its_values(redis_server: Redis, cache: Any) -> None:
    await cache.set("k", "old", 60, ["t"])
    await cut(cache)
    assert await cache.get("k") is None
    await until(lambda: cache._follower.up)
    assert await cache.get("k") == "old"


async def cut(cache: Any) -> None:
    """Out of reach, as the process sees it, until the follower tries again."""
    await cache.get("k")
    cache._follower.lost(ConnectionError())


async def test_a_connection_without_a_sign_of_life_is_dead(redis_server: Redis, cache: Any, tmp_path: Path) -> None:
    """A server that hangs says nothing and closes nothing."""
    import signal

    from bot.adapters.store import redis_follow

    assert redis_follow.PATIENCE <= 1
    await cache.set("k", 1, 60)
    process = redis_server._process
    assert process is not None
    process.send_signal(signal.SIGSTOP)
    try:
        await until(lambda: not cache._follower.up)
        assert await cache.get("k") is None
        await cache.set("k", 2, 60)
        assert await cache.get("k") == 2
    finally:
        process.send_signal(signal.SIGCONT)
    await until(lambda: cache._follower.up)
    assert await cache.get("k") is None


async def test_a_maker_that_died_holds_the_others_up_no_longer_than_its_lease(redis_server: Redis, cache: Any) -> None:
    from bot.adapters.store import redis_cache

    redis_server.ask("SET", f"{PREFIX}cache:l:k", "dead", "PX", "150")
    assert await cache.once("k", 60, two) == 2
    assert redis_cache._LEASE <= 15_000


async def test_a_slow_maker_keeps_its_lock(redis_server: Redis, cache: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from bot.adapters.store import redis_cache

    # Renewed every half second: a busy machine may be late by a whole one before the lock is another's, rightly so.
    monkeypatch.setattr(redis_cache, "_LEASE", 1_500)
    go, begun, other, made = asyncio.Event(), asyncio.Event(), opened(redis_server), []

    async def slow() -> int:
        made.append(1)
        begun.set()
        await go.wait()
        return len(made)

    first = asyncio.create_task(cache.once("k", 60, slow))
    await begun.wait()
    second = asyncio.create_task(other.once("k", 60, slow))
    renewed = commands(redis_server, "pexpire")
    await until(lambda: commands(redis_server, "pexpire") > renewed + 3)
    go.set()
    assert [await first, await second] == [1, 1]
    await other.close()


@pytest.mark.parametrize("address", ["", "hunter2", "http://:hunter2@h", "redis://:hunter2@h:port/0"])
def test_a_wrong_address_is_named_by_its_setting_and_not_shown(address: str) -> None:
    from bot.adapters.store.redis_cache import RedisCache

    with pytest.raises(Misconfigured, match="X_URL is not the address of a Redis server") as caught:
        RedisCache(address, prefix="p", setting="X_URL")
    assert "hunter2" not in repr(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


async def test_a_wrong_password_is_said_once_and_the_cache_works(
    redis_server: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    from bot.adapters.store.redis_cache import RedisCache

    redis_server.ask("ACL", "SETUSER", "locked", "on", ">right", "~*", "+@all")
    cache = RedisCache(f"unix://locked:hunter2@{redis_server.socket}", prefix="p", pause=0.02)
    await cache.set("k", 1, 60)
    assert await cache.get("k") == 1
    await cache.close()
    assert caplog.text.count("it refuses the password or the user") == 1
    assert "hunter2" not in caplog.text
