from datetime import timedelta
from typing import Any

import pytest

from bot.chat.outbox import Outbox
from bot.core.ids import GuildId, UserId
from bot.votes.announce import TABLE, Desk
from bot.votes.follow_up import FollowUp
from tests.extensions.doubles import GUILD, VOTES
from tests.votes.test_announce import NOON, Square

NUMBER = "0123456789ab"


@pytest.fixture
def square() -> Square:
    return Square()


def suggested(square: Square, **more: Any) -> None:
    row = {"id": NUMBER, "user": "eve", "text": "answer faster", "at": NOON.isoformat(), "channel": "55", **more}
    square.records.put("suggestions", f"eve/{NUMBER}", row)


async def tell(square: Square) -> int:
    clock = lambda: square.time  # noqa: E731
    desk = Desk(square.records, square.votes, square.messenger, square.book, clock, GuildId(GUILD))
    return await FollowUp(desk).round()


async def test_the_thread_hears_every_turn_once(square: Square) -> None:
    suggested(square, guild=GUILD, thread="77")
    for result, words in (
        ("open", "became #3"),
        ("merged", "was merged"),
        ("healthy", "is live in v1.4"),
        ("reverted", "was taken back: slow"),
    ):
        square.outcome(result, "slow", title="faster", version="v1.4", suggestions=[NUMBER])
        assert await tell(square) == 1
        assert await tell(square) == 0
        place, post = square.messenger.sent[-1]
        assert place == "77"
        assert words in post.text
        assert "> answer faster" in post.text


async def test_a_rejection_is_told_with_its_reason(square: Square) -> None:
    suggested(square, guild=GUILD)
    square.outcome("rejected", "it breaks our own bots", suggestions=[NUMBER])
    await tell(square)
    assert square.messenger.sent[0][0] == "55", "without a thread, where it was said"
    assert "was rejected: it breaks our own bots" in square.messenger.sent[0][1].text


async def test_what_concerns_nobody_is_told_to_nobody(square: Square) -> None:
    suggested(square, guild=GUILD)
    square.outcome("merged", suggestions=["ffffffffffff"])
    square.outcome("merged", pull=4)
    assert await tell(square) == 0
    assert square.messenger.sent == []


@pytest.mark.parametrize(("shut", "place"), [({"77"}, "55"), ({"77", "55"}, "")])
async def test_where_it_may_not_speak_any_more(square: Square, shut: set[str], place: str) -> None:
    suggested(square, guild=GUILD, thread="77")
    square.messenger.shut = shut
    square.outcome("merged", suggestions=[NUMBER])
    assert await tell(square) == 1
    assert [one for one, _ in square.messenger.sent] == ([place] if place else [])
    assert [user for user, _ in square.messenger.directs] == ([] if place else ["eve"])
    assert await tell(square) == 0


async def test_outside_of_guilds_it_waits_in_the_outbox_and_is_handed_out_once(square: Square) -> None:
    suggested(square)
    square.outcome("merged", suggestions=[NUMBER])
    await tell(square)
    square.records.delete(TABLE, f"news/eve/{NUMBER}")  # killed before it was put on record
    await tell(square)
    box = Outbox(square.records)
    assert [one.text for one in box.take(UserId("eve"), NOON)] == [
        "Your suggestion (#3) was merged. Its health is being watched."
    ]
    square.records.delete(TABLE, f"news/eve/{NUMBER}")
    await tell(square)
    assert box.take(UserId("eve"), NOON) == []
    assert box.take(UserId("bob"), NOON) == []
    assert square.messenger.sent == []


async def test_very_old_suggestions_are_let_rest(square: Square) -> None:
    suggested(square, guild=GUILD)
    square.time = NOON + timedelta(days=181)
    square.outcome("reverted", suggestions=[NUMBER])
    assert await tell(square) == 0


@pytest.mark.parametrize("table", ["announcements", "orders"])
async def test_emergency_commands_are_announced_once_wherever_they_were_given(square: Square, table: str) -> None:
    row = {"act": "stop", "subject": "everything", "by": "root", "reason": "errors", "at": NOON.isoformat()}
    square.records.put(table, "k1", row)
    square.book.change(GUILD, {"log_channel": "66"}, "ann")  # type: ignore[arg-type]
    assert await tell(square) == 2
    assert [place for place, _ in square.messenger.sent] == [VOTES, "66"]
    assert square.messenger.sent[0][1].text == "🛑 stop of everything, by root: errors"
    assert await tell(square) == 0


async def test_an_order_that_the_controller_has_not_judged_is_not_announced(square: Square) -> None:
    row = {"act": "override", "subject": "#3", "by": "root", "reason": "please", "at": NOON.isoformat()}
    square.records.put("orders", "k1", row)
    assert await tell(square) == 0


async def test_what_was_long_ago_is_no_news(square: Square) -> None:
    row = {"act": "stop", "subject": "everything", "by": "root", "reason": "errors", "at": NOON.isoformat()}
    square.records.put("announcements", "k1", row)
    square.time = NOON + timedelta(days=2)
    assert await tell(square) == 0
