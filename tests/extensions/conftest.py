"""One call of one built-in tool."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

import bot.extensions
from bot.chat.guild_book import RecordsGuildBook
from bot.core.chat import Line
from bot.core.ids import ChannelId, GuildId, UserId
from bot.core.tier import Tier
from bot.sdk import Called, Caller, Doors, Home, House, Registry, discover
from bot.sdk.testing import DictRecords
from bot.votes.service import Question, Votes
from tests.extensions.doubles import GUILD, HandGuilds, HandMemories, HandMessenger, HandSwitch, ListAudit

HEAD = "a" * 40


@dataclass
class Desk:
    records: DictRecords = field(default_factory=DictRecords)
    now: datetime = datetime(2026, 3, 1, 12, tzinfo=UTC)
    lines: list[Line] = field(default_factory=list)
    random: Random = field(default_factory=lambda: Random(5))
    doors: Doors = field(default_factory=Doors)
    guild: str = ""
    channel: str = "hall"
    pressed: Registry | None = None

    @property
    def votes(self) -> Votes:
        return Votes(self.records)

    def clock(self) -> datetime:
        return self.now

    def said(self, text: str, user: str = "ann", by_bot: bool = False) -> None:
        self.lines.append(Line(UserId(user), user.capitalize(), text, self.now, by_bot=by_bot))

    def poll(self, pull: int = 3, head: str = HEAD, excluded: frozenset[Any] = frozenset(), **more: Any) -> None:
        question = Question(pull, head, "clearer help", "words", Tier.VALIDATED, **more)  # type: ignore[arg-type]
        self.votes.open_poll(question, opened=self.now, closes=self.now + timedelta(hours=1), excluded=excluded)

    def registry(self) -> Registry:
        house = House(self.records, self.clock, self.random, lambda: {"version": "1.2.3"}, self.votes, self.doors)
        return Registry(discover(bot.extensions), house)

    def caller(self, user: str = "ann", guild: str | None = None) -> Caller:
        where = GuildId(self.guild if guild is None else guild)
        channel = ChannelId(self.channel)
        return Caller(UserId(user), channel, user.capitalize(), "en", tuple(self.lines), guild=where)

    async def call(self, name: str, user: str = "ann", guild: str | None = None, **arguments: Any) -> Called:
        return await self.registry().call(name, arguments, self.caller(user, guild))

    async def agree(self, called: Called, user: str = "ann", guild: str | None = None) -> Called:
        """Press the first button under what was shown."""
        pressed = await self.registry().press(called.buttons[0].id, self.caller(user, guild))
        assert pressed is not None
        return pressed


@dataclass
class Town(Desk):
    """A desk in a guild with every door."""

    guilds: HandGuilds = field(default_factory=HandGuilds)
    memories: HandMemories = field(default_factory=HandMemories)
    messenger: HandMessenger = field(default_factory=HandMessenger)
    audit: ListAudit = field(default_factory=ListAudit)
    switch: HandSwitch = field(default_factory=HandSwitch)

    def __post_init__(self) -> None:
        self.guild = GUILD
        self.book = RecordsGuildBook(self.records, self.audit, lambda: 0.0, refresh=0.0)
        self.at_home(GUILD)

    def at_home(self, guild: str, *operators: str) -> None:
        """Say which guild is the home guild, and who sits at the terminal."""
        home = Home(GuildId(guild), frozenset({"maintainer"}), frozenset(map(UserId, operators)))
        self.doors = Doors(
            guilds=self.guilds,  # type: ignore[arg-type]  (the reads that these tools make)
            book=self.book,
            memories=self.memories,  # type: ignore[arg-type]  (what these tools ask)
            messenger=self.messenger,
            audit=self.audit,
            switch=self.switch,
            home=home,
        )


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def town() -> Town:
    return Town()


Make = Callable[[], Desk]
