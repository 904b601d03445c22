"""The cache that all processes share, on Redis, with copies in this one."""

import asyncio
import json
import random
import re
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from redis.asyncio import Redis

from bot.adapters.store import scripts
from bot.adapters.store.flights import Flight, Flights, end
from bot.adapters.store.local_cache import LocalCache, encode
from bot.adapters.store.redis_follow import Follower
from bot.adapters.store.redis_link import FAILURES, OPTIONS, Away, check_address

_COPY = 60.0
"""Seconds that a copy is used here at most, should Redis ever fail to tell of a change."""
_LEASE = 10_000
"""Milliseconds that a lock outlives the process that held it."""
_MARK = 900_000
"""Milliseconds for which it is known that a tag was forgotten: longer than any value takes to be made."""


class RedisCache:
    """`core.stores.Cache` on Redis. Values are JSON: what somebody else writes there is data, never code.

    Reads are served from copies in this process, which Redis tells to drop. While Redis is away the cache is this
    process's own, empty at first; when Redis is back, what it kept from before is dropped if it was changed meanwhile.
    """

    def __init__(self, address: str, *, prefix: str, setting: str = "REDIS_URL", pause: float = 1.0) -> None:
        """`prefix` keeps installations on one server apart; `pause`: seconds between tries while Redis is away."""
        check_address(address, setting)
        self._prefix = f"{prefix}cache:"
        self._client: Redis = Redis.from_url(address, **OPTIONS)
        self._local = LocalCache()
        self._flights = Flights()
        self._reading: dict[str, object] = {}
        self._unsaid = False
        away = Away("cache", setting, pause=pause)
        followed = (self._name("v", ""), self._name("f", ""))
        self._follower = Follower(self._client, followed, away, self._changed, self._back, pause=pause)
        self._keep, self._forget, self._unlock, self._renew = (
            self._client.register_script(one)
            for one in (scripts.KEEP, scripts.FORGET, scripts.UNLOCK, scripts.RENEW)
        )  # fmt: skip

    async def get(self, key: str) -> Any | None:
        """The value, or None."""
        text = await self._look(key)
        return None if text is None else json.loads(text)

    async def set(self, key: str, value: Any, ttl: float, tags: Sequence[str] = ()) -> None:
        """Keep a value for `ttl` seconds. TypeError or ValueError if it is not JSON."""
        await self._store(key, encode(value), ttl, tags, {})

    async def delete(self, key: str) -> None:
        """Drop a value, if it is there."""
        self._flights.outdate(key=key)

        async def work() -> None:
            async with self._client.pipeline() as both:
                both.set(self._name("f", f"k:{key}"), secrets.token_hex(8), px=_MARK)
                both.unlink(self._name("v", key))
                await both.execute()

        await self._try(work, write=True)
        self._changed(self._name("v", key))

    async def forget(self, tag: str) -> None:
        """Drop every value with this tag, in every process."""
        self._flights.outdate(tag=tag)
        await self._local.forget(tag)
        keys = [self._name("t", tag), self._name("f", f"t:{tag}")]
        for name in await self._try(lambda: self._forget(keys, [secrets.token_hex(8), _MARK]), write=True) or ():
            self._changed(name.decode(errors="replace"))

    async def once(self, key: str, ttl: float, make: Callable[[], Awaitable[Any]], tags: Sequence[str] = ()) -> Any:
        """The value, made by one caller of one process while the others wait."""
        text = await self._look(key)
        if text is None:
            text = await self._flights.join(key, tags, lambda flight: self._made(flight, key, ttl, make))
        return json.loads(text)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._flights.close()
        await self._follower.close()
        await self._local.close()
        await self._client.aclose()
        await self._client.connection_pool.disconnect()

    def _name(self, kind: str, name: str) -> str:
        return f"{self._prefix}{kind}:{name}"

    async def _try(self, work: Callable[[], Awaitable[Any]], *, write: bool = False) -> Any:
        """What Redis says; None while it is away, and a write is then remembered as not done."""
        await self._follower.start()
        if self._follower.up:
            try:
                return await work()
            except FAILURES as error:
                self._follower.lost(error)
        self._unsaid |= write
        return None

    async def _look(self, key: str) -> str | None:
        """The value's JSON, from here or from Redis."""
        found = self._local.look(key)
        return found if found is not None else await self._try(lambda: self._fetch(key))

    async def _fetch(self, key: str) -> str | None:
        """From Redis, and copied, unless Redis says meanwhile that it changed."""
        token = self._reading[key] = object()
        try:
            async with self._client.pipeline(transaction=False) as both:
                both.get(self._name("v", key))
                both.pttl(self._name("v", key))
                raw, left = await both.execute()
            text = _readable(raw)
            if text is not None and self._reading.get(key) is token:
                self._local.keep(key, text, min(left / 1000, _COPY))
            return text
        finally:
            if self._reading.get(key) is token:
                del self._reading[key]

    async def _store(self, key: str, text: str, ttl: float, tags: Sequence[str], marks: dict[str, str]) -> None:
        """In Redis, unless a mark changed since it was read; here, while Redis is away."""
        if ttl <= 0:
            return await self.delete(key)
        arguments: list[str | int] = [text, max(1, int(ttl * 1000)), self._prefix, len(marks), *marks.values(), *tags]
        stored = await self._try(lambda: self._keep([self._name("v", key), *marks], arguments), write=True)
        self._changed(self._name("v", key))
        if stored is None:
            self._local.keep(key, text, ttl, tags)
        return None

    async def _made(self, flight: Flight, key: str, ttl: float, make: Callable[[], Awaitable[Any]]) -> str:
        """By this process, or by another one that is quicker."""
        names = [self._name("f", f"k:{key}"), *(self._name("f", f"t:{tag}") for tag in flight.tags)]
        async with self._alone(key) as found:
            if found is not None:
                return found
            known = await self._try(lambda: self._client.mget(names))
            text = encode(await make())
            if flight.outdated:
                return text
            if known is None:
                self._local.keep(key, text, ttl, tuple(flight.tags))
            else:
                marks = {name: (raw or b"").decode() for name, raw in zip(names, known, strict=True)}
                await self._store(key, text, ttl, tuple(flight.tags), marks)
            return text

    @asynccontextmanager
    async def _alone(self, key: str) -> AsyncIterator[str | None]:
        """Nobody else makes this value meanwhile; yields it if another process just made it."""
        lock, token = self._name("l", key), secrets.token_hex(8)

        async def take() -> bool:
            return bool(await self._client.set(lock, token, nx=True, px=_LEASE))

        while (taken := await self._try(take)) is False:
            await asyncio.sleep(random.uniform(0.02, 0.06))  # noqa: S311  (no secret)
            found = await self._look(key)
            if found is not None:
                yield found
                return
        holding = asyncio.create_task(self._hold(lock, token)) if taken else None
        try:
            yield await self._look(key)
        finally:
            if holding is not None:
                await end(holding)
                await self._try(lambda: self._unlock([lock], [token]))

    async def _hold(self, lock: str, token: str) -> None:
        while True:
            await asyncio.sleep(_LEASE / 3000)
            await self._try(lambda: self._renew([lock], [token, _LEASE]))

    def _changed(self, name: str | None) -> None:
        """Redis tells that somebody changed a value or a mark, or that anything may have changed."""
        if name is None:
            self._local.clear()
            self._reading.clear()
            return
        kind, _, key = name.removeprefix(self._prefix).partition(":")
        if kind == "v":
            self._local.drop(key)
            self._reading.pop(key, None)
        elif key.startswith("t:"):
            self._flights.leave(tag=key[2:])
        else:
            self._flights.leave(key=key[2:])

    async def _back(self) -> None:
        """What was to be dropped or written while Redis was away may be there in its old form: drop all of it."""
        if not self._unsaid:
            return
        below = re.sub(r"([*?\[\]\\])", r"\\\1", self._prefix)
        for kind in ("v", "t"):
            async for name in self._client.scan_iter(f"{below}{kind}:*", count=1000):
                await self._client.unlink(name)
        self._unsaid = False


def _readable(raw: bytes | None) -> str | None:
    """The text if it is JSON; whatever else stands there is as good as nothing."""
    if raw is None:
        return None
    try:
        text = raw.decode()
        json.loads(text)
    except (ValueError, RecursionError):
        return None
    return text
