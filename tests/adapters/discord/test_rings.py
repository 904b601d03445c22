"""What a process of either ring does with events of servers that opted in and of all others."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import discord
import pytest

from bot.adapters.discord.claims import TABLE, Claims
from bot.adapters.discord.gateway import Gateway, Options
from bot.adapters.discord.sync import TABLE as TOLD
from bot.core.errors import Unavailable
from bot.core.guild_settings import GuildSettings
from bot.core.ids import GuildId
from bot.policy.rings import Turn
from bot.sdk.testing import DictRecords
from tests.adapters.discord.house import House, Scene, spec

pytestmark = pytest.mark.integration


class Rings:
    """A turn for each kind of server, and what was asked."""

    def __init__(self) -> None:
        self.leads, self.asked = asyncio.Event(), list[bool]()
        self.turns = {True: Turn(0.0, alone=False), False: Turn(0.0, alone=False)}

    def turn(self, *, opted: bool) -> Turn:
        self.asked.append(opted)
        return self.turns[opted]

    def state(self) -> Mapping[str, Any]:
        return {"ring": "beta"}


class Trial(House):
    """A process of a new version."""

    def __post_init__(self) -> None:
        self.rings, self.specs = Rings(), (spec("status"),)
        self.claims = Claims(self.records, lambda: datetime(2026, 3, 1, tzinfo=UTC))
        self.gateway = Gateway(
            self.pipeline, self.book, self.records, self.specs,
            options=Options(), seen=lambda **met: self.met.append(met), claims=self.claims, rings=self.rings,
        )  # fmt: skip


@pytest.fixture
async def house() -> House:
    return Trial()


@pytest.fixture
def rings(house: Trial) -> Rings:
    return house.rings


async def test_each_server_has_its_own_turn(scene: Scene, rings: Rings, house: Trial) -> None:
    await house.gateway.tell_commands()
    scene.configure(listens=[str(scene.channel.id)])
    await scene.alice.send(scene.channel, "hello")
    scene.configure(beta=True)
    await scene.alice.send(scene.channel, "hello")
    await scene.alice.slash(scene.channel, "status")
    assert rings.asked == [False, True, True]
    assert len(scene.pipeline.of("answer")) == 2
    assert len(scene.pipeline.of("command")) == 1


async def test_a_direct_message_is_of_no_server_that_opted_in(scene: Scene, rings: Rings) -> None:
    scene.configure(beta=True)
    await scene.alice.send_dm("hello")
    assert rings.asked == [False]


async def test_who_is_second_answers_what_nobody_claimed(scene: Scene, rings: Rings, house: Trial) -> None:
    rings.turns[False] = Turn(0.05, alone=False)
    scene.configure(listens=[str(scene.channel.id)])
    await scene.alice.send(scene.channel, "hello")
    await house.gateway.client.drain(30)
    assert len(scene.pipeline.of("answer")) == 1


async def test_who_is_second_leaves_alone_what_the_first_claimed(scene: Scene, rings: Rings, house: Trial) -> None:
    rings.turns[False] = Turn(0.05, alone=False)
    scene.configure(listens=[str(scene.channel.id)])
    real = scene.house.records.add
    scene.house.records.add = lambda table, key, row: table != TABLE and real(table, key, row)  # type: ignore[method-assign]
    await scene.alice.send(scene.channel, "hello")
    await house.gateway.client.drain(30)
    assert scene.pipeline.of("answer") == []


async def test_settings_that_cannot_be_read_are_those_of_a_server_that_did_not_opt_in(
    scene: Scene, rings: Rings, house: Trial
) -> None:
    scene.configure(beta=True)
    await house.gateway.tell_commands()

    def away(guild: GuildId) -> GuildSettings:
        raise Unavailable(f"settings of {guild}")

    house.book.read = away  # type: ignore[method-assign]
    await scene.alice.slash(scene.channel, "status")
    assert rings.asked == [False]
    assert len(scene.pipeline.of("command")) == 1


@pytest.mark.parametrize(("alone", "done"), [(True, ["m1"]), (False, [])])
async def test_without_a_store_only_who_may_act_alone_does(alone: bool, done: list[str]) -> None:
    class Away(DictRecords):
        def add(self, *_: Any) -> bool:
            raise Unavailable("records")

    found = list[str]()

    async def work() -> None:
        found.append("m1")

    await Claims(Away(), lambda: datetime.now(UTC)).first("m1", work, Turn(0.0, alone=alone))
    assert found == done


async def test_a_version_on_trial_tells_no_commands_until_it_took_over(
    env: Any, house: Trial, client: discord.Client
) -> None:
    assert house.gateway.connected.is_set()
    assert house.records.scan(TOLD) == []
    await house.gateway.tell_commands()
    assert len(house.records.scan(TOLD)) == 1
    assert house.gateway.state()["ring"] == "beta"
