from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest

from bot.core.guild_settings import GuildSettings
from bot.core.ids import ChannelId, GuildId, MessageId, UserId
from bot.sdk import Called, Caller, House, Registry, Tool
from bot.sdk.host import Doors
from bot.sdk.testing import DictRecords
from tests.sdk.guild_double import ANN, GUILD, MAIN, MODERATOR, NOON, GuildDouble, Log


class NoVotes:
    def open_polls(self) -> list[Any]:
        return []

    def read(self, pull: int) -> None:
        return None

    def cast(self, *_: object) -> Any:
        raise AssertionError("nobody asked to vote")


@dataclass
class Book:
    """One guild's settings, and what was changed."""

    settings: GuildSettings = field(default_factory=lambda: GuildSettings(GUILD))
    changes: list[Mapping[str, Any]] = field(default_factory=list)

    def read(self, guild: GuildId) -> GuildSettings:
        return self.settings

    def change(self, guild: GuildId, changes: Mapping[str, Any], by: UserId) -> GuildSettings:
        self.changes.append(changes)
        self.settings = replace(self.settings, **changes)
        return self.settings


@dataclass
class Desk:
    """Tools over a guild in memory."""

    guild: GuildDouble = field(default_factory=GuildDouble)
    log: Log = field(default_factory=Log)
    book: Book = field(default_factory=Book)
    records: DictRecords = field(default_factory=DictRecords)
    now: datetime = NOON
    doors: dict[str, Any] = field(default_factory=dict)
    tools: tuple[Tool, ...] = ()

    @property
    def house(self) -> House:
        doors = Doors(**{"guilds": self.guild, "audit": self.log, "book": self.book, **self.doors})
        return House(self.records, lambda: self.now, Random(1), dict, NoVotes(), doors)  # type: ignore[arg-type]

    @property
    def registry(self) -> Registry:
        """A new one each time: nothing may be kept but in the records."""
        return Registry(self.tools, self.house)

    def caller(self, user: str = MODERATOR, channel: str = MAIN, guild: str = GUILD) -> Caller:
        name = self.guild.people[user].name if user in self.guild.people else user
        return Caller(
            UserId(user), ChannelId(channel), name, guild=GuildId(guild), message=MessageId("7"), audience="all"
        )

    def later(self, **more: float) -> None:
        self.now += timedelta(**more)

    async def ask(self, tool: str, /, *, user: str = MODERATOR, channel: str = MAIN, **given: Any) -> Called:
        options = {name: given.pop(name) for name in ("by_model", "dry") if name in given}
        return await self.registry.call(tool, given, self.caller(user, channel), **options)

    async def press(self, called: Called, user: str = MODERATOR, channel: str = MAIN, *, no: bool = False) -> Called:
        done = await self.registry.press(called.buttons[1 if no else 0].id, self.caller(user, channel))
        assert done is not None
        return done


@pytest.fixture
def house() -> House:
    return House(DictRecords(), lambda: NOON, Random(1), dict, NoVotes())  # type: ignore[arg-type]


@pytest.fixture
def caller() -> Caller:
    return Caller(UserId("ann"), ChannelId("hall"), "Ann")


@pytest.fixture
def desk() -> Desk:
    return Desk()


__all__ = ["ANN", "Desk"]
