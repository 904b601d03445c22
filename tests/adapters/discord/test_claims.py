"""Two bots on one token over one store, as while a new version runs beside the old one."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.adapters.discord.claims import TABLE, Claims
from bot.core.errors import Unavailable
from bot.sdk.testing import DictRecords
from tests.adapters.discord.house import House, Scene

pytestmark = pytest.mark.integration
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Away(DictRecords):
    def add(self, *_: Any) -> bool:
        raise Unavailable("records")


def worker(done: list[str], name: str) -> Callable[[], Any]:
    async def work() -> None:
        done.append(name)

    return work


async def test_one_of_them_does_it_whoever_is_first() -> None:
    records, done = DictRecords(), list[str]()
    blue, green = Claims(records, lambda: NOON), Claims(records, lambda: NOON)
    await asyncio.gather(
        *(one.first(f"m{number}", worker(done, f"m{number}")) for number in range(20) for one in (blue, green))
    )
    assert sorted(done) == sorted(f"m{number}" for number in range(20))


async def test_without_a_store_the_work_is_done_all_the_same() -> None:
    done = list[str]()
    await Claims(Away(), lambda: NOON).first("m1", worker(done, "m1"))
    assert done == ["m1"]


async def test_old_claims_are_swept_and_young_ones_are_not() -> None:
    records, done = DictRecords(), list[str]()
    records.put(TABLE, "old", {"at": (NOON - timedelta(minutes=16)).timestamp()})
    records.put(TABLE, "young", {"at": (NOON - timedelta(minutes=14)).timestamp()})
    claims = Claims(records, lambda: NOON)
    for number in range(500):
        await claims.first(f"m{number}", worker(done, "x"))
    kept = {key for key, _ in records.scan(TABLE)}
    assert "old" not in kept
    assert {"young", "m0", "m499"} <= kept


class Shared(House):
    """One of several bots: what the other one has claimed stands in the records."""

    def __post_init__(self) -> None:
        self.claims = Claims(self.records, lambda: NOON)
        super().__post_init__()


@pytest.fixture
def house() -> House:
    return Shared()


async def test_a_message_that_the_other_bot_has_is_not_answered(scene: Scene) -> None:
    scene.configure(listens=[str(scene.channel.id)])
    await scene.alice.send(scene.channel, "hello")
    assert len(scene.pipeline.of("answer")) == 1
    real = scene.house.records.add
    scene.house.records.add = lambda table, key, row: table != TABLE and real(table, key, row)  # type: ignore[method-assign]
    await scene.alice.send(scene.channel, "hello again")
    assert len(scene.pipeline.of("answer")) == 1
    assert len(scene.said()) == 1
