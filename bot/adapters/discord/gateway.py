"""The bot on Discord: connection, events, and what the house may know of how they are."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import discord
import structlog

from bot.adapters.discord.claims import AT_ONCE, Claims
from bot.adapters.discord.client import Client, intents
from bot.adapters.discord.commands import payloads
from bot.adapters.discord.feedback import Thumbs
from bot.adapters.discord.happenings import Attendant, Happenings, Work
from bot.adapters.discord.hearing import Heard, Hearing
from bot.adapters.discord.interactions import Interactions
from bot.adapters.discord.messenger import THREADS, DiscordMessenger
from bot.adapters.discord.prefix import Commands
from bot.adapters.discord.replies import Replies
from bot.adapters.discord.sync import sync
from bot.adapters.discord.translate import Seen, Translator
from bot.adapters.discord.words import Texts, Words, english
from bot.core.chat import Listener, Message
from bot.core.errors import MegawattsError
from bot.core.guild_settings import GuildBook
from bot.core.ids import ChannelId, GuildId, MessageId
from bot.core.ports import Records
from bot.policy.rings import Turn
from bot.sdk import ToolSpec

log = structlog.get_logger()
_LISTENS_EVERY = 0.05
"""Seconds between two tasks that remember what was overheard."""
_OVERHEARD = 10_000
"""Messages that wait to be remembered; beyond that the oldest are let go."""
INTENTS = {"message_content": "Message Content", "members": "Server Members"}
NO_INTENTS = (
    "Discord refuses an intent that I ask for ({names}): switch it on under Bot at "
    "https://discord.com/developers/applications and start me again. Without Message Content I answer mentions, direct "
    "messages and slash commands only; without Server Members nobody is welcomed."
)
BAD_TOKEN = (
    "Discord refuses the token: set DISCORD_BOT_TOKEN to the one at https://discord.com/developers/applications."  # noqa: S105
)
_RETRY = (5.0, 300.0)
"""Seconds before a lost connection is tried again: at first, and at most."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to connect. `content`: whether the Message Content intent is asked for; `guild`: where commands are told."""

    prefix: str = "!"
    content: bool = True
    members: bool = False
    guild: str = ""
    shards: int | None = None
    shard_ids: tuple[int, ...] = ()


class Rings(Protocol):
    """Whose turn an event is, where versions run side by side."""

    leads: asyncio.Event
    """Set while this process tells Discord the commands, and speaks of its own accord."""

    def turn(self, *, opted: bool) -> Turn: ...
    def state(self) -> Mapping[str, Any]: ...


