"""The house that members are answered by now, and what goes on beside it; another may take its place at run time."""

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from bot.app.bot_house import BotHouse
from bot.app.bot_wiring import Assembled, now
from bot.app.keeping import Keeping
from bot.app.memories import scrubber
from bot.app.settings import Settings
from bot.core.errors import MegawattsError, Misconfigured, Unavailable

if TYPE_CHECKING:
    from bot.app.on_discord import OnDiscord

log = structlog.get_logger()
_FLUSH_EVERY = 1.0
_DRAIN_WITHIN = 4.0
Open = Callable[[str, Path | None], AbstractAsyncContextManager[BotHouse]]
"""(revision, folder of the data; None: that beside the code) -> a house."""


@dataclass(slots=True)
class Tenant:
    """One house that is lived in."""

    house: BotHouse
    revision: str
    stack: AsyncExitStack
    discord: "OnDiscord | None" = None
    beside: tuple["asyncio.Task[None]", ...] = ()

    async def quiet(self) -> None:
        """Leave Discord, and answer what is under way. It may be said twice."""
        discord, self.discord = self.discord, None
        if discord is not None:
            await discord.close()
        await _drain(self.house.assembled)

    async def leave(self) -> None:
        """Become quiet, write what is new, and let go of everything."""
        await self.quiet()
        for task in self.beside:
            task.cancel()
        await asyncio.gather(*self.beside, return_exceptions=True)
        await _flush(self.house.assembled)
        await self.stack.aclose()


@dataclass(slots=True)
class Living:
    """Moves from one house to the next: all of the next is open before it takes members, or none of it is."""

    settings: Settings
    open_house: Open
    moved: Callable[[Tenant], None]
    """Told of the house that members are answered by from now on."""
    tenant: Tenant | None = None
    _one: asyncio.Lock = field(default_factory=asyncio.Lock)
    _ending: bool = False

    async def move(self, revision: str, data: Path | None = None) -> None:
        """Open a house for this revision and take members there; the one before answers what it was asked, and closes.

        Raises Misconfigured or Unavailable for what cannot be opened: then members stay where they are.
        """
        async with self._one:
            if self._ending:
                raise Unavailable("the bot", "this process is ending")
            before, self.tenant = self.tenant, await self._open(revision, data)
            self.moved(self.tenant)
            self.tenant.beside = self._beside(self.tenant.house)
            if before is not None:
                await _left(before)

    @property
    def in_flight(self) -> int:
        """Replies under way now."""
        return self.tenant.house.assembled.service.in_flight if self.tenant is not None else 0

    async def quiet(self) -> None:
        """Finish what is under way; nothing new is taken from Discord."""
        self._ending = True
        async with self._one:
            if self.tenant is not None:
                await self.tenant.quiet()

    async def leave(self) -> None:
        """The end. It may be said twice."""
        async with self._one:
            if self.tenant is not None:
                await self.tenant.leave()
                self.tenant = None

    async def _open(self, revision: str, data: Path | None) -> Tenant:
        async with AsyncExitStack() as stack:
            house = await stack.enter_async_context(self.open_house(revision, data))
            discord = await self._discord(house, revision)
            return Tenant(house, revision, stack.pop_all(), discord)

    async def _discord(self, house: BotHouse, revision: str) -> "OnDiscord | None":
        """The bot on Discord, where there is a token; the endpoint serves in either case."""
        if not self.settings.discord_bot_token.reveal():
            return None
        from bot.app.on_discord import OnDiscord  # noqa: PLC0415  (discord.py only where it is used)

        try:
            return await OnDiscord.start(self.settings, house, revision)
        except Misconfigured as error:
            if self.tenant is None:
                raise
            # The same settings have served until now: what Discord refuses meanwhile is no fault of what was read anew.
            raise Unavailable("Discord", str(error)) from error

    @staticmethod
    def _beside(house: BotHouse) -> tuple["asyncio.Task[None]", ...]:
        keeping = Keeping(house.records, house.assembled.memory, house.book, now, scrubber(house.records))
        return asyncio.create_task(_keep_flushing(house.assembled)), asyncio.create_task(keeping.run())


async def _left(before: Tenant) -> None:
    """Members are elsewhere already: what goes wrong at the way out takes nothing back."""
    try:
        await before.leave()
    except (MegawattsError, OSError) as error:
        log.warning("house not closed", revision=before.revision, error=type(error).__name__)


async def _drain(assembled: Assembled) -> None:
    deadline = time.monotonic() + _DRAIN_WITHIN
    while assembled.service.in_flight and time.monotonic() < deadline:  # noqa: ASYNC110  (a count, not an event)
        await asyncio.sleep(0.02)


async def _keep_flushing(assembled: Assembled) -> None:
    while True:
        await asyncio.sleep(_FLUSH_EVERY)
        await _flush(assembled)


async def _flush(assembled: Assembled) -> None:
    try:
        await asyncio.to_thread(assembled.memory.flush)
    except MegawattsError as error:
        log.warning("memory not written", error=type(error).__name__)
