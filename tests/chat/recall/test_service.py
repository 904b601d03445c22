"""Long-term memory: consent, scope, contradiction, degradation and forgetting."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from bot.chat.memory import Memory
from bot.chat.recall.consents import CONSENT, LEAVING, OWED
from bot.chat.recall.holders import Part, Table, by, tables
from bot.chat.recall.service import LongTerm
from bot.chat.recall.store import FACTS, SOURCES, UNINDEXED, USES
from bot.core.chat import Line, Message, Scope
from bot.core.errors import Unavailable
from bot.core.ids import ChannelId, GuildId, MessageId, UserId
from bot.core.stores import Hit, Point
from bot.sdk.testing import DictRecords

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ANN, BOB, HALL = UserId("ann"), UserId("bob"), ChannelId("hall")
ONE, TWO, DIRECT = GuildId("g1"), GuildId("g2"), GuildId("")
TABLES = (FACTS, SOURCES, USES, UNINDEXED, CONSENT, OWED, LEAVING)


class Shelf:
    """Vectors in memory: words shared, or vectors equal."""

    def __init__(self) -> None:
        self.points: dict[str, Point] = {}
        self.broken = False

    async def put(self, points: Sequence[Point]) -> None:
        self._check()
        self.points |= {one.id: one for one in points}

    async def search(self, vector: Sequence[float], text: str, where: Mapping[str, str], most: int = 10) -> list[Hit]:
        self._check()
        mine = [
            one for one in self.points.values() if all(one.payload.get(key) == value for key, value in where.items())
        ]
        if len(vector):
            return [Hit(one.id, 0.9, one.payload) for one in mine if one.vector == tuple(vector)][:most]
        shared = {one.id: len(set(one.text.split()) & set(text.split())) for one in mine}
        return [Hit(one.id, float(shared[one.id]), one.payload) for one in mine if shared[one.id]][:most]

    async def delete(self, ids: Sequence[str]) -> None:
        self._check()
        for name in ids:
            self.points.pop(name, None)

    async def delete_where(self, where: Mapping[str, str]) -> int:
        self._check()
        gone = [
            name for name, one in self.points.items() if all(one.payload[key] == value for key, value in where.items())
        ]
        await self.delete(gone)
        return len(gone)

    async def close(self) -> None:
        pass

    def _check(self) -> None:
        if self.broken:
            raise Unavailable("vectors", "broken by the test")


class Meaning:
    """Two meanings: places, and all the rest."""

    name, size = "meaning", 2

    def __init__(self) -> None:
        self.broken = False
        self.slow = False

    async def embed(self, texts: Sequence[str], *, query: bool = False) -> list[tuple[float, ...]]:
        if self.broken:
            raise Unavailable("embedder", "broken by the test")
        if self.slow and query:
            await asyncio.Event().wait()
        return [(1.0, 0.0) if "live" in one or "abode" in one else (0.0, 1.0) for one in texts]

    async def close(self) -> None:
        pass


class World:
    def __init__(self, **more: Any) -> None:
        self.records, self.shelf, self.meaning = DictRecords(), Shelf(), Meaning()
        self.now = NOON
        self.scrubbed = 0
        numbers = count(1)
        self.memories = LongTerm(
            self.records,
            lambda: self.now,
            **{
                "vectors": self.shelf,
                "embedder": self.meaning,
                "ids": lambda: f"id{next(numbers):03}",
                "scrub": self._scrub,
                "patience": 0.02,
                **more,
            },
        )

    def _scrub(self) -> None:
        self.scrubbed += 1

    async def tell(
        self, text: str, user: UserId = ANN, guild: GuildId = ONE, message: str = "m1", **more: Any
    ) -> list[str]:
        given = {"audience": "all", **more}
        said = Message(user, HALL, text, guild=guild, id=MessageId(message), **given)
        return [one.text for one in await self.memories.learn(said)]

    async def ask(self, text: str, user: UserId = ANN, guild: GuildId = ONE, **more: Any) -> list[str]:
        scope = Scope(user, HALL, guild, **{"audience": "all", **more})
        found = [one.text for one in await self.memories.recall(text, scope)]
        await self.memories.close()
        return found

    async def shown(self, user: UserId = ANN, guild: GuildId | None = None) -> list[str]:
        return [one.text for one in await self.memories.show(user, guild)]

    def disk(self) -> str:
        return json.dumps([self.records.scan(name) for name in TABLES])


@pytest.fixture
async def world() -> World:
    made = World()
    await made.memories.consent(ANN, given=True)
    return made


@pytest.fixture(params=["indexed", "no index", "index broken", "embedder broken", "embedder slow"])
async def any_index(request: pytest.FixtureRequest) -> World:
    made = World(vectors=None, embedder=None) if request.param == "no index" else World()
    made.shelf.broken = request.param == "index broken"
    made.meaning.broken = request.param == "embedder broken"
    await made.memories.consent(ANN, given=True)
    if request.param == "embedder slow":
        await made.tell("I live in Vienna")
        made.meaning.slow = True
    return made


class TestConsent:
    async def test_nothing_is_kept_of_who_did_not_opt_in(self) -> None:
        world = World()
        assert not await world.memories.consents(ANN)
        assert await world.tell("I live in Vienna") == []
        assert await world.ask("where do I live") == []
        assert world.shelf.points == {}
        assert json.loads(world.disk()) == [[]] * len(TABLES)

    async def test_it_is_the_members_own(self, world: World) -> None:
        assert await world.memories.consents(ANN)
        assert not await world.memories.consents(BOB)
        assert await world.tell("I live in Linz", BOB) == []

    async def test_out_forgets_everything_and_asking_twice_changes_nothing(self, world: World) -> None:
        await world.tell("I live in Vienna")
        await world.memories.consent(ANN, given=True)
        assert await world.shown() == ["lives in Vienna"]
        for _ in range(2):
            await world.memories.consent(ANN, given=False)
            assert json.loads(world.disk()) == [[]] * len(TABLES)
            assert world.shelf.points == {}

    async def test_withdrawn_elsewhere_while_learning_leaves_nothing(self, world: World) -> None:
        put = world.shelf.put

        async def withdrawn(points: Sequence[Point]) -> None:
            await put(points)
            world.records.delete(CONSENT, "ann")

        world.shelf.put = withdrawn  # type: ignore[method-assign]
        assert await world.tell("I live in Vienna") == []
        assert world.shelf.points == {}
        assert "Vienna" not in world.disk()


class TestLearning:
    async def test_a_fact_knows_where_it_came_from(self, world: World) -> None:
        said = Message(ANN, HALL, "I live in Vienna", guild=ONE, id=MessageId("m7"), audience="all")
        (fact,) = await world.memories.learn(said)
        assert (fact.user, fact.guild, fact.channel, fact.message, fact.at) == (ANN, ONE, HALL, "m7", NOON)
        assert (fact.text, fact.topic) == ("lives in Vienna", "home")

    async def test_a_bot_tells_nothing(self, world: World) -> None:
        assert await world.tell("I live in Vienna", by_bot=True) == []

    async def test_the_newest_replaces_and_the_old_is_not_recalled(self, world: World) -> None:
        await world.tell("I live in Vienna")
        world.now += timedelta(days=1)
        await world.tell("I moved to Graz")
        assert await world.shown() == ["lives in Graz"]
        assert await world.ask("where do I live") == ["lives in Graz"]
        held = (await world.memories.export(ANN))["facts"]
        assert [(one["text"], one["superseded"]) for one in held] == [
            ("lives in Vienna", True),
            ("lives in Graz", False),
        ]

    async def test_likes_gather_and_a_denial_takes_one_away(self, world: World) -> None:
        await world.tell("I like tea")
        await world.tell("I like cake")
        assert await world.shown() == ["likes tea", "likes cake"]
        await world.tell("I don't like tea any more")
        assert await world.shown() == ["likes cake", "dislikes tea"]
        assert "likes tea" not in await world.ask("tea")

    async def test_the_same_again_is_one_fact_that_counts_as_used(self, world: World) -> None:
        await world.tell("I like tea")
        assert await world.tell("I like tea") == []
        assert await world.shown() == ["likes tea"]
        assert [row["uses"] for _, row in world.records.scan(USES)] == [1]

    async def test_no_longer_living_there_leaves_no_home(self, world: World) -> None:
        await world.tell("I live in Vienna")
        assert await world.tell("I no longer live in Vienna") == []
        assert await world.shown() == []
        assert "Vienna" not in world.disk()
        assert world.shelf.points == {}
        assert world.scrubbed == 1

    async def test_a_member_has_at_most_so_many(self) -> None:
        world = World(most=3)
        await world.memories.consent(ANN, given=True)
        for word in ("tea", "cake", "chess", "rain", "snow"):
            world.now += timedelta(days=1)
            await world.tell(f"I like {word}")
        assert await world.shown() == ["likes chess", "likes rain", "likes snow"]
        assert len(world.shelf.points) == 3


class TestScope:
    async def test_never_in_another_guild_and_never_for_another_member(self, any_index: World) -> None:
        world = any_index
        await world.memories.consent(BOB, given=True)
        await world.tell("I live in Vienna")
        assert await world.ask("where do I live") == ["lives in Vienna"]
        assert await world.ask("where do I live", guild=TWO) == []
        assert await world.ask("where do I live", guild=DIRECT) == []
        assert await world.ask("where do I live", user=BOB) == []

    async def test_what_was_told_in_private_stays_there(self, any_index: World) -> None:
        await any_index.tell("I live in Graz", guild=DIRECT, audience="")
        assert await any_index.ask("where do I live", guild=ONE) in ([], ["lives in Vienna"])
        assert await any_index.ask("where do I live", guild=DIRECT, audience="") == ["lives in Graz"]

    async def test_what_nobody_else_could_read_is_not_said_before_others(self, world: World) -> None:
        await world.tell("I live in Graz", audience="")
        assert await world.ask("where do I live") == []
        assert await world.ask("where do I live", audience="") == ["lives in Graz"]
        assert await world.ask("where do I live", private=True) == ["lives in Graz"]

    async def test_a_guild_whose_name_begins_alike_is_another(self, world: World) -> None:
        await world.tell("I live in Vienna", guild=GuildId("g1/x"))
        assert await world.ask("where do I live", guild=ONE) == []
        assert await world.shown(ANN, ONE) == []
        assert await world.shown(ANN, GuildId("g1/x")) == ["lives in Vienna"]

    async def test_the_index_holds_no_word_and_no_id(self, world: World) -> None:
        await world.tell("I live in Vienna")
        (point,) = world.shelf.points.values()
        held = repr(point).casefold()
        for word in ("vienna", "lives", "ann", ONE, HALL):
            assert word not in held


class TestRecall:
    async def test_found_by_meaning_where_no_word_is_shared(self, world: World) -> None:
        await world.tell("I live in Vienna")
        await world.tell("I play the harp")
        assert await world.ask("what is my abode?") == ["lives in Vienna"]

    async def test_found_without_an_index(self, any_index: World) -> None:
        await any_index.tell("I live in Vienna")
        assert await any_index.ask("where do I live?") == ["lives in Vienna"]

    async def test_what_could_not_be_indexed_is_indexed_later(self, world: World) -> None:
        world.meaning.broken = True
        await world.tell("I live in Vienna")
        assert world.shelf.points == {}
        world.meaning.broken = False
        assert await world.ask("where do I live?") == ["lives in Vienna"]
        assert len(world.shelf.points) == 1
        assert world.records.scan(UNINDEXED) == []

    async def test_an_index_that_was_lost_is_built_again(self, world: World) -> None:
        await world.tell("I live in Vienna")
        world.shelf.points.clear()
        assert await world.ask("where do I live?") == ["lives in Vienna"]
        assert len(world.shelf.points) == 1

    async def test_a_point_whose_fact_is_gone_is_not_recalled(self, world: World) -> None:
        await world.tell("I live in Vienna")
        for key, _ in world.records.scan(FACTS):
            world.records.delete(FACTS, key)
        assert await world.ask("where do I live?") == []

    async def test_records_that_fail_cost_the_recall_and_not_the_answer(self, world: World) -> None:
        def away(*_: object) -> None:
            raise Unavailable("records")

        world.records.get = away  # type: ignore[assignment,method-assign]
        assert await world.ask("where do I live?") == []

    async def test_use_is_noted_once_an_hour(self, world: World) -> None:
        await world.tell("I live in Vienna")
        for _ in range(3):
            await world.ask("where do I live?")
        world.now += timedelta(hours=2)
        await world.ask("where do I live?")
        assert [row["uses"] for _, row in world.records.scan(USES)] == [2]

    async def test_nothing_asked_is_nothing_found(self, world: World) -> None:
        await world.tell("I live in Vienna")
        assert await world.ask("  ") == []


class TestForgetting:
    async def test_one_fact_with_what_it_replaced(self, world: World) -> None:
        await world.tell("I live in Vienna")
        await world.tell("I live in Graz")
        await world.tell("I like tea")
        home = next(one for one in await world.memories.show(ANN) if one.topic == "home")
        assert await world.memories.forget(ANN, fact=home.id) == 2
        assert await world.shown() == ["likes tea"]
        assert "Vienna" not in world.disk()
        assert len(world.shelf.points) == 1

    async def test_one_topic(self, world: World) -> None:
        await world.tell("I like tea")
        await world.tell("I live in Vienna")
        assert await world.memories.forget(ANN, topic=" Like ") == 1
        assert await world.memories.forget(ANN, topic="nothing") == 0
        assert await world.shown() == ["lives in Vienna"]

    async def test_another_members_fact_cannot_be_named(self, world: World) -> None:
        await world.tell("I live in Vienna")
        (fact,) = await world.memories.show(ANN)
        assert await world.memories.forget(BOB, fact=fact.id) == 0
        assert await world.shown() == ["lives in Vienna"]

    async def test_all_in_every_guild_and_the_member_stays_opted_in(self, world: World) -> None:
        await world.tell("I live in Vienna")
        await world.tell("I like tea", guild=TWO)
        before = world.records.get(CONSENT, "ann")
        assert await world.memories.forget(ANN) == 2
        assert [world.records.scan(name) for name in TABLES if name != CONSENT] == [[]] * (len(TABLES) - 1)
        assert world.shelf.points == {}
        after = world.records.get(CONSENT, "ann")
        assert before is not None
        assert after is not None
        assert before["shade"] != after["shade"]
        assert await world.tell("I live in Graz") == ["lives in Graz"]
        assert await world.ask("where do I live") == ["lives in Graz"]

    async def test_what_was_learned_from_a_deleted_message(self, world: World) -> None:
        await world.tell("I live in Vienna and I like tea", message="m1")
        await world.tell("I speak Polish", message="m11")
        assert await world.memories.forget_messages(HALL, [MessageId("m1"), MessageId("none")]) == 2
        assert await world.shown() == ["speaks Polish"]
        assert await world.memories.forget_messages(ChannelId("other"), [MessageId("m11")]) == 0
        assert await world.memories.forget_messages(HALL, [MessageId("")]) == 0

    async def test_an_index_that_is_away_is_cleared_when_it_is_back(self, world: World) -> None:
        await world.tell("I live in Vienna")
        world.shelf.broken = True
        assert await world.memories.forget(ANN) == 1
        assert "Vienna" not in world.disk()
        world.shelf.broken = False
        assert len(world.shelf.points) == 1
        await world.memories.settle()
        assert world.shelf.points == {}
        assert world.records.scan(OWED) == []

    async def test_cut_short_it_is_finished_by_the_next_start(self, world: World) -> None:
        await world.tell("I live in Vienna")
        left = Part("left", lambda _user: [], self._fail)
        halted = LongTerm(world.records, lambda: NOON, vectors=world.shelf, holders=[left])
        with pytest.raises(Unavailable):
            await halted.forget(ANN)
        assert world.records.scan(LEAVING) != []
        await world.memories.settle()
        assert world.records.scan(LEAVING) == []
        assert world.shelf.points == {}

    @staticmethod
    def _fail(_user: UserId) -> int:
        raise Unavailable("left")


class TestHolders:
    @pytest.fixture
    def everywhere(self) -> World:
        records = DictRecords()
        window = Memory(records, 9)
        window.add(HALL, Line(ANN, "Ann", "hello there", NOON, message=MessageId("m1")))
        window.flush()
        for user in ("ann", "bob"):
            records.put("reminders", f"{user}/1", {"user": user, "text": "stretch"})
            records.put("suggestions", f"{user}/1", {"user": user, "text": "be nice"})
            records.put("feedback", f"answer/{user}", {"user": user, "value": "up"})
            records.put("ballots", f"3/{user}", {"choice": "for"})
            records.put("members", user, {"name": user})
        parts = [Part("window", window.of, window.forget), *tables(records)]
        world = World(holders=parts)
        world.records = records
        return world

    async def test_export_shows_every_store_and_nobody_elses(self, everywhere: World) -> None:
        shown = dict(await everywhere.memories.export(ANN))
        assert [row["text"] for row in shown["window"]] == ["hello there"]
        assert shown["reminders"] == [{"user": "ann", "text": "stretch"}]
        assert shown["ballots"][0]["choice"] == "for"
        assert "decision" in shown["ballots"][0]["stays"]
        assert shown["consent"] == {"given": False}
        assert "bob" not in json.dumps(shown)

    async def test_forget_takes_what_may_go_also_without_consent(self, everywhere: World) -> None:
        assert await everywhere.memories.forget(ANN) == 0
        for name in ("reminders", "suggestions", "feedback"):
            assert [row["user"] for _, row in everywhere.records.scan(name)] == ["bob"]
        assert everywhere.records.scan("conversations") == []
        assert len(everywhere.records.scan("ballots")) == 2


def test_a_table_forgets_only_what_is_named() -> None:
    records = DictRecords()
    records.put("notes", "1", {"by": "ann"})
    records.put("notes", "2", {"by": "bob"})
    table = Table(records, "notes", by("by"))
    assert table.forget(ANN) == 1
    assert table.of(BOB) == [{"by": "bob"}]
