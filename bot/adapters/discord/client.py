"""discord.py's client, with what happens sent to the house before a task is made of it."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

import discord
import structlog

from bot.adapters.discord.rest import Rest

log = structlog.get_logger()
Handler = Callable[..., Coroutine[Any, Any, None] | None]
_PATIENT_FOR = 60.0
"""Seconds that discord.py waits for a rate limit by itself; above, the caller decides."""
discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # this bot never speaks in voice channels


def intents(*, content: bool, members: bool = False, reactions: bool = False) -> discord.Intents:
    """The least that is needed: guilds, messages, direct messages, and `reactions` for roles and opinions by reaction.

    The two privileged ones: `content` to read messages that do not call the bot (chosen channels, prefix, context),
    `members` to welcome those who join.
    """
    return discord.Intents(
        guilds=True,
        guild_messages=True,
        dm_messages=True,
        guild_reactions=reactions,
        dm_reactions=reactions,
        message_content=content,
        members=members,
    )


def _members_kept(wanted: discord.Intents) -> discord.MemberCacheFlags:
    """Members are kept only where Discord tells what becomes of them; elsewhere they are asked for when needed."""
    return discord.MemberCacheFlags.from_intents(wanted) if wanted.members else discord.MemberCacheFlags.none()


class Client(discord.AutoShardedClient):
    """A sharded client without a cache of messages: what the house remembers, it remembers under its own rules."""

    def __init__(self, wanted: discord.Intents, shards: int | None, shard_ids: Sequence[int]) -> None:
        given: dict[str, Any] = {"shard_ids": list(shard_ids)} if shard_ids else {}
        self.rest = Rest()
        super().__init__(
            **given,
            http_trace=self.rest.trace(),
            intents=wanted,
            shard_count=shards,
            max_messages=None,
            allowed_mentions=discord.AllowedMentions.none(),
            member_cache_flags=_members_kept(wanted),
            chunk_guilds_at_startup=wanted.members,
            max_ratelimit_timeout=_PATIENT_FOR,
        )
        self._handlers_of: Mapping[str, Handler] = {}
        self._under_way: set[asyncio.Task[None]] = set()
        self.drained = False
        """Nothing new is taken any more."""

    def listen(self, handlers: Mapping[str, Handler]) -> None:
        """Who hears of which event, by discord.py's names. A handler that has work to do returns it as a coroutine;
        one that returns None has cost no task."""
        self._handlers_of = handlers

    def dispatch(self, event: str, /, *args: Any, **kwargs: Any) -> None:
        """What discord.py calls for each event."""
        handler = self._handlers_of.get(event)
        if handler is None:
            if event != "socket_event_type":
                super().dispatch(event, *args, **kwargs)
            return
        if self.drained:
            return
        try:
            work = handler(*args, **kwargs)
        except Exception as error:  # noqa: BLE001  (an error here would end the connection to the gateway)
            log.error("event not handled", event_name=event, error=type(error).__name__)  # noqa: TRY400
            return
        if work is not None:
            self.spawn(work)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Do it beside the rest; an error is logged, and nothing else breaks."""
        task = self.loop.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("event failed", error=type(error).__name__)

    async def drain(self, seconds: float) -> int:
        """Take nothing new and wait for what is under way; how much was not done in time."""
        self.drained = True
        if self._under_way:
            await asyncio.wait(set(self._under_way), timeout=seconds)
        return len(self._under_way)

    def privileged(self) -> list[str]:
        """Intents that are asked for and that people must switch on at Discord."""
        asked = self.intents
        return [
            name for name, wanted in (("message_content", asked.message_content), ("members", asked.members)) if wanted
        ]

    def do_without_privileged(self) -> None:
        """Connect without the privileged intents from now on. Only while there is no connection."""
        # discord.py fixes intents when a client is made; a second client would leave every holder of the first one
        # with a client that is closed.
        asked = self._connection._intents
        asked.message_content = asked.members = False

    async def reopen(self) -> None:
        """Close what is left of a connection, so that `start` may be called again."""
        await self.close()
        self.clear()
        self.http.connector = discord.utils.MISSING  # it was closed with its session, and discord.py would use it again
