"""Doubles for the tests of the router: stores in memory, providers that do as they are told, clocks that stand."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from bot.agent.router import Parts, Router
from bot.agent.wire import Heard, Limits, Request, Response
from bot.core.chat import Scope
from bot.core.ids import ChannelId, GuildId, UserId
from bot.core.model import Prompt, ToolSchema
from bot.policy.budget import Budget
from bot.policy.routing import Candidate, Price, Rules

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
PAID = Price(1.0, 10.0)
SCOPE = Scope(UserId("1"), ChannelId("2"), GuildId("3"), audience="members")
PROMPT = Prompt("You are a bot.", "what is up?", "Ann")


class MemoryRecords:
    """`core.ports.Records` in memory, shared by whoever is given it. Remembers what was written."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], dict[str, Any]] = {}
        self.writes = 0

    def put(self, table: str, key: str, row: Mapping[str, Any]) -> None:
        self.writes += 1
        self.rows[table, key] = dict(row)

    def add(self, table: str, key: str, row: Mapping[str, Any]) -> bool:
        return self.rows.setdefault((table, key), dict(row)) == row

    def get(self, table: str, key: str) -> dict[str, Any] | None:
        return self.rows.get((table, key))

    def delete(self, table: str, key: str) -> None:
        self.rows.pop((table, key), None)

    def scan(self, table: str, prefix: str = "") -> Sequence[tuple[str, dict[str, Any]]]:
        return sorted((key, row) for (name, key), row in self.rows.items() if name == table and key.startswith(prefix))


class MemoryCache:
    """`core.stores.Cache` in memory; nothing ever runs out."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.tags: dict[str, set[str]] = {}

    async def get(self, key: str) -> Any | None:
        return self.values.get(key)

    async def set(self, key: str, value: Any, ttl: float, tags: Sequence[str] = ()) -> None:
        self.values[key] = value
        self.tags[key] = set(tags)

    async def delete(self, key: str) -> None:
        self.values.pop(key, None)

    async def forget(self, tag: str) -> None:
        for key in [key for key, tags in self.tags.items() if tag in tags]:
            self.values.pop(key, None)

    async def once(self, key: str, ttl: float, make: Callable[[], Awaitable[Any]], tags: Sequence[str] = ()) -> Any:
        if key not in self.values:
            await self.set(key, await make(), ttl, tags)
        return self.values[key]

    async def close(self) -> None:
        self.values.clear()


@dataclass
class Seen:
    """`core.chat.Observer` that remembers model calls."""

    models: list[tuple[str, str, Mapping[str, int], float]] = field(default_factory=list)

    def answered(self, *_: Any) -> None: ...
    def tool_called(self, *_: Any) -> None: ...
    def voiced(self, *_: Any) -> None: ...
    def stepped(self, *_: Any) -> None: ...

    def modelled(self, model: str, outcome: str, seconds: float, tokens: Mapping[str, int], cost: float) -> None:
        self.models.append((model, outcome, tokens, cost))

    @property
    def outcomes(self) -> list[tuple[str, str]]:
        return [(model, outcome) for model, outcome, _tokens, _cost in self.models]


class Grown:
    """`core.chat.Sink` that remembers."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    async def grow(self, text: str) -> None:
        self.texts.append(text)


class Tools:
    """`core.model.Toolbox` with these schemas; answers with `said`, and remembers what was called."""

    def __init__(self, *schemas: ToolSchema, said: str = "done") -> None:
        self._schemas, self._said = schemas, said
        self.called: list[tuple[str, Mapping[str, Any]]] = []

    def schemas(self) -> Sequence[ToolSchema]:
        return self._schemas

    async def call(self, name: str, arguments: Mapping[str, Any]) -> str:
        self.called.append((name, arguments))
        return self._said


WEATHER = ToolSchema(
    "weather",
    "The weather of a city.",
    {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
)
DICE = ToolSchema("dice", "Rolls dice.", {"type": "object", "properties": {"sides": {"type": "integer"}}})

Play = Callable[[Request, Heard], Awaitable[Response]]


class Scripted:
    """`agent.wire.Provider` that plays one scene a call; the last one again and again."""

    def __init__(self, name: str, *scenes: Play | Response | Exception, **candidate: Any) -> None:
        self.name, self._scenes = name, list(scenes)
        self._candidate = Candidate(name, candidate.pop("model", "m"), **candidate)
        self.requests: list[Request] = []
        self.closed = False

    async def candidates(self) -> Sequence[Candidate]:
        return [self._candidate]

    async def prepare(self, model: str) -> None: ...

    async def call(self, model: str, request: Request, heard: Heard) -> Response:
        self.requests.append(request)
        scene = self._scenes.pop(0) if len(self._scenes) > 1 else self._scenes[0]
        if isinstance(scene, Exception):
            raise scene
        return scene if isinstance(scene, Response) else await scene(request, heard)

    async def close(self) -> None:
        self.closed = True


def said(text: str = "hello", read: int = 10, wrote: int = 20) -> Response:
    return Response(text, (), SimpleNamespace(parts=[]), read, wrote)


def streamed(*texts: str, then: Exception | None = None) -> Play:
    """Grow through these texts, then end or break."""

    async def play(_request: Request, heard: Heard) -> Response:
        for text in texts:
            await heard(text)
        if then is not None:
            raise then
        return said(texts[-1])

    return play


def hanging(started: asyncio.Event | None = None) -> Play:
    """Say nothing, for ever."""

    async def play(_request: Request, _heard: Heard) -> Response:
        if started is not None:
            started.set()
        await asyncio.Event().wait()
        raise AssertionError("nobody sets it")

    return play


def parts(*providers: Any, **changes: Any) -> Parts:
    """What a router is made of, with plenty of money and short limits."""
    given: dict[str, Any] = {
        "providers": providers,
        "records": MemoryRecords(),
        "observer": Seen(),
        "clock": lambda: NOON,
        "rules": Rules(),
        "budget": Budget(10.0, 10.0, 10.0),
        "limits": Limits(timeout=5.0, unknown_late=2.0),
    }
    return Parts(**{**given, **changes})


def router(*providers: Any, **changes: Any) -> Router:
    return Router(parts(*providers, **changes))
