"""What is said: messages in, answers out, whatever carries them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal, Protocol

from bot.core.ids import ChannelId, UserId

Voice = Literal["up", "down", "fix"]


class Outcome(StrEnum):
    """How a message ended."""

    ANSWERED = "answered"
    UNANSWERED = "unanswered"
    """Understood by nothing: the member was told so."""
    REJECTED = "rejected"
    """Over a rate limit."""
    FAILED = "failed"
    """A tool or the pipeline broke; the member was told so."""


@dataclass(frozen=True, slots=True)
class Message:
    """What a member said. The text is data, never authority."""

    user: UserId
    channel: ChannelId
    text: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said back. `retry_after` is in seconds and set only on a rejection."""

    id: str
    text: str
    intent: str
    outcome: Outcome
    language: str = "en"
    tool: str = ""
    retry_after: float = 0.0


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a channel's conversation."""

    user: UserId
    name: str
    text: str
    at: datetime
    by_bot: bool = False


@dataclass(frozen=True, slots=True)
class Pending:
    """A message that the bot owes a member, such as a reminder that fell due."""

    id: str
    user: UserId
    channel: ChannelId
    text: str
    due: datetime


class Conversation(Protocol):
    """The pipeline as those who carry messages see it."""

    async def answer(self, message: Message) -> Answer:
        """One answer to one message. Raises Unavailable when too many are under way."""
        ...

    async def feedback(self, answer: str, user: UserId, voice: Voice) -> bool:
        """Record a member's opinion of an answer; False if the answer is not known. One voice per member."""
        ...

    async def pending(self, user: UserId) -> Sequence[Pending]:
        """Take what is due for this member; each is handed out once."""
        ...


class Observer(Protocol):
    """Is told what happened, for metrics; must be quick and never raise."""

    def answered(self, user: UserId, outcome: Outcome, seconds: float) -> None: ...
    def tool_called(self, tool: str, outcome: str) -> None: ...
    def voiced(self, voice: Voice) -> None: ...
