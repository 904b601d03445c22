"""Discord joined to the house: the pipeline hears it, the tools act on it, proposals are announced in it."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.adapters.discord.guilds import DiscordGuilds
from bot.adapters.localdeploy.process import deployed
from bot.app import discord_run
from bot.app.announcing import announcing, stop
from bot.app.bot_house import BotHouse
from bot.app.bot_wiring import now
from bot.app.discord_run import Running
from bot.app.rings import Rings, open_rings
from bot.app.settings import Settings
from bot.core.ids import GuildId, RoleId, UserId
from bot.sdk.attendant import Attendant
from bot.votes.announce import Desk


class OnDiscord:
    """The connection, and what goes on beside it."""

    def __init__(self, running: Running, rings: Rings | None, tasks: "Sequence[asyncio.Task[None]]") -> None:
        self._running, self._rings, self._tasks = running, rings, tasks

    @classmethod
    async def start(cls, settings: Settings, house: BotHouse, revision: str) -> "OnDiscord":
        """Begin to connect, and open the doors that waited for it. Raises Misconfigured."""
        joined = house.assembled
        rings = await open_rings(settings, house.records, revision)
        running = await discord_run.start(
            settings,
            joined.service,
            house.records,
            joined.registry.specs(),
            house.book,
            seen=lambda **told: _meet(house, **told),
            clock=now,
            texts=joined.texts,
            attendant=Attendant(joined.house),
            welcomes=settings.discord_members,
            shared=deployed(),
            rings=rings,
        )
        house.guilds.open(DiscordGuilds(running.client))
        house.messenger.open(running.messenger)
        desk = Desk(house.records, joined.votes, running.messenger, house.book, now, house.home_guild, joined.texts)
        beside = [_announce(running, desk), *([rings.run()] if rings is not None else [])]
        return cls(running, rings, [asyncio.create_task(work) for work in beside])

    def state(self) -> Mapping[str, Any]:
        """How the connection is."""
        return self._running.state()

    async def close(self) -> None:
        """Finish what is under way, and leave. The others are told first, so that they take what comes from now on."""
        for task in self._tasks:
            await stop(task)
        if self._rings is not None:
            await self._rings.close()
        await self._running.close()


async def _announce(running: Running, desk: Desk) -> None:
    """From the moment when the bot can speak, and is the one to do it."""
    await running.leading()
    await announcing(desk).run()


def _meet(
    house: BotHouse,
    *,
    user: UserId,
    name: str,
    roles: frozenset[RoleId],
    created: datetime,
    joined: datetime | None,
    is_bot: bool,
    guild: GuildId,
) -> None:
    """Who may vote is decided on what Discord says of a member."""
    house.assembled.votes.meet(
        user, name, now(), roles=sorted(roles), account_created=created, joined=joined, is_bot=is_bot, guild=guild
    )
