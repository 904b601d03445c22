"""The cache of one process: least recently used, bounded, with the standard library only."""

import json
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bot.adapters.store.flights import Flight, Flights

MOST = 10_000
"""Values kept."""
LARGEST = 16 << 20
"""Characters of JSON kept, all values together."""


@dataclass(frozen=True, slots=True)
class _Entry:
    text: str
    until: float
    tags: frozenset[str]


class LocalCache:
    """`core.stores.Cache` in this process. Values are kept as JSON, so that nobody changes what another one gets.

    A value under way is dropped, not kept, when its tag is forgotten or its key deleted before it is made.
    """

    def __init__(
        self, *, most: int = MOST, largest: int = LARGEST, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most, self._largest, self._clock = most, largest, clock
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._tagged: dict[str, set[str]] = {}
        self._size = 0
        self._flights = Flights()

    async def get(self, key: str) -> Any | None:
        """The value, or None."""
        text = self.look(key)
        return None if text is None else json.loads(text)

    async def set(self, key: str, value: Any, ttl: float, tags: Sequence[str] = ()) -> None:
        """Keep a value for `ttl` seconds. TypeError or ValueError if it is not JSON."""
        self.keep(key, encode(value), ttl, tags)

    async def delete(self, key: str) -> None:
        """Drop a value, if it is there."""
        self._flights.outdate(key=key)
        self.drop(key)

    async def forget(self, tag: str) -> None:
        """Drop every value with this tag."""
        self._flights.outdate(tag=tag)
        for key in list(self._tagged.get(tag, ())):
            self.drop(key)

    async def once(self, key: str, ttl: float, make: Callable[[], Awaitable[Any]], tags: Sequence[str] = ()) -> Any:
        """The value, made by one caller while the others wait. What `make` raises, each of them gets."""
        text = self.look(key)
        if text is None:
            text = await self._flights.join(key, tags, lambda flight: self._made(flight, key, ttl, make))
        return json.loads(text)

    async def close(self) -> None:
        """Drop everything."""
        await self._flights.close()
        self.clear()

    def look(self, key: str) -> str | None:
        """The value's JSON, or None."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        if entry.until <= self._clock():
            self.drop(key)
            return None
        self._entries.move_to_end(key)
        return entry.text

    def keep(self, key: str, text: str, ttl: float, tags: Sequence[str] = ()) -> None:
        """Keep a value's JSON, in place of an earlier one; the least recently used make room."""
        self.drop(key)
        if ttl <= 0 or len(text) > self._largest:
            return
        self._entries[key] = _Entry(text, self._clock() + ttl, frozenset(tags))
        self._size += len(text)
        for tag in tags:
            self._tagged.setdefault(tag, set()).add(key)
        while len(self._entries) > self._most or self._size > self._largest:
            self.drop(next(iter(self._entries)))

    def drop(self, key: str) -> None:
        """Take a value out, if it is there."""
        entry = self._entries.pop(key, None)
        if entry is None:
            return
        self._size -= len(entry.text)
        for tag in entry.tags:
            self._tagged[tag].discard(key)
            if not self._tagged[tag]:
                del self._tagged[tag]

    def clear(self) -> None:
        """Drop everything that is kept."""
        self._entries.clear()
        self._tagged.clear()
        self._size = 0

    async def _made(self, flight: Flight, key: str, ttl: float, make: Callable[[], Awaitable[Any]]) -> str:
        text = encode(await make())
        if not flight.outdated:
            self.keep(key, text, ttl, tuple(flight.tags))
        return text


def encode(value: Any) -> str:
    """The value as JSON. TypeError or ValueError if it is none."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False)
