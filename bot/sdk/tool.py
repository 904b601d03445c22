"""A tool: a function with a name, a schema and the shelves it needs."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, get_args, get_type_hints

from bot.core.chat import Button, Card, File
from bot.core.errors import Misconfigured
from bot.sdk.host import Host
from bot.sdk.notes import Completer
from bot.sdk.plan import Plan
from bot.sdk.schema import completers_of, schema_of

Fact = str | int | float
Facts = Mapping[str, Fact]


@dataclass(frozen=True, slots=True)
class Result:
    """What a tool found. `text` is the answer in English; `key` picks the localised reply that uses `facts` instead.

    `ok=False` is an honest refusal whose text says what to do; it is not a failure of the tool.
    """

    text: str
    key: str = "ok"
    facts: Facts = field(default_factory=dict)
    ok: bool = True
    card: Card | None = None
    buttons: tuple[Button, ...] = ()
    files: tuple[File, ...] = ()


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """What others may know of a tool. `parameters` is a JSON schema; `timeout` is in seconds."""

    name: str
    summary: str
    """One line for a member: what it does."""
    say: str
    """How a member asks for it, as an example."""
    parameters: Mapping[str, Any]
    timeout: float = 2.0
    needs: frozenset[str] = frozenset()
    """Shelves (tables) and doors that it may open; everything else is closed to it."""
    command: str = ""
    """Words of its slash and prefix command, such as `memory show`; empty: it is no command."""
    permissions: frozenset[str] = frozenset()
    """Discord permissions that the asking member and the bot must both hold, at the time of the call."""
    guild_only: bool = False
    mutates: bool = False
    """Changes something that others see: a model may only propose it, and the asking member presses a button."""
    destructive: bool = False
    """Shows what will happen and waits for the asking member's button, whoever calls it."""
    private: bool = False
    """The result is for the asking member's eyes only."""
    per_minute: int = 0
    """Calls a minute that one member may make; 0: as many as messages."""
    retries: int = 0
    """Further attempts when a door was unavailable; only for tools that change nothing."""
    group: str = ""
    """The family that it belongs to: the name of its module."""
    plans: bool = False
    """It hands a `Plan` to the registry, so that it can say beforehand exactly what it would do."""


Body = Callable[..., Result | Plan | Awaitable[Result | Plan]]


@dataclass(frozen=True, slots=True)
class Tool:
    """A declared tool: its spec and the function behind it."""

    spec: ToolSpec
    body: Body
    completers: Mapping[str, Completer] = field(default_factory=dict)

    def __call__(self, host: Host, **arguments: Any) -> Result | Plan | Awaitable[Result | Plan]:
        """Run the function; arguments must already fit the schema (the registry sees to that)."""
        return self.body(host, **arguments)


def tool(
    summary: str,
    say: str,
    *,
    name: str = "",
    timeout: float = 2.0,
    needs: tuple[str, ...] = (),
    command: str = "",
    permissions: tuple[str, ...] = (),
    guild_only: bool = False,
    mutates: bool = False,
    destructive: bool = False,
    private: bool = False,
    per_minute: int = 0,
    retries: int = 0,
) -> Callable[[Body], Tool]:
    """Declare a function as a tool. Its first parameter is the host; the schema comes from the others' type hints.

    Raises Misconfigured if a hint is missing or has no JSON form, or if a tool that changes something may be retried.
    """
    if retries and (mutates or destructive):
        raise Misconfigured(f"tool {name or summary!r}: it changes something, so that it must not be tried again")
    if timeout <= 0:
        raise Misconfigured(f"tool {name or summary!r}: timeout is {timeout}; give seconds above 0")

    def declare(body: Body) -> Tool:
        title = name or body.__name__
        spec = ToolSpec(
            name=title,
            summary=summary,
            say=say,
            parameters=schema_of(title, body),
            timeout=timeout,
            needs=frozenset(needs),
            command=command,
            permissions=frozenset(permissions),
            guild_only=guild_only or bool(permissions),
            mutates=mutates or destructive,
            destructive=destructive,
            private=private,
            per_minute=per_minute,
            retries=retries,
            group=body.__module__.rpartition(".")[2],
            plans=_plans(body),
        )
        return Tool(spec, body, completers_of(body))

    return declare


def _plans(body: Body) -> bool:
    hint = get_type_hints(body).get("return")
    return hint is Plan or Plan in get_args(hint)
