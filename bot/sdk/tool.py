"""A tool: a function with a name, a schema and the shelves it needs."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.core.errors import Misconfigured
from bot.sdk.host import Host
from bot.sdk.schema import schema_of

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
    """Shelves (tables) that it may open; everything else is closed to it."""


Body = Callable[..., Result | Awaitable[Result]]


@dataclass(frozen=True, slots=True)
class Tool:
    """A declared tool: its spec and the function behind it."""

    spec: ToolSpec
    body: Body

    def __call__(self, host: Host, **arguments: Any) -> Result | Awaitable[Result]:
        """Run the function; arguments must already fit the schema (the registry sees to that)."""
        return self.body(host, **arguments)


def tool(
    summary: str, say: str, *, name: str = "", timeout: float = 2.0, needs: tuple[str, ...] = ()
) -> Callable[[Body], Tool]:
    """Declare a function as a tool. Its first parameter is the host; the schema comes from the others' type hints.

    Raises Misconfigured if a hint is missing or has no JSON form.
    """
    if timeout <= 0:
        raise Misconfigured(f"tool {name or summary!r}: timeout is {timeout}; give seconds above 0")

    def declare(body: Body) -> Tool:
        title = name or body.__name__
        spec = ToolSpec(title, summary, say, schema_of(title, body), timeout, frozenset(needs))
        return Tool(spec, body)

    return declare
