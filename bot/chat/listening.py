"""What the bot hears without being asked: lines it may remember, rules that are broken, tempers that rise."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Sequence

import structlog

from bot.chat.climate import Climate
from bot.chat.feelings import Feelings, load
from bot.chat.notices import Notices, excerpt
from bot.chat.parts import Parts
from bot.chat.refusals import Refusals
from bot.chat.text import clean, shown
from bot.core.chat import HERE, Line, Message, Post
from bot.core.errors import MegawattsError
from bot.core.guild_settings import GuildSettings
from bot.core.ids import ChannelId, MessageId
from bot.core.text import one_line
from bot.policy.redact import redact

log = structlog.get_logger()
_GONE = 4096
"""Deleted messages that are remembered, so that an answer under way does not bring them back."""


class Listening:
    """Nothing here answers anybody, and nothing here raises."""

    def __init__(self, parts: Parts, refusals: Refusals) -> None:
        self._parts, self._refusals = parts, refusals
        self._climate = Climate(Feelings(load()).hostility)
        self._notices = Notices()
        self._telling: set[asyncio.Task[None]] = set()
        self._gone: OrderedDict[tuple[ChannelId, MessageId], None] = OrderedDict()

    async def overhear(self, message: Message, settings: GuildSettings) -> None:
        """Remembered where the guild keeps anything; what is said against the rules is told to the moderators."""
        if message.by_bot or settings.paused or message.channel in settings.ignores:
            return
        keeps, watches = settings.memory and settings.retention_days > 0, self._watches(message, settings)
        if not keeps and not watches:
            return
        text = clean(message.text)
        if not text:
            return
        now = self._parts.clock()
        if keeps and not await self._refusals.refused(message.user):
            self._add(message, Line(message.user, shown(message.name), redact(text), now, message=message.id))
        if watches and self._climate.hear(message.channel, message.user, text, now):
            await self._calm(message, settings)

    async def heard(self, message: Message, text: str, settings: GuildSettings) -> None:
        """Take the temper of a line; a conflict that begins gets one calm word, and the moderators a note."""
        if not self._watches(message, settings):
            return
        if self._climate.hear(message.channel, message.user, text, self._parts.clock()):
            await self._calm(message, settings)

    async def _calm(self, message: Message, settings: GuildSettings) -> None:
        log.info("conflict noticed", channel=message.channel, guild=message.guild)
        self._parts.observer.stepped("conflict_noticed", 0.0)
        say, language = self._parts.texts, settings.language or "en"
        # Each process that hears the same words sees the same conflict: the nonce makes one message of theirs.
        await self._post(message.channel, say("conflict.notice", language), _nonce("c", message))
        if settings.log_channel:
            event = say("conflict.event", language, channel=f"<#{message.channel}>")
            await self._post(settings.log_channel, event, _nonce("l", message))

    def blocked(self, message: Message, name: str, rule: str, settings: GuildSettings) -> None:
        """Tell the moderators of a message that was not read; behind the answer, and not of every one."""
        now = self._parts.timer()
        if message.guild == HERE or not settings.log_channel or not self._notices.due(message.guild, message.user, now):
            return
        say, language, known = self._parts.texts, settings.language or "en", f"rule.{rule}"
        spoken = say(known, language) if say.has(known) else rule
        channel = f"<#{message.channel}>"
        text = say("conflict.blocked", language, name=one_line(name, 80), channel=channel, rule=spoken)
        task = asyncio.create_task(self._post(settings.log_channel, f"{text}\n{excerpt(clean(message.text))}".strip()))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def settled(self) -> None:
        """Wait for what is being told."""
        await asyncio.gather(*self._telling, return_exceptions=True)

    async def edited(self, message: Message, settings: GuildSettings) -> None:
        """The window says what the message says now; so do facts learned from it, unless the bot is stopped here."""
        memory, text = self._parts.memory, redact(clean(message.text))
        await self._away(asyncio.to_thread(memory.edit, message.channel, message.id, text))
        memories = self._parts.memories
        if memories is None:
            return
        forgotten = await self._away(memories.forget_messages(message.channel, [message.id]))
        if forgotten and not settings.paused:
            await self._away(memories.learn(message))

    async def deleted(self, channel: ChannelId, messages: Sequence[MessageId]) -> None:
        """Everything that came of these messages goes, now and when an answer under way comes to its end."""
        for message in messages:
            self._gone[channel, message] = None
            if len(self._gone) > _GONE:
                self._gone.popitem(last=False)
        await self._away(asyncio.to_thread(self._parts.memory.drop, channel, messages))
        if self._parts.memories is not None:
            await self._away(self._parts.memories.forget_messages(channel, messages))

    def gone(self, message: Message) -> bool:
        """Whether a message was deleted meanwhile."""
        return bool(message.id) and (message.channel, message.id) in self._gone

    def _watches(self, message: Message, settings: GuildSettings) -> bool:
        return message.guild != HERE and settings.moderation and self._parts.moderates

    async def _post(self, channel: ChannelId, text: str, nonce: str = "") -> None:
        if self._parts.messenger is not None:
            await self._away(self._parts.messenger.send(channel, Post(text, nonce=nonce)))

    def _add(self, message: Message, line: Line) -> None:
        try:
            self._parts.memory.add(message.channel, line, message.guild)
        except MegawattsError as error:
            log.warning("memory unavailable", error=type(error).__name__)
            self._parts.observer.stepped("memory_unavailable", 0.0)

    async def _away(self, work: Awaitable[object]) -> object:
        """The result, or None where something is out of reach or refuses."""
        try:
            return await work
        except MegawattsError as error:
            log.warning("out of reach", error=type(error).__name__)
            return None


def _nonce(kind: str, message: Message) -> str:
    return f"{kind}{message.id}" if message.id else ""
