"""What is remembered of members: facts with their source, under consent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from bot.core.chat import Message, Scope
from bot.core.ids import ChannelId, GuildId, MessageId, UserId


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that a member said of themselves. Seen only in the guild where it was said, or in direct messages."""

    id: str
    user: UserId
    guild: GuildId
    text: str
    """In words: `lives in Vienna`."""
    topic: str
    """What it is about, in a word or two: facts of one topic contradict each other unless it may hold many."""
    importance: float
    """0 to 1; decays with time, grows with use."""
    at: datetime
    channel: ChannelId
    message: MessageId
    """Where it was said; deleted with that message."""


class Memories(Protocol):
    """Long-term memory. Nothing is kept of a member who has not opted in."""

    async def consents(self, user: UserId) -> bool: ...

    async def consent(self, user: UserId, given: bool) -> None:
        """Opt in or out. Out also forgets everything at once."""
        ...

    async def learn(self, message: Message) -> Sequence[Fact]:
        """Facts that a member told of themselves in this message, stored if they consent. Secrets are never stored."""
        ...

    async def recall(self, text: str, scope: Scope, most: int = 5) -> Sequence[Fact]:
        """The member's own facts that fit a text best, best first; another member's never."""
        ...

    async def show(self, user: UserId, guild: GuildId | None = None) -> Sequence[Fact]:
        """All facts of a member, of one guild or of all."""
        ...

    async def forget(self, user: UserId, *, fact: str = "", topic: str = "") -> int:
        """Forget one fact, one topic, or (with neither) all, on every store, at once; how many facts went."""
        ...

    async def forget_messages(self, channel: ChannelId, messages: Sequence[MessageId]) -> int:
        """Forget what was learned from these messages."""
        ...

    async def export(self, user: UserId) -> Mapping[str, Any]:
        """Everything held of a member on any store, as JSON values."""
        ...
