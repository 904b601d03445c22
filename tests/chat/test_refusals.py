"""A member who said stop is not kept beyond the reply under way, in any process."""

from typing import Any

from bot.chat.refusals import TABLE, Refusals
from bot.core.errors import Unavailable
from bot.core.ids import UserId
from bot.sdk import Result, tool
from bot.sdk.testing import DictRecords
from tests.chat.doubles import ANN, BOB, HALL, NOON, Deeds, Remembered, kitchen, message, saying


class Deciding(Deeds):
    def tools(self) -> Any:
        @tool("Stop.", "!memory opt-out", command="memory opt-out", private=True)
        def opt_out(host: Any) -> Result:
            return Result("I stop.")

        @tool("Start.", "!memory opt-in", command="memory opt-in", private=True)
        def opt_in(host: Any) -> Result:
            return Result("No.", ok=False) if host.caller.user == BOB else Result("I start.")

        return [opt_out, opt_in]


def said(house: Any) -> list[str]:
    return [line.text for line in house.memory.lines(HALL)]


async def test_after_stop_nothing_is_kept_and_after_opt_in_it_is_again() -> None:
    house = kitchen(Deciding(), thinker=saying("Hm."), memories=Remembered())
    await house.service.answer(message("!memory opt-out"))
    before = said(house)
    await house.service.answer(message("my key is under the mat"))
    await house.service.overhear(message("and the door is open"))
    await house.service.settled()
    assert said(house) == before
    assert house.parts.memories.learned == []
    await house.service.overhear(message("I am Bob", BOB))
    assert said(house)[-1] == "I am Bob"
    await house.service.answer(message("!memory opt-in"))
    await house.service.answer(message("back again"))
    assert "back again" in said(house)


async def test_another_process_knows_it_too_and_within_a_minute_if_it_had_met_them() -> None:
    records, clock = DictRecords(), [0.0]
    first = kitchen(Deciding(), records=records)
    second = kitchen(Deciding(), records=records, timer=lambda: clock[0])
    await second.service.overhear(message("before"))
    await first.service.answer(message("!memory opt-out"))
    clock[0] = 61.0
    await second.service.overhear(message("after"))
    assert said(second) == ["before"]


async def test_an_opt_in_that_was_refused_changes_nothing() -> None:
    house = kitchen(Deciding())
    await house.service.answer(message("!memory opt-out", BOB))
    await house.service.answer(message("!memory opt-in", BOB))
    await house.service.overhear(message("still here", BOB))
    assert "still here" not in said(house)


class Away(DictRecords):
    def get(self, table: str, key: str) -> Any:
        if table == TABLE:
            raise Unavailable("records")
        return super().get(table, key)


async def test_where_nobody_can_tell_nothing_is_kept_and_the_answer_comes() -> None:
    house = kitchen(Deciding(), records=Away(), thinker=saying("Hm."))
    assert (await house.service.answer(message("what do you think?"))).text == "Hm."
    assert said(house) == []


async def test_members_are_told_apart_whatever_their_ids_hold() -> None:
    refusals = Refusals(DictRecords(), lambda: NOON, lambda: 0.0)
    await refusals.decided("opt_out", UserId("a/b"))
    assert await refusals.refused(UserId("a/b"))
    assert not await refusals.refused(UserId("a"))
    await refusals.decided("tell_time", ANN)
    assert not await refusals.refused(ANN)
