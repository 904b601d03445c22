"""Following what other processes change in Redis, so that copies kept here are dropped at once."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from redis.asyncio import Redis

from bot.adapters.store.flights import end
from bot.adapters.store.redis_link import FAILURES, PATIENCE, Away

_CHANNEL = "__redis__:invalidate"


class Follower:
    """Server-assisted caching: Redis tells this process the keys below `prefixes` that anyone changes.

    `up` is true while it follows; only then may copies be trusted. A connection of its own and not the library's
    subscription, which connects anew by itself, and then nothing is told any more.
    https://redis.io/docs/latest/develop/reference/client-side-caching
    """

    def __init__(
        self,
        client: Redis,
        prefixes: tuple[str, ...],
        away: Away,
        on_change: Callable[[str | None], None],
        on_up: Callable[[], Awaitable[None]],
        *,
        pause: float,
    ) -> None:
        """`on_change` is told a key, or None for all of them; `on_up` is awaited before `up` becomes true.

        `pause`: seconds between two tries, and between two signs of life; after a few without, it is dead.
        """
        self._client, self._prefixes, self._away, self._pause = client, prefixes, away, pause
        self._on_change, self._on_up = on_change, on_up
        self._task: asyncio.Task[None] | None = None
        self._tried = asyncio.Event()
        self.up = False

    async def start(self) -> None:
        """Begin, once; returns when the first try went well or wrong."""
        if self._task is None:
            self._task = asyncio.create_task(self._follow())
        await self._tried.wait()

    def lost(self, error: BaseException) -> None:
        """A command failed: no copy can be trusted until the connection is made anew."""
        self._away.lost(error)
        if self.up:
            self.up = False
            self._on_change(None)

    async def close(self) -> None:
        """Stop following."""
        if self._task is not None:
            await end(self._task)
        self.up = False
        self._tried.set()

    async def _follow(self) -> None:
        while True:
            try:
                await self._once()
            except FAILURES as error:
                self.lost(error)
            self._tried.set()
            await asyncio.sleep(self._pause)

    async def _once(self) -> None:
        """One connection, from its beginning to its end."""
        pool: Any = self._client.connection_pool
        connection: Any = await pool.get_connection()
        pinging: asyncio.Task[None] | None = None
        try:
            await self._track(connection)
            self._on_change(None)
            await self._on_up()
            self.up = True
            self._away.back()
            self._tried.set()
            pinging = asyncio.create_task(self._ping(connection))
            await self._listen(connection)
        finally:
            if pinging is not None:
                await end(pinging)
            await connection.disconnect(nowait=True)
            await pool.release(connection)

    async def _track(self, connection: Any) -> None:
        number = str(await _ask(connection, "CLIENT", "ID"))
        words = [word for prefix in self._prefixes for word in ("PREFIX", prefix)]
        await _ask(connection, "CLIENT", "TRACKING", "ON", "REDIRECT", number, "BCAST", *words)
        await _ask(connection, "SUBSCRIBE", _CHANNEL)

    async def _listen(self, connection: Any) -> None:
        while self.up:
            message = await connection.read_response(timeout=3 * self._pause + PATIENCE)
            if not isinstance(message, list):
                raise TimeoutError("no sign of life, or not the connection that Redis tells of changes")
            if message[0] != b"message":
                continue
            if message[2] is None:
                self._on_change(None)
            for key in message[2] or ():
                self._on_change(key.decode(errors="replace"))

    async def _ping(self, connection: Any) -> None:
        """Until the connection is broken: to send on it then would make another, which is told nothing."""
        with suppress(*FAILURES):
            while connection.is_connected:
                await connection.send_command("PING")
                await asyncio.sleep(self._pause)


async def _ask(connection: Any, *words: str) -> Any:
    await connection.send_command(*words)
    return await connection.read_response()
