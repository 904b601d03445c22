"""How a call of a tool ended."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from bot.core.chat import Button
from bot.sdk.host import Caller
from bot.sdk.tool import Result, Tool

Fate = Literal[
    "ok", "refused", "bad_arguments", "timeout", "error", "unknown", "denied", "limited", "confirm", "dry", "cancelled"
]
Mode = Literal["do", "ask", "dry"]


@dataclass(frozen=True, slots=True)
class Called:
    """The result's text can be shown to the member, and to a model, in every case.

    `confirm`: nothing has happened; `preview` is exactly what will, once the asking member presses one of `buttons`.
    `denied`: permissions or grants are in the way. `limited`: too many calls; wait `retry_after` seconds.
    """

    result: Result
    fate: Fate
    error: str = ""
    """Type of the error, for the log; never its text."""
    preview: str = ""
    retry_after: float = 0.0
    tool: str = ""
    """The tool, where a button did not name it: its words are as private then as at any other time."""

    @property
    def buttons(self) -> tuple[Button, ...]:
        """What there is to press."""
        return self.result.buttons


@dataclass(frozen=True, slots=True)
class Call:
    """One call with arguments that fit. `digest`: what was shown to the member who has agreed to it; empty: nothing."""

    tool: Tool
    arguments: Mapping[str, Any]
    caller: Caller
    by_model: bool = False
    digest: str = ""

    @property
    def mode(self) -> Mode:
        """Whether it is done at once."""
        spec = self.tool.spec
        waits = spec.destructive or (spec.mutates and self.by_model)
        return "ask" if waits and not self.digest else "do"


def no(text: str, fate: Fate = "refused", **facts: str | int | float) -> Called:
    """An end without effect, in words."""
    return Called(Result(text, fate, facts, ok=False), fate)
