"""The pipeline as those who carry messages see it: one message in, one answer out, whatever breaks."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import lru_cache

import structlog

from bot.chat.listening import Listening
from bot.chat.opinions import Opinions
from bot.chat.orders import Orders
from bot.chat.outbox import Outbox
from bot.chat.parts import Parts
from bot.chat.pauses import Pauses
from bot.chat.presses import Presses
from bot.chat.refusals import Refusals
from bot.chat.steps.base import Step
from bot.chat.steps.judge import MODERATED
from bot.chat.steps.order import standard
from bot.chat.steps.remember import BOT, Remember
from bot.chat.turn import Given, Turn
from bot.core.chat import HERE, Answer, Command, Message, Outcome, Pending, Press, Sink, Voice
from bot.core.errors import Unavailable
from bot.core.guild_settings import GuildSettings
from bot.core.ids import ChannelId, GuildId, MessageId, UserId
from bot.sdk.host import Caller

__all__ = ["BOT", "ChatService", "Parts"]
log = structlog.get_logger()
_TALK = "ask"


class ChatService:
    """`core.chat.Listener`. Knows nothing of how messages travel."""

    def __init__(self, parts: Parts, steps: Sequence[Step] | None = None) -> None:
        """`steps` in place of the standard ones, in their order."""
        self._parts = parts
        refusals = Refusals(parts.records, parts.clock, parts.timer)
        self._steps = tuple(standard(parts, refusals) if steps is None else steps)
        self._outbox = Outbox(parts.records)
        self._opinions = Opinions(parts)
        self._presses = Presses(parts, self._opinions)
        self._orders = Orders(parts.registry.specs())
        self._pauses = Pauses(parts, self._orders)
        self._listening = Listening(parts, refusals)
        self._busy = 0

    @property
    def in_flight(self) -> int:
        """Replies under way now."""
        return self._busy

    async def answer(self, message: Message, sink: Sink | None = None) -> Answer:
        """One answer to one message; whatever breaks is an answer that says so. Raises Unavailable when too busy."""
        turn = Turn(self._parts.ids(), message, self._settings(message.guild), sink)
        return await self._guarded(message.user, turn.number, lambda: self._run(turn), sink)

    async def command(self, command: Command, sink: Sink | None = None) -> Answer:
        """One answer to one command; an unknown name is an answer that says so."""
        message = Message(
            command.user, command.channel, f"/{command.name}", command.member, command.guild,
            audience=command.audience, locale=command.locale,
        )  # fmt: skip
        if command.name.casefold() == _TALK:
            said = next((str(value) for value in command.arguments.values() if str(value).strip()), "")
            return await self.answer(replace(message, text=said), sink)
        spec = self._orders.named(command.name)
        if spec is None:
            return self._no_such(command)
        words = "\n".join(value for value in command.arguments.values() if isinstance(value, str))
        turn = Turn(
            self._parts.ids(), replace(message, text=words), self._settings(message.guild), sink,
            Given(spec, command.arguments),
        )  # fmt: skip
        return await self._guarded(message.user, turn.number, lambda: self._run(turn), sink)

    async def complete(self, command: Command, argument: str, typed: str) -> Sequence[str]:
        """At most 25 values that an argument may take."""
        spec = self._orders.named(command.name)
        if spec is None:
            return ()
        shape = spec.parameters["properties"].get(argument, {})
        if "enum" in shape:
            return tuple(choice for choice in shape["enum"] if choice.startswith(typed.casefold()))[:25]
        caller = Caller(
            command.user, command.channel, command.member, guild=command.guild, audience=command.audience,
            locale=command.locale,
        )  # fmt: skip
        return await self._parts.registry.complete(spec.name, argument, typed, caller)

    async def press(self, press: Press) -> Answer:
        """What a button leads to. An unknown or foreign button is an answer that says so."""
        number = self._parts.ids()
        return await self._guarded(press.user, number, lambda: self._pressed(press, number))

    async def feedback(self, answer: str, user: UserId, voice: Voice) -> bool:
        """One voice per member and answer: a later one replaces the earlier. False if the answer is not known."""
        return await self._opinions.voice(answer, user, voice)

    async def pending(self, user: UserId) -> Sequence[Pending]:
        """Take what is due for this member."""
        return await asyncio.to_thread(self._outbox.take, user, self._parts.clock())

    async def overhear(self, message: Message) -> None:
        """A message that is not for the bot. Never raises."""
        await self._listening.overhear(message, self._settings(message.guild))

    async def edited(self, message: Message) -> None:
        """A member changed a message: memory follows. Never raises."""
        await self._listening.edited(message, self._settings(message.guild))

    async def deleted(self, channel: ChannelId, messages: Sequence[MessageId]) -> None:
        """Messages are gone: so is what memory held of them, and of the answers to them. Never raises."""
        await self._listening.deleted(channel, messages)

    async def settled(self) -> None:
        """Wait for what was begun behind answers, such as learning, and telling moderators."""
        await self._listening.settled()
        for step in self._steps:
            if isinstance(step, Remember):
                await step.settled()

    async def _run(self, turn: Turn) -> Answer:
        parts = self._parts
        turn.load = self._busy / max(1, parts.in_flight)
        if turn.settings.paused and self._pauses.end(turn) and turn.answer is not None:
            return turn.answer
        for step in self._steps:
            if turn.answer is not None and not step.about_answers:
                continue
            started = parts.timer()
            await step(turn)
            parts.observer.stepped(step.name, parts.timer() - started)
        if turn.answer is None:
            raise RuntimeError("no step answered")
        kind, _, rule = turn.answer.intent.partition(":")
        if kind == MODERATED:
            self._listening.blocked(turn.message, turn.name, rule, turn.settings)
        if turn.kept:
            await self._listening.heard(turn.message, turn.text, turn.settings)
        if self._listening.gone(turn.message):
            await self._listening.deleted(turn.message.channel, [turn.message.id])
        self._opinions.note(turn.message, turn.text, turn.answer, turn.full)
        return turn.answer

    async def _pressed(self, press: Press, number: str) -> Answer:
        limits, settings = self._parts.limits, self._settings(press.guild)
        if settings.paused:
            language = press.locale or settings.language or "en"
            said = self._pauses.sentence(settings, language)
            return Answer(number, said, "paused", Outcome.REJECTED, language, private=True)
        wait = limits.admit(press.user, press.channel, self._parts.timer(), settings) if limits else 0.0
        if wait > 0:
            language = press.locale or settings.language or "en"
            text = self._parts.texts("limited", language, count=max(1, round(wait + 0.5)))
            return Answer(number, text, "none", Outcome.REJECTED, retry_after=round(wait, 3), private=True)
        return await self._presses.press(press, number)

    async def _guarded(
        self, user: UserId, number: str, work: Callable[[], Awaitable[Answer]], sink: Sink | None = None
    ) -> Answer:
        """Count, measure, and turn whatever breaks into an answer."""
        if self._busy >= self._parts.in_flight:
            raise Unavailable("the bot", "too many replies are under way", retry_after=1.0)
        with self._parts.turn():
            return await self._measured(user, number, work, sink)

    async def _measured(
        self, user: UserId, number: str, work: Callable[[], Awaitable[Answer]], sink: Sink | None
    ) -> Answer:
        parts = self._parts
        started = parts.timer()
        self._busy += 1
        try:
            answer = await work()
        except Exception as error:  # noqa: BLE001  (one bad message must not take the bot down)
            log.error("message failed", error=type(error).__name__)  # noqa: TRY400  (a traceback could hold a member's text)
            answer = Answer(number, parts.texts("error.failed"), "none", Outcome.FAILED)
        finally:
            self._busy -= 1
        if sink is not None:
            await sink.grow(answer.text)
        seconds = parts.timer() - started
        parts.observer.answered(user, answer.outcome, seconds)
        if parts.trials is not None:
            parts.trials.answered(user, answer, seconds)
        return answer

    def _no_such(self, command: Command) -> Answer:
        say, language = self._parts.texts, command.locale or "en"
        near = ", ".join(f"/{name}" for name in self._orders.near(command.name))
        hint = say("command.did_you_mean", language, names=near) if near else say("command.hint", language, prefix="/")
        text = say("command.unknown", language, name=f"/{command.name[:40]}", hint=hint)
        return Answer(self._parts.ids(), text, "unknown", Outcome.UNANSWERED, language, private=True)

    def _settings(self, guild: GuildId) -> GuildSettings:
        """A guild's settings; the defaults where there is no book or no guild."""
        book = self._parts.book
        return _defaults(guild) if book is None or guild == HERE else book.read(guild)


@lru_cache(maxsize=1024)
def _defaults(guild: GuildId) -> GuildSettings:
    return GuildSettings(guild)
