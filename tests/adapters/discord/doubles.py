"""A pipeline that says what a test tells it to, and remembers what it heard."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.core.chat import Answer, Command, Message, Outcome, Pending, Press, Sink, Voice
from bot.core.errors import Misconfigured
from bot.core.guild_settings import GuildSettings
from bot.core.ids import ChannelId, GuildId, MessageId, UserId

ANSWER = Answer("a" * 32, "Hello.", "greeting", Outcome.ANSWERED)
Says = Callable[[Any, Sink | None], Any]


class Pipeline:
    """`core.chat.Listener`."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, Any]] = []
        self.answers: Says = lambda _asked, _sink: ANSWER
        self.offers: Sequence[str] = ()
        self.known = True
        self.due: list[Pending] = []

    def of(self, kind: str) -> list[Any]:
        """What came by one way."""
        return [what for way, what in self.heard if way == kind]

    async def _say(self, kind: str, asked: Any, sink: Sink | None = None) -> Answer:
        self.heard.append((kind, asked))
        said = self.answers(asked, sink)
        said = await said if hasattr(said, "__await__") else said
        if isinstance(said, Exception):
            raise said
        return replace(ANSWER, text=said) if isinstance(said, str) else said

    async def answer(self, message: Message, sink: Sink | None = None) -> Answer:
        return await self._say("answer", message, sink)

    async def command(self, command: Command, sink: Sink | None = None) -> Answer:
        return await self._say("command", command, sink)

    async def press(self, press: Press) -> Answer:
        return await self._say("press", press)

    async def complete(self, command: Command, argument: str, typed: str) -> Sequence[str]:
        self.heard.append(("complete", (command, argument, typed)))
        if isinstance(self.offers, Exception):
            raise self.offers
        return self.offers

    async def feedback(self, answer: str, user: UserId, voice: Voice) -> bool:
        self.heard.append(("feedback", (answer, user, voice)))
        return self.known

    async def pending(self, user: UserId) -> Sequence[Pending]:
        mine = [one for one in self.due if one.user == user]
        self.due = [one for one in self.due if one.user != user]
        return mine

    async def overhear(self, message: Message) -> None:
        self.heard.append(("overhear", message))

    async def edited(self, message: Message) -> None:
        self.heard.append(("edited", message))

    async def deleted(self, channel: ChannelId, messages: Sequence[MessageId]) -> None:
        self.heard.append(("deleted", (channel, list(messages))))


class Book:
    """`core.guild_settings.GuildBook` in memory."""

    def __init__(self) -> None:
        self.settings: dict[GuildId, GuildSettings] = {}

    def read(self, guild: GuildId) -> GuildSettings:
        return self.settings.get(guild) or GuildSettings(guild)

    def change(self, guild: GuildId, changes: Mapping[str, Any], by: UserId) -> GuildSettings:
        self.settings[guild] = replace(self.read(guild), **changes)
        return self.settings[guild]

    def undo(self, guild: GuildId, by: UserId) -> GuildSettings:
        raise Misconfigured("there is no version before")
