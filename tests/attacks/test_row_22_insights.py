"""THREATS 22: what a server's members come for tells nobody about one member, whoever asks and whatever is said."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any

import pytest

from bot.app.bot_wiring import World, assemble
from bot.chat.guild_book import RecordsGuildBook
from bot.chat.insights import Insights
from bot.core.chat import Message
from bot.core.ids import ChannelId, GuildId, UserId
from bot.policy.insights import LEAST, TABLE, read, summary
from bot.policy.symptoms import TABLE as SYMPTOMS
from bot.sdk.host import Doors
from bot.sdk.testing import DictRecords
from tests.chat.doubles import NOON
from tests.extensions.doubles import ListAudit

TOWN = GuildId("7")
SECRET = "intent/ann-lives-in-5-Elm-St remind me in 10 minutes of hunter2"
pytestmark = pytest.mark.slow


class Town:
    def __init__(self) -> None:
        self.records, self.now = DictRecords(), NOON
        book = RecordsGuildBook(self.records, ListAudit(), lambda: 0.0, refresh=0.0)
        book.change(TOWN, {"insights": "on"}, UserId("root"))
        self.insights = Insights(self.records, book, self.clock)
        world = World(
            self.records, clock=self.clock, random=Random(1), rate_limits=False, doors=Doors(book=book),
            insights=self.insights,
        )  # fmt: skip
        self.service = assemble(world).service

    def clock(self) -> datetime:
        return self.now

    async def said(self, text: str, *users: str) -> None:
        for user in users:
            message = Message(UserId(user), ChannelId("hall"), text, user.capitalize(), TOWN)
            await self.service.answer(message)

    async def days(self, count: int) -> AsyncIterator[int]:
        for day in range(count):
            yield day
            await self.insights.flush()
            self.now += timedelta(days=1)
            await self.insights.flush()

    def shown(self) -> dict[str, int]:
        rows = [read(row) for _key, row in self.records.scan(TABLE)]
        return {one.cell: one.people for one in summary([r for r in rows if r], TOWN, self.now.date())}


@pytest.fixture
def town() -> Town:
    return Town()


async def test_what_one_member_does_every_day_is_never_shown(town: Town) -> None:
    crowd = [f"member{n}" for n in range(LEAST)]
    async for _day in town.days(LEAST + 1):
        await town.said("!roll 2d6", *crowd)
        for _again in range(4):
            await town.said("!coin", "ann")
    assert town.shown()["intent/dice"] == LEAST * (LEAST + 1)
    assert "intent/coin" not in town.shown(), "one member is not many, however often"


async def test_no_word_and_no_name_reaches_the_rows(town: Town) -> None:
    async for _day in town.days(1):
        await town.said(SECRET, "ann", "hunter2")
        await town.said(f"!{SECRET}", "ann")
    kept = str([*town.records.scan(TABLE), *town.records.scan(SYMPTOMS)]).casefold()
    assert town.records.scan(TABLE)
    assert not [word for word in ("ann", "elm", "hunter2") if word in kept]


async def test_before_and_after_one_member_more_looks_the_same(town: Town) -> None:
    crowd = [f"member{n}" for n in range(LEAST)]
    looks: list[Any] = []
    async for day in town.days(LEAST + 2):
        await town.said("!roll 2d6", *crowd, *(["ann"] if day == LEAST else []))
        looks.append(town.shown().get("intent/dice", 0))
    steps = {after - before for before, after in pairwise(looks)}
    assert all(step % LEAST == 0 for step in steps)
    assert LEAST + 1 not in steps
