"""A conversation with fixed time, chance and ids, one line of code away."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from bot.app.bot_wiring import Assembled, World, assemble
from bot.core.chat import Answer, Message
from bot.core.ids import ChannelId, UserId
from bot.sdk.testing import DictRecords


@dataclass
class Table:
    """Where members sit and talk."""

    records: Any = field(default_factory=DictRecords)
    now: datetime = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
    world: dict[str, Any] = field(default_factory=dict)
    built: Assembled | None = None

    def open(self) -> Assembled:
        if self.built is None:
            ids = iter(f"answer-{i}" for i in range(10_000))
            world = World(
                records=self.records,
                clock=self.clock,
                random=Random(3),
                ids=lambda: next(ids),
                timer=self.timer,
            )
            self.built = assemble(replace(world, **self.world))
        return self.built

    async def say(self, text: str, user: str = "ann", channel: str = "general", name: str = "") -> Answer:
        message = Message(UserId(user), ChannelId(channel), text, name or user.capitalize())
        return await self.open().service.answer(message)

    def clock(self) -> datetime:
        return self.now

    def timer(self) -> float:
        return self.now.timestamp()

    def wait(self, **time: float) -> None:
        self.now += timedelta(**time)


Say = Callable[..., Awaitable[Answer]]


@pytest.fixture
def table() -> Table:
    return Table(world={"rate_limits": False})


@pytest.fixture
def limited() -> Table:
    return Table()
