"""What a parameter may say of itself beside its type: `Annotated[str, "what it is", Length(1, 100)]`."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

Completer = Callable[..., Sequence[str] | Awaitable[Sequence[str]]]
"""Called with the host and what was typed so far."""


@dataclass(frozen=True, slots=True)
class Length:
    """Characters of a text, both ends included. With `least` above 0 something must be visible in it."""

    least: int
    most: int


@dataclass(frozen=True, slots=True)
class Range:
    """A number's bounds, both included."""

    least: int
    most: int


@dataclass(frozen=True, slots=True)
class Complete:
    """Values are offered while a member types."""

    values: Completer


@dataclass(frozen=True, slots=True)
class Form:
    """A text of a certain form, resolved before the tool sees it: `user` is an id, a mention or a member's name, and
    reaches the tool as the id, whether that user is a member or not; `message` is a message's id or its link; `id` is
    a bare id."""

    name: str


USER, MESSAGE, ID = Form("user"), Form("message"), Form("id")


def shape_of(note: Any) -> dict[str, Any]:
    """A note as the JSON schema says it; a plain text is the description."""
    if isinstance(note, Length):
        return {"minLength": note.least, "maxLength": note.most}
    if isinstance(note, Range):
        return {"minimum": note.least, "maximum": note.most}
    if isinstance(note, Complete):
        return {"complete": True}
    if isinstance(note, Form):
        return {"format": note.name}
    return {"description": str(note)}
