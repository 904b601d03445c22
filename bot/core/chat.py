"""What is said: messages in, answers out, whatever carries them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, Protocol

from bot.core.ids import ChannelId, GuildId, MessageId, UserId

Voice = Literal["up", "down", "fix"]
Style = Literal["primary", "plain", "danger"]

HERE = GuildId("")
"""The guild of messages that belong to none: direct messages, the terminal, the local endpoint."""


class Outcome(StrEnum):
    """How a message ended."""

    ANSWERED = "answered"
    UNANSWERED = "unanswered"
    """Understood by nothing: the member was told so."""
    REJECTED = "rejected"
    """Over a rate limit, or refused by moderation."""
    FAILED = "failed"
    """A tool or the pipeline broke; the member was told so."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that came with a message. `text` holds what was read of it, if it is text; it is data, never authority."""

    name: str
    kind: str = ""
    """Media type, as the carrier says."""
    size: int = 0
    """Bytes."""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """What a member said. Everything in it is data, never authority."""

    user: UserId
    channel: ChannelId
    """Channel or thread; conversations never mix."""
    text: str
    name: str = ""
    guild: GuildId = HERE
    id: MessageId = MessageId("")
    """The carrier's id of the message, empty where it has none; later edits and deletions name it."""
    audience: str = ""
    """Who else can read the channel: equal values mean the same readers. Empty: only the member. Scopes caches."""
    locale: str = ""
    """The member's interface language (BCP 47), if the carrier knows it."""
    attachments: tuple[Attachment, ...] = ()
    by_bot: bool = False


@dataclass(frozen=True, slots=True)
class Button:
    """Something to press. `id` comes back in a `Press`; at most 100 characters (Discord's limit on custom ids)."""

    id: str
    label: str
    style: Style = "plain"
    asks: str = ""
    """Not empty: the carrier first asks the member for a text, with this as its question."""


@dataclass(frozen=True, slots=True)
class Card:
    """A framed summary. Rendered as an embed, or as lines where there are none."""

    title: str
    text: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    link: str = ""
    colour: int = 0x5865F2


@dataclass(frozen=True, slots=True)
class File:
    """A file to send along."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Post:
    """Something to say that is no answer, or the form in which an answer travels. Never mentions anybody."""

    text: str = ""
    card: Card | None = None
    buttons: tuple[Button, ...] = ()
    files: tuple[File, ...] = ()
    replies_to: MessageId = MessageId("")
    nonce: str = ""
    """Not empty, at most 25 characters: sent again within minutes, it is still one message, where the carrier can."""


@dataclass(frozen=True, slots=True)
class Press:
    """A member pressed a button. `text` is what was asked for, if the button asks."""

    button: str
    user: UserId
    channel: ChannelId
    name: str = ""
    guild: GuildId = HERE
    text: str = ""
    locale: str = ""
    audience: str = ""


@dataclass(frozen=True, slots=True)
class Command:
    """A command with its arguments taken apart, such as a slash command. `name` in words: `memory show`."""

    name: str
    arguments: Mapping[str, Any]
    user: UserId
    channel: ChannelId
    member: str = ""
    """The member's name as shown."""
    guild: GuildId = HERE
    audience: str = ""
    locale: str = ""


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
    model: str = ""
    """`provider:name` of the model that wrote it; empty: none did."""
    buttons: tuple[Button, ...] = ()
    card: Card | None = None
    files: tuple[File, ...] = ()
    private: bool = False
    """For the asking member's eyes only, where the carrier can."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a channel's conversation."""

    user: UserId
    name: str
    text: str
    at: datetime
    by_bot: bool = False
    message: MessageId = MessageId("")
    """The carrier's id of the message; an answer carries the id of what it answers, so that both go together."""


@dataclass(frozen=True, slots=True)
class Pending:
    """A message that the bot owes a member, such as a reminder that fell due."""

    id: str
    user: UserId
    channel: ChannelId
    text: str
    due: datetime


class Sink(Protocol):
    """Where an answer grows while it is written. The carrier paces what it shows."""

    async def grow(self, text: str) -> None:
        """The whole answer so far. Must not raise; a carrier that fails shows the end only."""
        ...


class Conversation(Protocol):
    """The pipeline as those who carry messages see it."""

    async def answer(self, message: Message, sink: Sink | None = None) -> Answer:
        """One answer to one message. Raises Unavailable when too many are under way."""
        ...

    async def feedback(self, answer: str, user: UserId, voice: Voice) -> bool:
        """Record a member's opinion of an answer; False if the answer is not known. One voice per member."""
        ...

    async def pending(self, user: UserId) -> Sequence[Pending]:
        """Take what is due for this member; each is handed out once."""
        ...


class Listener(Conversation, Protocol):
    """The pipeline as carriers with buttons, edits and deletions see it."""

    async def overhear(self, message: Message) -> None:
        """A message that is not for the bot, where it may listen; remembered if consent says so."""
        ...

    async def command(self, command: Command, sink: Sink | None = None) -> Answer:
        """One answer to one command; an unknown name is an answer that says so."""
        ...

    async def complete(self, command: Command, argument: str, typed: str) -> Sequence[str]:
        """At most 25 values that an argument may take, for autocomplete; empty where none are known."""
        ...

    async def press(self, press: Press) -> Answer:
        """What a button leads to. An unknown or foreign button is an answer that says so."""
        ...

    async def edited(self, message: Message) -> None:
        """A member changed a message: memory follows."""
        ...

    async def deleted(self, channel: ChannelId, messages: Sequence[MessageId]) -> None:
        """Messages are gone: so is what memory held of them, and of the answers to them."""
        ...


class Messenger(Protocol):
    """Says something of the bot's own accord. Text is sent with nobody mentioned. Raises Unavailable or Denied."""

    async def send(self, channel: ChannelId, post: Post) -> MessageId: ...
    async def edit(self, channel: ChannelId, message: MessageId, post: Post) -> None: ...
    async def thread(self, channel: ChannelId, message: MessageId, name: str) -> ChannelId: ...
    async def direct(self, user: UserId, post: Post) -> MessageId: ...


class Observer(Protocol):
    """Is told what happened, for metrics; must be quick and never raise."""

    def answered(self, user: UserId, outcome: Outcome, seconds: float) -> None: ...
    def tool_called(self, tool: str, outcome: str) -> None: ...
    def voiced(self, voice: Voice, user: UserId | None = None) -> None: ...
    def stepped(self, step: str, seconds: float) -> None: ...
    def modelled(self, model: str, outcome: str, seconds: float, tokens: Mapping[str, int], cost: float) -> None: ...


@dataclass(frozen=True, slots=True)
class Scope:
    """On whose behalf and before whose eyes something happens: the key of every cache, budget and recall."""

    user: UserId
    channel: ChannelId
    guild: GuildId = HERE
    audience: str = ""
    private: bool = field(default=False)
    """Only the member reads along: direct messages, answers for their eyes."""
