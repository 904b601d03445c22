"""A pipeline with what a test wants of it: models that are told what to say, memories, guilds, tools that count."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from random import Random
from types import SimpleNamespace
from typing import Any

from bot.app.bot_wiring import Unobserved
from bot.chat import catalogue, entities, phrases
from bot.chat.memory import Memory
from bot.chat.recognise import Recogniser
from bot.chat.service import ChatService, Parts
from bot.chat.understand import Understander
from bot.core.chat import Message, Post, Scope, Sink
from bot.core.errors import Unavailable
from bot.core.guild_settings import GuildSettings
from bot.core.ids import ChannelId, GuildId, MessageId, UserId
from bot.core.memory import Fact
from bot.core.model import Prompt, Reply, Toolbox
from bot.sdk import House, Registry, Result, Tool, tool
from bot.sdk.testing import DictRecords

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
GUILD, HALL = GuildId("1"), ChannelId("hall")
ANN, BOB = UserId("ann"), UserId("bob")


@dataclass
class Deeds:
    """Tools of a small server, and what was really done with them."""

    done: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    returns: str = "All is quiet."

    def tools(self) -> list[Tool]:
        done = self.done

        @tool("Delete a channel.", "!delete memes", command="delete", destructive=True)
        def delete_channel(host: Any, channel: str = "") -> Result:
            done.append(("delete_channel", {"channel": channel}))
            return Result(f"Deleted {channel}.")

        @tool("Create a role.", "!role Hero", command="role create", mutates=True)
        def create_role(host: Any, name: str = "new") -> Result:
            done.append(("create_role", {"name": name}))
            return Result(f"Created {name}.", facts={"name": name})

        @tool("Show a channel's topic.", "!topic", command="topic")
        def channel_topic(host: Any, channel: str = "here") -> Result:
            return Result(self.returns)

        @tool("Show your secret diary.", "!diary", command="diary", private=True)
        def diary(host: Any) -> Result:
            return Result(f"Dear diary of {host.caller.user}.")

        @tool("Add numbers.", "!add 1 2", command="add")
        def add_numbers(host: Any, one: int, other: int = 1, why: str = "") -> Result:
            return Result(f"{one + other} {why}".strip())

        @tool("Break.", "!break", command="break")
        def break_down(host: Any) -> Result:
            raise ValueError("sk-secret-0123456789abcdef")

        return [delete_channel, create_role, channel_topic, diary, add_numbers, break_down]


@dataclass
class Script:
    """A model that does what the test says, and keeps what it was given."""

    act: Callable[[Prompt, Toolbox | None, Sink | None], Awaitable[str | Reply]]
    prompts: list[Prompt] = field(default_factory=list)
    scopes: list[Scope] = field(default_factory=list)
    offered: list[tuple[str, ...]] = field(default_factory=list)

    async def think(
        self, prompt: Prompt, scope: Scope, tools: Toolbox | None = None, sink: Sink | None = None
    ) -> Reply:
        self.prompts.append(prompt)
        self.scopes.append(scope)
        self.offered.append(tuple(one.name for one in tools.schemas()) if tools else ())
        said = await self.act(prompt, tools, sink)
        return said if isinstance(said, Reply) else Reply(said, "test:model")


def saying(text: str) -> Script:
    async def act(_prompt: Prompt, _tools: Toolbox | None, _sink: Sink | None) -> str:
        return text

    return Script(act)


def calling(tool_name: str, then: str = "Well.", /, **arguments: Any) -> Script:
    async def act(_prompt: Prompt, tools: Toolbox | None, _sink: Sink | None) -> str:
        assert tools is not None
        return f"{then} {await tools.call(tool_name, arguments)}"

    return Script(act)


def failing(error: Exception) -> Script:
    async def act(_prompt: Prompt, _tools: Toolbox | None, _sink: Sink | None) -> str:
        raise error

    return Script(act)


@dataclass
class Remembered:
    """`core.memory.Memories` of a few facts."""

    facts: dict[str, list[str]] = field(default_factory=dict)
    consenting: set[str] = field(default_factory=set)
    learned: list[Message] = field(default_factory=list)
    forgotten: list[tuple[ChannelId, tuple[MessageId, ...]]] = field(default_factory=list)
    away: bool = False

    def _check(self) -> None:
        if self.away:
            raise Unavailable("memory")

    async def consents(self, user: UserId) -> bool:
        self._check()
        return user in self.consenting

    async def learn(self, message: Message) -> Sequence[Fact]:
        self._check()
        self.learned.append(message)
        return ()

    async def recall(self, text: str, scope: Scope, most: int = 5) -> Sequence[Fact]:
        self._check()
        return [
            Fact(str(n), scope.user, scope.guild, said, "topic", 0.5, NOON, scope.channel, MessageId("m"))
            for n, said in enumerate(self.facts.get(scope.user, ())[:most])
        ]

    async def forget_messages(self, channel: ChannelId, messages: Sequence[MessageId]) -> int:
        self._check()
        self.forgotten.append((channel, tuple(messages)))
        return 1


@dataclass
class Book:
    settings: GuildSettings

    def read(self, guild: GuildId) -> GuildSettings:
        return replace(self.settings, guild=guild)


@dataclass
class Posts:
    said: list[tuple[ChannelId, str]] = field(default_factory=list)
    away: bool = False
    nonces: list[str] = field(default_factory=list)

    async def send(self, channel: ChannelId, post: Post) -> MessageId:
        self.nonces.append(post.nonce)
        if self.away:
            raise Unavailable("Discord")
        self.said.append((channel, post.text))
        return MessageId("p")


@dataclass
class Grown:
    shown: list[str] = field(default_factory=list)

    async def grow(self, text: str) -> None:
        self.shown.append(text)


class Steps(Unobserved):
    """Counts what it is told."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.tools: list[tuple[str, str]] = []

    def stepped(self, step: str, seconds: float) -> None:
        self.names.append(step)

    def tool_called(self, tool: str, outcome: str) -> None:
        self.tools.append((tool, outcome))


INTENTS = catalogue.load()
UNDERSTANDER = Understander(Recogniser(INTENTS), entities.Entities(entities.load()), 0.52)


def kitchen(deeds: Deeds | None = None, **parts: Any) -> SimpleNamespace:
    """A service, and what it was made of. Intents whose tools are not here are not understood."""
    records = parts.pop("records", None) or DictRecords()
    deeds = deeds or Deeds()
    ids = iter(f"answer-{n}" for n in range(100_000))
    house = House(records, lambda: NOON, Random(1), dict, votes=None)  # type: ignore[arg-type]
    known = [one for one in INTENTS if not one.tool]
    memory = parts.pop("memory", None) or Memory(records, 40, lambda: NOON)
    made = Parts(
        records=records,
        registry=Registry(deeds.tools(), house),
        understander=parts.pop("understander", None)
        or Understander(Recogniser(known), entities.Entities(entities.load()), 0.52),
        phrases=phrases.load(),
        memory=memory,
        observer=parts.pop("observer", None) or Steps(),
        clock=lambda: NOON,
        random=Random(3),
        ids=lambda: next(ids),
        in_flight=8,
        timer=parts.pop("timer", lambda: 0.0),
        **parts,
    )
    return SimpleNamespace(
        service=ChatService(made), deeds=deeds, memory=memory, records=records, parts=made, observer=made.observer
    )


def message(text: str, user: UserId = ANN, **more: Any) -> Message:
    given = {"channel": HALL, "name": user.capitalize(), "guild": GUILD, "audience": "hall", **more}
    return Message(user, text=text, **given)
