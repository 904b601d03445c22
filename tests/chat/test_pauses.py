"""A guild whose admins stopped the bot: silence there, with its reason once an hour, and nothing kept."""

from types import SimpleNamespace
from typing import Any

import pytest

from bot.core.chat import Command, Outcome, Press
from bot.core.guild_settings import GuildSettings
from bot.core.ids import ChannelId, MessageId
from bot.sdk import Result, Tool, tool
from tests.chat.doubles import ANN, BOB, GUILD, HALL, Book, Deeds, Posts, Remembered, kitchen, message, saying


class Watched(Deeds):
    """With the commands that are answered all the same."""

    def tools(self) -> list[Tool]:
        @tool("Say how I am.", "!status", command="status")
        def show_status(host: Any) -> Result:
            return Result("I am well.")

        return [*super().tools(), show_status]


@pytest.fixture
def clock() -> SimpleNamespace:
    return SimpleNamespace(now=0.0)


@pytest.fixture
def house(clock: SimpleNamespace) -> SimpleNamespace:
    settings = GuildSettings(GUILD, paused="errors since noon", log_channel=ChannelId("log"))
    return kitchen(
        Watched(),
        book=Book(settings),
        thinker=saying("Tea is fine."),
        memories=Remembered(consenting={ANN, BOB}),
        messenger=Posts(),
        timer=lambda: clock.now,
    )


async def say(house: SimpleNamespace, text: str, user: Any = ANN, channel: str = HALL, **more: Any) -> Any:
    return await house.service.answer(message(text, user, channel=ChannelId(channel), id=MessageId("7"), **more))


async def test_the_reason_is_said_once_an_hour_and_channel(house: SimpleNamespace, clock: SimpleNamespace) -> None:
    first = await say(house, "hello")
    assert "errors since noon" in first.text
    assert "!resume" in first.text
    assert (first.outcome, first.intent, first.private) == (Outcome.REJECTED, "paused", False)
    assert [(await say(house, "hello", user)).text for user in (ANN, BOB)] == ["", ""]
    assert (await say(house, "hello", channel="yard")).text == first.text
    clock.now += 3599
    assert (await say(house, "hello")).text == ""
    clock.now += 1
    assert (await say(house, "hello")).text == first.text


async def test_it_is_said_in_the_members_language(house: SimpleNamespace) -> None:
    assert "angehalten (errors since noon)" in (await say(house, "hallo", locale="de")).text


@pytest.mark.parametrize(
    "text", ["what do you think of tea?", "!add 1 2", "!ask why", "!role create name=x", "!nothing"]
)
async def test_nothing_is_done_asked_or_kept(house: SimpleNamespace, text: str) -> None:
    await say(house, text)
    await house.service.settled()
    assert house.parts.thinker.prompts == []
    assert house.deeds.done == []
    assert house.observer.tools == []
    assert house.memory.lines(HALL) == ()
    assert house.parts.memories.learned == []


async def test_the_commands_that_show_and_end_it_are_answered_every_time_and_not_kept(house: SimpleNamespace) -> None:
    await say(house, "hello")
    for _ in range(2):
        assert (await say(house, "!status")).text == "I am well."
    assert house.memory.lines(HALL) == ()
    assert (await say(house, "!status !add 1 2")).tool == "show_status"
    assert "add_numbers" not in {name for name, _ in house.observer.tools}


async def test_whoever_waits_for_an_answer_of_their_own_is_always_told(house: SimpleNamespace) -> None:
    for _ in range(2):
        slash = await house.service.command(Command("add", {"one": 1}, ANN, HALL, "Ann", GUILD))
        pressed = await house.service.press(Press("tool/channel_topic", ANN, HALL, guild=GUILD))
        menu = await house.service.answer(message("summarise this"))
        for answer in (slash, pressed, menu):
            assert "errors since noon" in answer.text
            assert answer.private
    status = await house.service.command(Command("status", {}, ANN, HALL, "Ann", GUILD))
    assert status.text == "I am well."
    assert house.observer.tools == [("show_status", "ok")]


async def test_nothing_is_overheard_learned_or_judged(house: SimpleNamespace) -> None:
    await house.service.overhear(message("the key is under the mat"))
    for _ in range(3):
        await house.service.overhear(message("you are such an IDIOT", ANN))
        await house.service.overhear(message("shut up, you stupid moron", BOB))
    await house.service.edited(message("I live in Graz", id=MessageId("7")))
    assert house.memory.lines(HALL) == ()
    assert house.parts.memories.learned == []
    assert house.parts.messenger.said == []
    assert house.parts.memories.forgotten == [(HALL, (MessageId("7"),))], "what a member takes back goes all the same"


async def test_elsewhere_it_answers_as_ever(house: SimpleNamespace) -> None:
    answer = await house.service.answer(message("what do you think of tea?", guild=""))
    assert answer.text == "Tea is fine."
