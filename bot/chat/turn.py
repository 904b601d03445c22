"""One message on its way through the pipeline."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from bot.chat.orders import Order
from bot.chat.understand import Wish
from bot.core.chat import HERE, Answer, Button, Card, File, Line, Message, Outcome, Scope, Sink
from bot.core.flags import Unit
from bot.core.guild_settings import GuildSettings
from bot.core.memory import Fact
from bot.policy.mood import Tone
from bot.sdk.host import Caller
from bot.sdk.tool import ToolSpec

Route = Literal["offline", "model", "none"]


@dataclass(frozen=True, slots=True)
class Given:
    """A command whose arguments were taken apart by its carrier."""

    spec: ToolSpec
    arguments: Mapping[str, Any]


@dataclass(slots=True)
class Turn:
    """What is known so far. Steps fill it in; a step that sets `answer` ends the asking."""

    number: str
    message: Message
    settings: GuildSettings
    sink: Sink | None = None
    given: Given | None = None
    load: float = 0.0
    """Share of the replies that may be under way at once, as this one began."""
    text: str = ""
    """The message's text, cleaned."""
    name: str = ""
    keeps: bool = True
    """Whether what is said here may be remembered at all."""
    kept: bool = False
    """Whether the member's line is in the window."""
    language: str = "en"
    tone: Tone = Tone.EVEN
    wishes: Sequence[Wish] = ()
    sure: bool = False
    """Whether what was understood is beyond doubt."""
    order: Order | None = None
    lines: tuple[Line, ...] = ()
    summary: tuple[Line, ...] = ()
    """What was said before those lines, in short."""
    facts: tuple[Fact, ...] = ()
    route: Route = "none"
    answer: Answer | None = None
    by_model: bool = False
    """Whether a model wrote the answer's text."""
    tail: str = ""
    """What is added to the answer's text by us, after moderation of what a model wrote."""
    full: str = ""
    """The whole answer, where only a part of it is shown."""
    buttons: list[Button] = field(default_factory=list)
    private: bool = False
    learning: "asyncio.Task[Sequence[Fact] | None] | None" = None
    """Learning from what the member said, once it has begun."""

    @property
    def lasting(self) -> bool:
        """Whether lines of this channel may be on disk."""
        return self.message.guild == HERE or self.settings.retention_days > 0

    @property
    def unit(self) -> Unit:
        """For whom flags are asked."""
        return Unit(self.message.user, self.message.guild, self.load)

    @property
    def scope(self) -> Scope:
        """On whose behalf, and before whose eyes."""
        message = self.message
        return Scope(message.user, message.channel, message.guild, message.audience, private=not message.audience)

    @property
    def caller(self) -> Caller:
        """The asking member as tools know them."""
        message = self.message
        return Caller(
            message.user,
            message.channel,
            self.name,
            self.language,
            self.lines,
            message.guild,
            message.id,
            message.audience,
            message.locale,
        )

    def end(
        self,
        text: str,
        outcome: Outcome,
        intent: str = "none",
        *,
        tool: str = "",
        model: str = "",
        retry_after: float = 0.0,
        card: Card | None = None,
        files: tuple[File, ...] = (),
    ) -> None:
        """Set the answer."""
        self.answer = Answer(
            self.number,
            text,
            intent,
            outcome,
            self.language,
            tool,
            retry_after,
            model,
            tuple(self.buttons),
            card,
            files,
            private=self.private,
        )
