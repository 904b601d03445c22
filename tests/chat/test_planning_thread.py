"""In the thread of a suggestion its member's words are answers, and nobody else's are."""

from typing import Any

import pytest

from bot.core.chat import Answer, Message
from bot.core.errors import Unavailable
from bot.core.ids import ChannelId, GuildId, UserId
from bot.sdk.testing import DictRecords

NUMBER = "0123456789ab"
ROW = {"id": NUMBER, "user": "ann", "text": "greet new members", "at": "2026-03-01T12:00:00+00:00", "channel": "hall"}


async def say(table: Any, text: str, user: str = "ann", channel: str = "thread", guild: str = "1") -> Answer:
    if not table.records.scan("suggestions"):
        table.records.put("suggestions", f"ann/{NUMBER}", {**ROW, "guild": "1", "thread": "thread"})
        table.records.put("planning", "thread", {"user": "ann", "number": NUMBER})
    message = Message(UserId(user), ChannelId(channel), text, user.capitalize(), guild=GuildId(guild))
    answer: Answer = await table.open().service.answer(message)
    return answer


def plan(table: Any) -> list[str]:
    [(_, row)] = table.records.scan("suggestions")
    return list(row.get("plan", ()))


async def test_whatever_the_member_says_there_is_the_answer_to_the_question(table: Any) -> None:
    answer = await say(table, "when Bob joins, roll 2d6 and say hello")
    assert answer.tool == "answer_plan"
    assert [line.endswith("when Bob joins, roll 2d6 and say hello") for line in plan(table)] == [True]


@pytest.mark.parametrize(("user", "channel", "guild"), [("bob", "thread", "1"), ("ann", "hall", "1"), ("ann", "x", "")])
async def test_others_and_elsewhere_it_is_talk(table: Any, user: str, channel: str, guild: str) -> None:
    assert (await say(table, "roll 2d6", user, channel, guild)).tool == "roll_dice"
    assert plan(table) == []


@pytest.mark.parametrize(
    ("text", "tool"), [("go", "start_plan"), ("!plan keep", "keep_plan"), ("!roll 2d6", "roll_dice")]
)
async def test_commands_and_the_words_that_end_it_stay_what_they_are(table: Any, text: str, tool: str) -> None:
    assert (await say(table, text)).tool == tool
    assert plan(table) == []


async def test_after_go_the_thread_is_for_talking_again(table: Any) -> None:
    await say(table, "go")
    assert (await say(table, "roll 2d6")).tool == "roll_dice"


async def test_records_out_of_reach_make_it_talk(table: Any) -> None:
    class Shut(DictRecords):
        def get(self, table: str, key: str) -> dict[str, Any] | None:
            if table == "planning":
                raise Unavailable("the records")
            return super().get(table, key)

    table.records = Shut()
    assert (await say(table, "roll 2d6")).tool == "roll_dice"


class Counted(DictRecords):
    def __init__(self) -> None:
        super().__init__()
        self.looks = 0

    def get(self, table: str, key: str) -> dict[str, Any] | None:
        self.looks += table == "planning"
        return super().get(table, key)


async def test_other_channels_are_looked_up_every_few_seconds_only(table: Any) -> None:
    table.records = Counted()
    for _ in range(5):
        await say(table, "roll 2d6", channel="hall")
    assert table.records.looks == 1
    table.records.put("planning", "hall", {"user": "ann", "number": NUMBER})
    table.wait(seconds=4)
    assert (await say(table, "roll 2d6", channel="hall")).tool == "answer_plan"
    assert len(plan(table)) == 1
    for text in ("for everybody", "it says hello"):
        await say(table, text, channel="hall")
    assert len(plan(table)) == 3, "a thread that is known is not forgotten meanwhile"
