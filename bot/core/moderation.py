"""What may be said, in and out."""

from dataclasses import dataclass
from typing import Protocol

from bot.core.chat import Scope


@dataclass(frozen=True, slots=True)
class Judged:
    """What moderation found in one text."""

    allowed: bool
    rule: str = ""
    """The rule that spoke, for audit and metrics: `words`, `links`, `invites`, `secrets`, `model`."""
    because: str = ""
    """A sentence for the member."""
    text: str = ""
    """The text with what must not pass taken out; the same text if nothing was."""


class Moderator(Protocol):
    """Judges texts before they are read and before they are sent."""

    async def incoming(self, text: str, scope: Scope) -> Judged: ...
    async def outgoing(self, text: str, scope: Scope, *, by_model: bool) -> Judged: ...
