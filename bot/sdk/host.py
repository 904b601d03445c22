"""The house as a tool sees it: one member, one channel, and only the shelves that were declared."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

from bot.core.chat import HERE, Line, Messenger, Scope
from bot.core.errors import Denied, Unavailable
from bot.core.flags import FlagBook
from bot.core.guild import Guilds, GuildViews
from bot.core.guild_settings import GuildBook
from bot.core.ids import ChannelId, GuildId, MessageId, PullNumber, Sha, UserId
from bot.core.memory import Memories
from bot.core.moderation import Moderator
from bot.core.ports import AuditLog, Clock, Records, Switch
from bot.core.profile import Profile
from bot.core.stores import RateLimiter
from bot.core.verdict import Verdict
from bot.core.votes import Choice, Poll, Subject
from bot.sdk.sight import Reader, Sight

if TYPE_CHECKING:
    from bot.sdk.tool import ToolSpec

_Door = TypeVar("_Door")
_DOORS = ("guilds", "book", "memories", "messenger", "audit", "switch", "moderator", "mood", "flags")


class Votes(Protocol):
    """What a tool may do with polls: look, and cast the vote of the member who asked."""

    def open_polls(self) -> Sequence[tuple[Poll, str]]:
        """Every poll that is open now, with its title."""
        ...

    def read(self, pull: PullNumber) -> Poll | None: ...
    def subject(self, pull: PullNumber) -> Subject | None:
        """What the newest vote on a proposal is about, voided ones as well."""
        ...

    def ends(self, poll: Poll, now: datetime) -> datetime:
        """When it closes, late swings counted."""
        ...

    def explain(self, poll: Poll, now: datetime) -> Verdict:
        """How it stands, and what it still needs."""
        ...

    def meet(
        self,
        user: UserId,
        name: str,
        now: datetime,
        *,
        roles: Sequence[str] | None = None,
        account_created: datetime | None = None,
        joined: datetime | None = None,
        is_bot: bool = False,
        guild: GuildId = HERE,
    ) -> None:
        """Record a member and what the carrier knows of them now."""
        ...

    def cast(
        self, pull: PullNumber, head: Sha, voter: UserId, choice: Choice, now: datetime, *, guild: GuildId = HERE
    ) -> Verdict: ...


class Rows:
    """One table of the records, and no other, to read."""

    __slots__ = ("_records", "_table")

    def __init__(self, records: Records, table: str) -> None:
        self._records, self._table = records, table

    def get(self, key: str) -> dict[str, Any] | None:
        """A row, or None."""
        return self._records.get(self._table, key)

    def scan(self, prefix: str = "") -> Sequence[tuple[str, dict[str, Any]]]:
        """Rows whose key begins so, in order of key."""
        return self._records.scan(self._table, prefix)


class Shelf(Rows):
    """One table of the records, and no other, to read and to write."""

    __slots__ = ()

    def put(self, key: str, row: Mapping[str, Any]) -> None:
        """Write a row, whether it was there or not."""
        self._records.put(self._table, key, row)

    def delete(self, key: str) -> None:
        """Remove a row; nothing happens if there is none."""
        self._records.delete(self._table, key)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, where, and what was said there lately (oldest first, the asking line last)."""

    user: UserId
    channel: ChannelId
    name: str = ""
    language: str = "en"
    lines: tuple[Line, ...] = ()
    guild: GuildId = HERE
    message: MessageId = MessageId("")
    audience: str = ""
    locale: str = ""

    @property
    def scope(self) -> Scope:
        """On whose behalf, and before whose eyes."""
        return Scope(self.user, self.channel, self.guild, self.audience, private=not self.audience)


@dataclass(frozen=True, slots=True)
class Home:
    """Whose word counts beyond one guild: read from the charter and from how the process was started."""

    guild: GuildId = HERE
    """The charter's home guild: only there votes and orders count for everything."""
    maintainers: frozenset[str] = frozenset()
    """Forge logins, in lower case."""
    operators: frozenset[UserId] = frozenset()
    """Who is an admin where there is no guild: the person at this terminal, never who writes over a network."""


@dataclass(frozen=True, slots=True)
class Doors:
    """Doors that a house may have or not; a tool names those it opens in `needs`."""

    guilds: Guilds | None = None
    book: GuildBook | None = None
    memories: Memories | None = None
    messenger: Messenger | None = None
    audit: AuditLog | None = None
    switch: Switch | None = None
    home: Home = Home()
    moderator: Moderator | None = None
    mood: Callable[[str], float] | None = None
    """How a text sounds, from -1 (bad) to 1 (good)."""
    limiter: RateLimiter | None = None
    """None: tools have no limits of their own."""
    flags: FlagBook | None = None
    profile: Callable[[], Profile] | None = None
    """What the process knows of itself; None: nothing is told of it."""
    words: Callable[..., str] | None = None
    """A text by key and language; None: English alone."""


