"""What the pipeline is put together from."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from random import Random
from typing import Protocol

from bot.chat import prompt, texts
from bot.chat.insights import Insights
from bot.chat.language import Detector
from bot.chat.limits import Limits
from bot.chat.phrases import Variants
from bot.chat.symptoms import Symptoms
from bot.chat.texts import Texts
from bot.chat.trials import Trials
from bot.chat.understand import Understander
from bot.core.chat import HERE, Line, Messenger, Observer
from bot.core.flags import FlagBook
from bot.core.guild_settings import GuildBook
from bot.core.ids import ChannelId, GuildId, MessageId, UserId
from bot.core.memory import Memories
from bot.core.model import Thinker
from bot.core.moderation import Moderator
from bot.core.ports import Clock, Records
from bot.sdk.registry import Registry


class Window(Protocol):
    """What was said in a channel lately."""

    def add(self, channel: ChannelId, line: Line, guild: GuildId = HERE, *, lasting: bool = True) -> None:
        """`guild`: whose retention holds; `lasting`: whether the channel may be on disk."""
        ...

    def lines(self, channel: ChannelId) -> tuple[Line, ...]: ...
    def summary(self, channel: ChannelId) -> tuple[Line, ...]: ...
    def edit(self, channel: ChannelId, message: MessageId, text: str) -> bool:
        """Waits for the disk."""
        ...

    def drop(self, channel: ChannelId, messages: Sequence[MessageId]) -> int:
        """Waits for the disk."""
        ...


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything has a default that works offline, but for what is always there. `timer` gives seconds that never run
    backwards."""

    records: Records
    registry: Registry
    understander: Understander
    phrases: Mapping[str, Variants]
    memory: Window
    observer: Observer
    clock: Clock
    random: Random
    ids: Callable[[], str]
    in_flight: int
    limits: Limits | None = None
    """None: rate limits are off."""
    longest: int = 2000
    """Characters of an answer."""
    timer: Callable[[], float] = field(default=time.monotonic)
    turn: Callable[[], AbstractContextManager[None]] = field(default=nullcontext)
    """Around each message, command and press: its trace."""
    meet: Callable[[UserId, str], None] = field(default=lambda _user, _name: None)
    """Told of each member the first time this process sees them."""
    thinker: Thinker | None = None
    """None: no model; what the offline responder does not understand stays unanswered."""
    memories: Memories | None = None
    """None: nothing is learned or recalled beyond the window."""
    moderator: Moderator | None = None
    """None: the house's rules."""
    book: GuildBook | None = None
    """None: every guild has the defaults."""
    messenger: Messenger | None = None
    """None: nothing is said of the bot's own accord, such as a word on a conflict."""
    detector: Detector | None = None
    """Languages beyond the common words; None: those alone."""
    mood: Callable[[str], float] | None = None
    """Mood of English texts, -1 to 1; None: the word lists alone."""
    texts: Texts = field(default_factory=texts.load)
    system: str = field(default_factory=prompt.load)
    """The system text with its slots."""
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """What must never leave in an answer, in any form: keys and tokens of this process."""
    prefix: str = "!"
    emotion: bool = True
    """Whether the tone follows the member's mood."""
    threshold: float = 0.5
    """Strength, 0 to 1, from which a mood changes the tone."""
    moderates: bool = True
    """Whether members' texts are held to the rules; what goes out always is."""
    symptoms: Symptoms | None = None
    """Where it is noted what goes badly, without a member's word; None: nowhere."""
    flags: FlagBook | None = None
    """None: every flag has its known value."""
    trials: Trials | None = None
    """Counts what experiments compare; None: nothing is compared."""
    insights: Insights | None = None
    """Where it is counted what members of a server come for; None: nowhere."""
    feedback_buttons: bool = False
    """Whether answers carry buttons for feedback; off for carriers that bring their own."""
