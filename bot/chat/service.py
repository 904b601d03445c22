"""The pipeline: limit, understand, do, answer, remember."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import TypeVar

import structlog

from bot.chat.limits import Limits
from bot.chat.memory import Memory
from bot.chat.outbox import Outbox
from bot.chat.phrases import Variants, choose, fill
from bot.chat.text import clean, shorten
from bot.chat.understand import Understander, Wish
from bot.core.chat import Answer, Line, Message, Observer, Outcome, Pending, Sink, Voice
from bot.core.errors import MegawattsError, Unavailable
from bot.core.ids import UserId
from bot.core.ports import Clock, Records
from bot.sdk.host import Caller
from bot.sdk.registry import Registry

log = structlog.get_logger()
_T = TypeVar("_T")
BOT = UserId("megawatts")
_RECENT = 4096
"""Answers on which feedback is still taken."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What the pipeline is put together from. `timer` gives seconds that never run backwards."""

    records: Records
    registry: Registry
    understander: Understander
    phrases: Mapping[str, Variants]
    memory: Memory
    observer: Observer
    clock: Clock
    random: Random
    ids: Callable[[], str]
    in_flight: int
    limits: Limits | None = None
    """None: rate limits are off."""
    longest: int = 2000
    """Characters of an answer."""
    timer: Callable[[], float] = field(default=time.monotonic)
    meet: Callable[[UserId, str], None] = field(default=lambda _user, _name: None)
    """Told of each member the first time this process sees them."""


class ChatService:
    """Answers members. Knows nothing of how messages travel."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._outbox = Outbox(parts.records)
        self._recent: OrderedDict[str, str] = OrderedDict()
        self._met: OrderedDict[str, None] = OrderedDict()
        self._busy = 0

    @property
    def in_flight(self) -> int:
        """Replies under way now."""
        return self._busy

    async def answer(self, message: Message, sink: Sink | None = None) -> Answer:
        """One answer to one message; whatever breaks is an answer that says so. Raises Unavailable when too busy."""
        if self._busy >= self._parts.in_flight:
            raise Unavailable("the bot", "too many replies are under way", retry_after=1.0)
        started = self._parts.timer()
        self._busy += 1
        try:
            answer = await self._answer(message)
        except Exception as error:  # noqa: BLE001  (one bad message must not take the bot down)
            log.error("message failed", error=type(error).__name__)  # noqa: TRY400  (a traceback could hold a member's text)
            answer = Answer(self._parts.ids(), self._say("failed", "en"), "none", Outcome.FAILED)
        finally:
            self._busy -= 1
        if sink is not None:
            await sink.grow(answer.text)
        _keep(self._recent, answer.id, answer.intent)
        self._parts.observer.answered(message.user, answer.outcome, self._parts.timer() - started)
        return answer

    async def feedback(self, answer: str, user: UserId, voice: Voice) -> bool:
        """One voice per member and answer: a later one replaces the earlier. False if the answer is not known."""
        if answer not in self._recent:
            return False
        key = f"{answer}/{user}"
        row = {"value": voice, "user": user, "intent": self._recent[answer], "at": self._parts.clock().isoformat()}
        if await asyncio.to_thread(self._parts.records.add, "feedback", key, row):
            self._parts.observer.voiced(voice)
        else:
            await asyncio.to_thread(self._parts.records.put, "feedback", key, row)
        return True

    async def pending(self, user: UserId) -> Sequence[Pending]:
        """Take what is due for this member."""
        return await asyncio.to_thread(self._outbox.take, user, self._parts.clock())

    async def _answer(self, message: Message) -> Answer:
        number = self._parts.ids()
        wait = self._parts.limits.admit(message.user, message.channel, self._parts.timer()) if self._parts.limits else 0
        if wait > 0:
            text = self._say(
                "limited", self._parts.understander.language(message.text), seconds=max(1, round(wait + 0.5))
            )
            return Answer(number, text, "none", Outcome.REJECTED, retry_after=round(wait, 3))
        text = clean(message.text)
        if not text:
            return Answer(number, self._say("empty", "en"), "none", Outcome.UNANSWERED)
        await self._meet(message)
        caller = Caller(message.user, message.channel, clean(message.name, 80) or message.user)
        lines = self._remember(caller, text)
        answer = await self._reply(number, caller, text, lines)
        self._remember(Caller(BOT, message.channel, "Megawatts"), answer.text)
        return answer

    async def _reply(self, number: str, caller: Caller, text: str, lines: tuple[Line, ...]) -> Answer:
        understood = self._parts.understander.understand(text)
        language = understood.language
        if not understood.wishes:
            return Answer(number, self._say("unknown", language), "unknown", Outcome.UNANSWERED, language)
        asking = Caller(caller.user, caller.channel, caller.name, language, lines)
        said = [await self._fulfil(wish, asking) for wish in understood.wishes]
        intents = [wish.match.intent for wish in understood.wishes]
        return Answer(
            id=number,
            text=shorten("\n".join(reply for reply, _ in said), self._parts.longest),
            intent="+".join(intent.name for intent in intents),
            outcome=max((outcome for _, outcome in said), key=_BAD.index),
            language=language,
            tool="+".join(intent.tool for intent in intents if intent.tool),
        )

    async def _fulfil(self, wish: Wish, caller: Caller) -> tuple[str, Outcome]:
        intent = wish.match.intent
        facts: dict[str, object] = {"name": caller.name, "user": caller.user}
        if not intent.tool:
            reply = fill(choose(intent.replies["ok"], caller.language, self._parts.random), facts)
            return reply, Outcome.ANSWERED if intent.answers else Outcome.UNANSWERED
        called = await self._parts.registry.call(intent.tool, wish.arguments, caller)
        self._parts.observer.tool_called(intent.tool, called.fate)
        if called.error:
            log.warning("tool failed", tool=intent.tool, fate=called.fate, error=called.error)
        broken = called.fate in ("error", "timeout", "unknown")
        texts = intent.replies.get(called.result.key)
        if texts is None:
            return called.result.text, Outcome.FAILED if broken else Outcome.ANSWERED
        reply = fill(choose(texts, caller.language, self._parts.random), {**facts, **called.result.facts})
        return reply, Outcome.FAILED if broken else Outcome.ANSWERED

    def _say(self, phrase: str, language: str, **facts: object) -> str:
        return fill(choose(self._parts.phrases[phrase], language, self._parts.random), facts)

    def _remember(self, caller: Caller, text: str) -> tuple[Line, ...]:
        """Memory that is out of reach costs the memory, not the answer."""
        line = Line(caller.user, caller.name, text, self._parts.clock(), by_bot=caller.user == BOT)
        try:
            self._parts.memory.add(caller.channel, line)
            return () if line.by_bot else self._parts.memory.lines(caller.channel)
        except MegawattsError as error:
            log.warning("memory unavailable", error=type(error).__name__)
            return (line,)

    async def _meet(self, message: Message) -> None:
        if message.user in self._met:
            return
        try:
            await asyncio.to_thread(self._parts.meet, message.user, clean(message.name, 80))
            _keep(self._met, message.user, None)
        except MegawattsError as error:
            log.warning("member not recorded", error=type(error).__name__)


_BAD = (Outcome.ANSWERED, Outcome.UNANSWERED, Outcome.REJECTED, Outcome.FAILED)


def _keep(kept: OrderedDict[str, _T], key: str, value: _T) -> None:
    kept[key] = value
    while len(kept) > _RECENT:
        kept.popitem(last=False)
