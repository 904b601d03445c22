"""One call of one built-in tool."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

import bot.extensions
from bot.core.chat import Line
from bot.core.ids import ChannelId, UserId
from bot.core.tier import Tier
from bot.sdk import Called, Caller, House, Registry, discover
from bot.sdk.testing import DictRecords
from bot.votes.service import Question, Votes

HEAD = "a" * 40


@dataclass
class Desk:
    records: DictRecords = field(default_factory=DictRecords)
    now: datetime = datetime(2026, 3, 1, 12, tzinfo=UTC)
    lines: list[Line] = field(default_factory=list)
    random: Random = field(default_factory=lambda: Random(5))

    @property
    def votes(self) -> Votes:
        return Votes(self.records)

    def clock(self) -> datetime:
        return self.now

    def said(self, text: str, user: str = "ann", by_bot: bool = False) -> None:
        self.lines.append(Line(UserId(user), user.capitalize(), text, self.now, by_bot=by_bot))

    def poll(self, pull: int = 3, head: str = HEAD, excluded: frozenset[Any] = frozenset()) -> None:
        question = Question(pull, head, "clearer help", "words", Tier.VALIDATED)  # type: ignore[arg-type]
        self.votes.open_poll(question, opened=self.now, closes=self.now + timedelta(hours=1), excluded=excluded)

    async def call(self, name: str, user: str = "ann", **arguments: Any) -> Called:
        house = House(self.records, self.clock, self.random, lambda: {"version": "1.2.3"}, self.votes)
        caller = Caller(UserId(user), ChannelId("hall"), user.capitalize(), "en", tuple(self.lines))
        return await Registry(discover(bot.extensions), house).call(name, arguments, caller)


@pytest.fixture
def desk() -> Desk:
    return Desk()


Make = Callable[[], Desk]
