"""One making of a value at a time: those who want the same value meanwhile wait for it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(eq=False, slots=True)
class Flight:
    """One making under way. `outdated` once what it is made from may have been forgotten: then it is not kept."""

    tags: frozenset[str]
    outdated: bool = False
    task: "asyncio.Task[Any]" = field(init=False)


class Flights:
    """The makings of one process by key."""

    def __init__(self) -> None:
        self._by_key: dict[str, Flight] = {}

    async def join(self, key: str, tags: Sequence[str], make: Callable[[Flight], Awaitable[Any]]) -> Any:
        """The value of the making under way, begun by this call if there is none. A waiter may leave at any time."""
        flight = self._by_key.get(key)
        if flight is None:
            flight = self._by_key[key] = Flight(frozenset(tags))
            flight.task = asyncio.ensure_future(self._run(key, flight, make))
            flight.task.add_done_callback(_look)
        return await asyncio.shield(flight.task)

    def outdate(self, *, key: str | None = None, tag: str | None = None) -> None:
        """What is being made under this key or tag is not kept, and whoever asks from now on gets a new one."""
        for flight in self.leave(key=key, tag=tag):
            flight.outdated = True

    def leave(self, *, key: str | None = None, tag: str | None = None) -> list[Flight]:
        """Whoever asks from now on gets a new one; those that were left. Without a key or a tag: all."""
        whole = key is None and tag is None
        left = {name: one for name, one in self._by_key.items() if whole or name == key or tag in one.tags}
        for name in left:
            del self._by_key[name]
        return list(left.values())

    async def close(self) -> None:
        """Give up what is under way."""
        for flight in self.leave():
            await end(flight.task)

    async def _run(self, key: str, flight: Flight, make: Callable[[Flight], Awaitable[Any]]) -> Any:
        try:
            return await make(flight)
        finally:
            if self._by_key.get(key) is flight:
                del self._by_key[key]


async def end(task: "asyncio.Task[Any]") -> None:
    """Cancel a task until it has ended: `asyncio.wait_for`, which libraries use, may swallow the first time."""
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=0.1)
    _look(task)


def _look(task: "asyncio.Task[Any]") -> None:
    """If every waiter left, nobody else takes note of an error."""
    if not task.cancelled():
        task.exception()