@dataclass(frozen=True, slots=True)
class House:
    """What the process lends to its tools. `status` gives what a member may know of how the bot is."""

    records: Records
    clock: Clock
    random: Random
    status: Callable[[], Mapping[str, str]]
    votes: Votes
    doors: Doors = Doors()


class Opened:
    """The doors that one tool declared, for one caller."""

    __slots__ = ("_house", "_needs", "caller")

    def __init__(self, house: House, caller: Caller, needs: frozenset[str]) -> None:
        self._house, self._needs = house, needs
        self.caller = caller

    @property
    def guilds(self) -> GuildViews:
        """The guild's members, roles and channels, whoever asks. Reads only: deeds go through a `Plan`."""
        return cast("GuildViews", Reader(self._door("guilds", self._house.doors.guilds)))

    @property
    def sight(self) -> Sight:
        """The caller's guild as the caller may see it; needs the door `guilds`."""
        return Sight(self._door("guilds", self._house.doors.guilds), self.caller.guild, self.caller.user)

    @property
    def book(self) -> GuildBook:
        """The guild's settings."""
        return self._door("book", self._house.doors.book)

    @property
    def memories(self) -> Memories:
        """Long-term memory."""
        return self._door("memories", self._house.doors.memories)

    @property
    def messenger(self) -> Messenger:
        """Says something elsewhere than in the answer."""
        return self._door("messenger", self._house.doors.messenger)

    @property
    def audit(self) -> AuditLog:
        """The audit log, to read it; what tools do is written there by the registry."""
        return self._door("audit", self._house.doors.audit)

    @property
    def switch(self) -> Switch:
        """The emergency stop."""
        return self._door("switch", self._house.doors.switch)

    @property
    def moderator(self) -> Moderator:
        """Judges texts."""
        return self._door("moderator", self._house.doors.moderator)

    @property
    def flags(self) -> FlagBook:
        """Feature flags."""
        return self._door("flags", self._house.doors.flags)

    @property
    def mood(self) -> Callable[[str], float]:
        """How a text sounds."""
        return self._door("mood", self._house.doors.mood)

    def _door(self, name: str, door: _Door | None) -> _Door:
        if name not in self._needs:
            raise Denied(f"this tool did not declare the door {name!r}; add it to needs in its @tool(...)")
        if door is None:
            raise Unavailable(name, "there is none here")
        return door


class Host(Opened):
    """All of the house that one tool may touch during one call."""

    __slots__ = ("now", "tools")

    def __init__(self, house: House, caller: Caller, needs: frozenset[str], tools: Sequence["ToolSpec"]) -> None:
        super().__init__(house, caller, needs)
        self.tools = tuple(tools)
        self.now = house.clock()

    @property
    def random(self) -> Random:
        """The source of chance; seeded in replays."""
        return self._house.random

    @property
    def votes(self) -> Votes:
        """The polls; votes cast here are those of the asking member."""
        return self._house.votes

    def status(self) -> Mapping[str, str]:
        """How the bot is, in words for a member."""
        return self._house.status()

    def profile(self) -> Profile:
        """What the process is, and what it is connected to; empty where nothing is told of it."""
        tell = self._house.doors.profile
        return tell() if tell is not None else Profile()

    @property
    def home(self) -> Home:
        """The home guild, the maintainers, and who sits at the terminal."""
        return self._house.doors.home

    @property
    def doors(self) -> frozenset[str]:
        """Names of the doors that this house has."""
        doors = self._house.doors
        return frozenset(name for name in _DOORS if getattr(doors, name) is not None)

    def say(self, key: str, english: str) -> str:
        """What a tool says elsewhere than in its answer, in the asking member's language. An answer is localised by its
        key and facts."""
        words = self._house.doors.words
        return words(key, self.caller.language) if words is not None else english

    def shelf(self, table: str) -> Shelf:
        """A table this tool declared in `needs`. Raises Denied for any other."""
        if table not in self._needs:
            raise Denied(f"this tool did not declare the shelf {table!r}; add it to needs in its @tool(...)")
        return Shelf(self._house.records, table)

    def rows(self, table: str) -> Rows:
        """A table that this tool may only read: `read:TABLE` in `needs`. Raises Denied for any other."""
        if f"read:{table}" not in self._needs:
            raise Denied(f"this tool did not declare 'read:{table}'; add it to needs in its @tool(...)")
        return Rows(self._house.records, table)
