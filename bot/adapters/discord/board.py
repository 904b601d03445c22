"""An answer on Discord while it is written: sent early, edited at a pace, and at its end as it should be."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Protocol

from bot.adapters.discord.render import Piece
from bot.core.errors import MegawattsError
from bot.policy.rendering import split

FIRST, PACE = 0.05, 1.2
"""Seconds before the first sending, and between edits: Discord takes five edits in five seconds of a channel."""


class Place(Protocol):
    """Where the messages of one answer go. Raises Unavailable or Denied."""

    async def send(self, piece: Piece) -> Any: ...
    async def edit(self, handle: Any, piece: Piece) -> None: ...
    async def delete(self, handle: Any) -> None: ...


class Board:
    """`core.chat.Sink` over a place."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._shown: list[tuple[Any, Piece]] = []
        self._latest = ""
        self._timer: asyncio.TimerHandle | None = None
        self._painter: asyncio.Task[None] | None = None
        self._grown, self._ended = asyncio.Event(), asyncio.Event()

    async def grow(self, text: str) -> None:
        """The whole answer so far; it is shown when its time comes. An answer that ends before has cost a timer."""
        self._latest = text
        self._grown.set()
        if self._timer is None and not self._ended.is_set():
            self._timer = asyncio.get_running_loop().call_later(FIRST, self._begin)

    def _begin(self) -> None:
        self._painter = asyncio.create_task(self._paint())

    async def finish(self, ending: Sequence[Piece]) -> list[Any]:
        """Show the answer as it is in the end; the handles of its messages. Raises Unavailable or Denied."""
        self._ended.set()
        self._grown.set()
        if self._timer is not None:
            self._timer.cancel()
        if self._painter is not None:
            await self._painter
        await self._show(ending)
        for handle, _ in self._shown[len(ending) :]:
            await self._place.delete(handle)
        del self._shown[len(ending) :]
        return [handle for handle, _ in self._shown]

    async def _paint(self) -> None:
        """Show what grew, and again after the pace, until it ends. What fails here is tried again by the end."""
        with suppress(MegawattsError):
            while not self._ended.is_set():
                self._grown.clear()
                await self._show([Piece(part, quiet=True) for part in split(self._latest) if part.strip()])
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._ended.wait(), PACE)
                await self._grown.wait()

    async def _show(self, wanted: Sequence[Piece]) -> None:
        for number, piece in enumerate(wanted):
            if number == len(self._shown):
                self._shown.append((await self._place.send(piece), piece))
            elif self._shown[number][1] != piece:
                await self._place.edit(self._shown[number][0], piece)
                self._shown[number] = (self._shown[number][0], piece)
