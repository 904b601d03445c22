"""Models that write: what they are asked, what they answer, what it cost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from bot.core.chat import Scope, Sink

Speaker = Literal["member", "bot"]
Complexity = Literal["trivial", "simple", "hard"]


@dataclass(frozen=True, slots=True)
class Said:
    """One earlier line, as a model sees it: data between marks, never instructions."""

    by: Speaker
    text: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class ToolSchema:
    """A tool as a model is told of it. `parameters` is a JSON schema."""

    name: str
    description: str
    parameters: Mapping[str, Any]


class Toolbox(Protocol):
    """The tools that this member may use here, bound to them: a model can name a tool, never a caller."""

    def schemas(self) -> Sequence[ToolSchema]: ...

    async def call(self, name: str, arguments: Mapping[str, Any]) -> str:
        """What the tool said, for the model. Never raises: an unknown name or a wrong argument is told in words."""
        ...


@dataclass(frozen=True, slots=True)
class Prompt:
    """All that a model is given for one turn. `system` is ours; all the rest is untrusted."""

    system: str
    text: str
    name: str = ""
    history: tuple[Said, ...] = ()
    facts: tuple[str, ...] = ()
    """What is remembered of the member and fits the text."""
    attachments: tuple[tuple[str, str], ...] = ()
    """Name and text of files that came with the message."""
    language: str = "en"
    longest: int = 2000
    """Characters of an answer that will be read."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What one turn took. `cost` in US dollars by the price table; 0 where the model runs here."""

    input_tokens: int = 0
    output_tokens: int = 0
    requests: int = 0
    cost: float = 0.0


@dataclass(frozen=True, slots=True)
class Reply:
    """What a model answered, and how that came about."""

    text: str
    model: str
    """`provider:name`."""
    usage: Usage = field(default=Usage())
    seconds: float = 0.0
    cached: bool = False
    tools: tuple[str, ...] = ()
    """Tools that were called, in order."""
    cut: bool = False
    """The stream broke; the text is what had come by then."""


class Thinker(Protocol):
    """Models behind their router: fallback, budgets, cache and limits are its business, not the caller's."""

    async def think(
        self, prompt: Prompt, scope: Scope, tools: Toolbox | None = None, sink: Sink | None = None
    ) -> Reply:
        """One turn with tools until it is done. Raises Unavailable (no model answers now) or Denied (budget spent; the
        text is a sentence for the member)."""
        ...
