"""Discord inside the bot process: started beside the endpoint, drained before it ends."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import structlog

from bot.app.settings import Settings
from bot.core.chat import Listener, Messenger
from bot.core.errors import Misconfigured
from bot.core.guild_settings import GuildBook
from bot.core.ports import Clock, Records
from bot.sdk import ToolSpec

if TYPE_CHECKING:
    from bot.adapters.discord.gateway import Gateway, Rings
    from bot.adapters.discord.happenings import Attendant
    from bot.adapters.discord.translate import Seen
    from bot.adapters.discord.words import Texts

log = structlog.get_logger()
_DRAIN_WITHIN = 4.0


class Running:
    """The bot on Discord."""

    def __init__(
        self, gateway: "Gateway", tasks: Sequence["asyncio.Task[None]"], invite: str, rings: "Rings | None" = None
    ) -> None:
        self._gateway, self._tasks, self._rings = gateway, tasks, rings
        self.invite = invite
        """Where an admin invites the bot; empty without DISCORD_CLIENT_ID."""

    @property
    def messenger(self) -> Messenger:
        """Says things on Discord of the bot's own accord."""
        return self._gateway.messenger

    @property
    def client(self) -> Any:
        """discord.py's client, for the other doors to Discord."""
        return self._gateway.client

    async def connected(self) -> None:
        """Wait until Discord has taken the bot in: before that nothing can be said."""
        await self._gateway.connected.wait()

    async def leading(self) -> None:
        """Wait until this process speaks of its own accord: it is connected, and not of a new version on trial."""
        await self.connected()
        if self._rings is not None:
            await self._rings.leads.wait()

    def state(self) -> Mapping[str, Any]:
        """How the connection is, for health and status."""
        return self._gateway.state()

    async def close(self) -> None:
        """Take nothing new, finish what is under way, and leave."""
        left = await self._gateway.drain(_DRAIN_WITHIN)
        if left:
            log.warning("answers cut short", count=left)
        await self._gateway.client.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def start(
    settings: Settings,
    listener: Listener,
    records: Records,
    specs: Sequence[ToolSpec],
    book: GuildBook,
    *,
    seen: "Seen",
    clock: Clock,
    texts: "Texts | None" = None,
    attendant: "Attendant | None" = None,
    welcomes: bool = False,
    shared: bool = False,
    rings: "Rings | None" = None,
) -> Running:
    """Begin to connect, and return at once: whatever Discord says of the token or the intents is in `state()`.

    `attendant` hears of reactions, and of those who join if `welcomes`: that asks for the Server Members intent, which
    has to be switched on at Discord. `shared`: other processes may be connected with the same token, over the same
    records: each event is then handled by one of them; `rings`: by which, if they are of two versions. Raises
    Misconfigured for a setting that does not hold.
    """
    from bot.adapters.discord import addresses  # noqa: PLC0415  (discord.py is imported where there is a token only)
    from bot.adapters.discord.claims import Claims  # noqa: PLC0415
    from bot.adapters.discord.gateway import Gateway, Options  # noqa: PLC0415
    from bot.adapters.discord.invite import invite_url, needed  # noqa: PLC0415
    from bot.adapters.discord.reminders import Reminders  # noqa: PLC0415
    from bot.adapters.discord.words import Words, english  # noqa: PLC0415

    addresses.use(settings.discord_api_base, settings.discord_gateway_url)
    options = Options(
        prefix=settings.discord_command_prefix,
        content=settings.discord_message_content,
        members=welcomes,
        guild=settings.discord_guild_id,
        shards=settings.discord_shard_count,
        shard_ids=shard_ids(settings),
    )
    words: Texts = english if texts is None else texts
    gateway = Gateway(
        listener,
        book,
        records,
        specs,
        options=options,
        seen=seen,
        texts=words,
        attendant=attendant,
        claims=Claims(records, clock) if shared or rings is not None else None,
        rings=rings,
    )
    reminders = Reminders(listener, gateway.messenger, records, clock, Words(words))
    gateway.answered = reminders.nudge
    running = [gateway.run(settings.discord_bot_token.reveal()), _when_leading(gateway, rings, reminders)]
    tasks = [asyncio.create_task(work) for work in running]
    invite = invite_url(settings.discord_client_id, needed(specs)) if settings.discord_client_id else ""
    if invite:
        log.info("invite me with this link", link=invite)
    return Running(gateway, tasks, invite, rings)


async def _when_leading(gateway: "Gateway", rings: "Rings | None", reminders: Any) -> None:
    """What a process does of its own accord; one of a new version begins with it when it took over."""
    await gateway.connected.wait()
    if rings is not None and not rings.leads.is_set():
        await rings.leads.wait()
        await gateway.tell_commands()
    await reminders.run()


def shard_ids(settings: Settings) -> tuple[int, ...]:
    """Shards of this process. Raises Misconfigured for what is no list of numbers below the count of shards."""
    text = settings.discord_shard_ids.strip()
    if not text:
        return ()
    parts = [part.strip() for part in text.split(",")]
    if settings.discord_shard_count is None:
        raise Misconfigured("DISCORD_SHARD_IDS is set without DISCORD_SHARD_COUNT; set how many shards there are")
    if not all(part.isdecimal() and int(part) < settings.discord_shard_count for part in parts):
        most = settings.discord_shard_count - 1
        raise Misconfigured(f"DISCORD_SHARD_IDS should be numbers from 0 to {most} with commas, such as 0,1")
    return tuple(dict.fromkeys(int(part) for part in parts))