class Gateway:
    """Hears what Discord tells and hands it on. Nothing in it decides what is said."""

    def __init__(
        self,
        listener: Listener,
        book: GuildBook,
        records: Records,
        specs: Sequence[ToolSpec],
        *,
        options: Options,
        seen: Seen,
        texts: Texts = english,
        attendant: Attendant | None = None,
        claims: Claims | None = None,
        rings: Rings | None = None,
    ) -> None:
        """`claims`: where other processes are connected with the same token and shards; `rings`: where those may be of
        another version."""
        self._listener, self._records, self._options = listener, records, options
        self._words = Words(texts)
        self._threads: dict[int, bool] = {}
        self._waiting: deque[Message] = deque(maxlen=_OVERHEARD)
        self._listening = False
        self._refused: list[str] = []
        self.connected = asyncio.Event()
        """Set once Discord has taken the bot in, for the first time."""
        self.answered: Callable[[], None] = lambda: None
        """Told after each answer: it may have set a reminder."""
        self.problem = ""
        """What keeps the bot from Discord, or from a part of it; empty: nothing."""
        self._commands = commands = Commands(specs)
        self._translator = Translator(self._words, seen)
        self._hearing = Hearing(book, options.prefix, commands.known, self._threads)
        thumbs = Thumbs(listener, book)
        self._replies = Replies(listener, self._translator, self._words, thumbs)
        self._interactions = Interactions(listener, self._translator, commands, self._words, thumbs)
        wanted = intents(content=options.content, members=options.members, reactions=attendant is not None)
        self.client = Client(wanted, options.shards, options.shard_ids)
        self._claims, self._rings, self._attendant = claims, rings, attendant
        happenings = Happenings(attendant, self.client, self._once, thumbs).handlers() if attendant is not None else {}
        self.client.listen({**self._handlers(), **happenings})
        self.messenger = DiscordMessenger(self.client, records, self._threads)

    def _handlers(self) -> Mapping[str, Any]:
        return {
            "message": self._message,
            "raw_message_edit": self._edited,
            "raw_message_delete": lambda gone: self._deleted(gone, [gone.message_id]),
            "raw_bulk_message_delete": lambda gone: self._deleted(gone, sorted(gone.message_ids)),
            "interaction": self._interaction,
            "connect": self._connected,
            "ready": self._ready,
            "guild_channel_update": lambda _, channel: self._translator.audiences.forget(channel.guild.id),
            "guild_channel_delete": lambda channel: self._translator.audiences.forget(channel.guild.id),
            "guild_role_create": lambda role: self._translator.audiences.forget(role.guild.id),
            "guild_role_update": lambda _, role: self._translator.audiences.forget(role.guild.id),
            "guild_role_delete": lambda role: self._translator.audiences.forget(role.guild.id),
        }

    def _message(self, message: discord.Message) -> Coroutine[Any, Any, None] | None:
        heard = self._hearing.judge(message)
        if heard is Heard.NOTHING:
            return None
        if heard is Heard.OVERHEARD:
            self._overhear(message)
            return None
        if not self._replies.first(message.id):
            return None
        return self._once(f"m{message.id}", lambda: self._then(self._replies.reply(message)), _id(message.guild))

    def _interaction(self, one: discord.Interaction[Any]) -> Work:
        return self._once(f"i{one.id}", lambda: self._then(self._interactions.handle(one)), one.guild_id)

    def _once(self, key: str, begin: Callable[[], Work], guild: int | None) -> Work:
        """The work, in one process only: on a server that opted in that of a new version, if one runs."""
        if self._claims is None:
            return begin()
        return self._claims.first(key, begin, self._turn(guild) if self._rings is not None else AT_ONCE)

    def _turn(self, guild: int | None) -> Turn:
        assert self._rings is not None  # noqa: S101  (asked where there are rings only)
        try:
            opted = guild is not None and self._hearing.settings(guild).beta
        except MegawattsError:
            opted = False
        return self._rings.turn(opted=opted)

    async def _then(self, answering: Coroutine[Any, Any, None]) -> None:
        if self._waiting:
            await self._remember()
        await answering
        self.answered()

    def _overhear(self, message: discord.Message) -> None:
        """One task remembers all that was overheard in a while: most messages cost no task of their own."""
        if not message.content and not message.attachments:
            return
        self._waiting.append(self._translator.overheard(message))
        if not self._listening:
            self._listening = True
            self.client.loop.call_later(_LISTENS_EVERY, lambda: self.client.spawn(self._remember()))

    async def _remember(self) -> None:
        """Hand on what was overheard so far, in its order; an answer must not be given before that."""
        self._listening = False
        while self._waiting:
            await self._listener.overhear(self._waiting.popleft())

    def _edited(self, raw: discord.RawMessageUpdateEvent) -> Coroutine[Any, Any, None] | None:
        """An edit by the author. Discord also tells of links that it unfolded: those have no time of edit."""
        message = raw.message
        if raw.data.get("edited_timestamp") is None or self._hearing.judge(message) is Heard.NOTHING:
            return None
        return self._changed(message)

    async def _changed(self, message: discord.Message) -> None:
        await self._remember()
        await self._listener.edited(self._translator.overheard(message))

    async def _deleted(
        self, gone: discord.RawMessageDeleteEvent | discord.RawBulkMessageDeleteEvent, messages: Sequence[int]
    ) -> None:
        self._replies.deleted(messages)
        await self._remember()
        ids = [MessageId(str(one)) for one in messages]
        await self._listener.deleted(ChannelId(str(gone.channel_id)), ids)
        if self._attendant is not None and gone.guild_id is not None:
            for one in ids:
                await self._attendant.message_gone(GuildId(str(gone.guild_id)), one)

    def _connected(self) -> None:
        me = self.client.user.id if self.client.user else 0
        self._hearing.me = self._translator.me = me

    def _ready(self) -> Coroutine[Any, Any, None]:
        self._connected()
        self.connected.set()
        if not self._refused:
            self.problem = ""
        return self._prepare()

    async def _prepare(self) -> None:
        """Once connected: which threads are listened in, and what commands there are."""
        rows = await asyncio.to_thread(self._records.scan, THREADS)
        self._threads.update({int(key): bool(row["listens"]) for key, row in rows})
        if self._rings is None or self._rings.leads.is_set():
            await self.tell_commands()

    async def tell_commands(self) -> None:
        """Tell Discord the commands, if they changed. A new version does so when it is the only one or took over."""
        first = not self._options.shard_ids or 0 in self._options.shard_ids
        if not first or self.client.application_id is None:
            return
        try:
            commands = payloads(self._commands.specs, self._words)
            await sync(self.client.http, self.client.application_id, self._options.guild, commands, self._records)
        except MegawattsError as error:
            self.problem = f"the slash commands were not told to Discord: {error}"
            log.warning("commands not told to Discord", because=str(error))

    async def run(self, token: str) -> None:
        """Stay connected until closed. A token that Discord refuses ends it with a sentence in `problem`."""
        wait = _RETRY[0]
        while True:
            try:
                await self.client.start(token)
            except discord.LoginFailure:
                self._troubled(BAD_TOKEN)
                return
            except discord.PrivilegedIntentsRequired:
                self._refused = self.client.privileged()
                self._troubled(NO_INTENTS.format(names=", ".join(INTENTS[name] for name in self._refused)))
                if not self._refused:
                    return
                self.client.do_without_privileged()
                wait = 0.0
            except Exception as error:  # noqa: BLE001  (whatever a proxy answers, the process serves its endpoint)
                self._troubled(f"Discord is out of reach ({type(error).__name__}); I try again in {wait:g} seconds.")
            else:
                return
            await self.client.reopen()
            await asyncio.sleep(wait)
            wait = min(max(wait * 2, _RETRY[0]), _RETRY[1])

    async def drain(self, seconds: float) -> int:
        """Take nothing new, and finish what is under way; how much was not done in time."""
        left = await self.client.drain(seconds)
        await self._remember()
        return left

    def state(self) -> Mapping[str, Any]:
        """How the connection is. `latency` in milliseconds; `intents` asked for; `missing`: what was refused."""
        client = self.client
        shards = [
            {"id": number, "ready": not shard.is_closed(), "latency": _milliseconds(shard.latency)}
            for number, shard in client.shards.items()
        ]
        return {
            "ready": client.is_ready() and not client.is_closed(),
            "shards": shards,
            "guilds": len(client.guilds),
            "intents": sorted(name for name, wanted in client.intents if wanted),
            "missing": list(self._refused),
            "problem": self.problem,
            "failing": client.rest.failing,
            **(self._rings.state() if self._rings is not None else {}),
        }

    def _troubled(self, problem: str) -> None:
        self.problem = problem
        log.error("discord", because=problem)


def _id(guild: discord.Guild | None) -> int | None:
    return None if guild is None else guild.id


def _milliseconds(seconds: float) -> float:
    """Before the first heartbeat was answered there is no latency: discord.py says infinity, JSON cannot."""
    return round(seconds * 1000, 1) if seconds < float("inf") else -1.0
