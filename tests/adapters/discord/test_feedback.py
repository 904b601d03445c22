"""A thumb under an answer is one voice; everything else is none."""

from dataclasses import replace
from typing import Any

import pytest

from bot.adapters.discord.feedback import _KEPT, Thumbs
from bot.adapters.discord.gateway import Gateway
from bot.core.chat import Outcome
from bot.core.errors import Unavailable
from tests.adapters.discord.doubles import ANSWER, Book, Pipeline
from tests.adapters.discord.house import House, Scene, spec
from tests.adapters.discord.test_messenger import Attendant

pytestmark = pytest.mark.integration


@pytest.fixture
def house() -> House:
    """With an attendant, for whom the bot asks Discord to tell of reactions."""
    house = House()
    house.gateway = Gateway(
        house.pipeline, house.book, house.records, (spec("status"),), options=house.options, seen=lambda **_: None,
        attendant=Attendant(),
    )  # fmt: skip
    return house


@pytest.fixture
def hall(scene: Scene) -> Scene:
    return scene


async def answered(hall: Scene) -> Any:
    await hall.alice.send(hall.channel, f"{hall.me.mention} hi")
    return hall.said()[-1]


async def test_a_thumb_is_a_voice_and_another_thumb_the_next(hall: Scene) -> None:
    answer = await answered(hall)
    bob = hall.guild.add_member(hall.env.create_user("bob"))
    await hall.alice.react(answer, "👍")
    await hall.alice.react(answer, "👎")
    await bob.react(answer, "👍")
    alice = str(hall.alice.id)
    assert hall.pipeline.of("feedback") == [
        (ANSWER.id, alice, "up"), (ANSWER.id, alice, "down"), (ANSWER.id, str(bob.id), "up"),
    ]  # fmt: skip


async def test_taking_it_back_changes_nothing(hall: Scene) -> None:
    answer = await answered(hall)
    await hall.alice.react(answer, "👍")
    await hall.alice.unreact(answer, "👍")
    assert len(hall.pipeline.of("feedback")) == 1


async def test_other_emoji_other_messages_and_bots_say_nothing(hall: Scene) -> None:
    answer = await answered(hall)
    question = await hall.alice.send(hall.channel, "look at that")
    robot = hall.guild.add_member(hall.env.create_user("robot", bot=True))
    await hall.alice.react(answer, "🎉")
    await hall.alice.react(question, "👍")
    await robot.react(answer, "👍")
    assert hall.pipeline.of("feedback") == []


async def test_a_rejection_and_a_stopped_guild_take_no_opinion(hall: Scene) -> None:
    hall.pipeline.answers = lambda *_: replace(ANSWER, outcome=Outcome.REJECTED)
    await hall.alice.react(await answered(hall), "👍")
    hall.pipeline.answers = lambda *_: ANSWER
    answer = await answered(hall)
    hall.configure(paused="quiet please")
    await hall.alice.react(answer, "👍")
    assert hall.pipeline.of("feedback") == []


async def test_in_direct_messages_and_under_commands_too(hall: Scene) -> None:
    user = hall.env.create_user("dora")
    await user.send_dm("hello")
    await user.set_reaction(hall.said(user.dm_channel)[-1], "👍", reacted=True)
    await hall.alice.slash(hall.channel, "status")
    await hall.alice.react(hall.said()[-1], "👎")
    assert [voice for _, _, voice in hall.pipeline.of("feedback")] == ["up", "down"]


async def test_records_out_of_reach_end_nothing() -> None:
    class Away(Pipeline):
        async def feedback(self, *_: Any) -> bool:
            raise Unavailable("the records")

    await Thumbs(Away(), Book())._voice("a", "1", "up")  # type: ignore[arg-type]


def test_what_is_known_is_bounded_and_the_oldest_goes() -> None:
    thumbs = Thumbs(Pipeline(), Book())
    thumbs.shown(ANSWER, range(1, _KEPT + 3))
    assert len(thumbs._answers) == _KEPT
    assert min(thumbs._answers) == 3
