from datetime import UTC, datetime, timedelta
from typing import Any

from bot.chat.outbox import Outbox
from bot.core.ids import UserId
from bot.sdk.testing import DictRecords

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ANN, BOB = UserId("ann"), UserId("bob")


async def remind(table: Any, text: str, user: str = "ann") -> None:
    answer = await table.say(text, user=user)
    assert answer.intent == "remind"


async def test_a_due_message_is_handed_out_once(table) -> None:
    await remind(table, "remind me in 10 minutes to stretch")
    service = table.open().service
    assert await service.pending(ANN) == []
    table.wait(minutes=10)
    assert [one.text for one in await service.pending(ANN)] == ["stretch"]
    assert await service.pending(ANN) == []


async def test_nobody_else_gets_it(table) -> None:
    await remind(table, "remind me in 10 minutes to stretch")
    table.wait(hours=1)
    assert await table.open().service.pending(BOB) == []
    assert await table.open().service.pending(UserId("an")) == []
    assert len(await table.open().service.pending(ANN)) == 1


async def test_the_earliest_comes_first(table) -> None:
    await remind(table, "remind me in 20 minutes to sit")
    await remind(table, "remind me in 10 minutes to stand")
    table.wait(hours=1)
    assert [one.text for one in await table.open().service.pending(ANN)] == ["stand", "sit"]


def test_of_two_processes_one_hands_it_out() -> None:
    class Slow(DictRecords):
        """Two processes that have both read before either deletes."""

        def delete(self, table: str, key: str) -> None:
            return None

    records = Slow()
    row = {"id": "1", "user": "ann", "channel": "hall", "text": "stretch", "due": NOON.isoformat()}
    records.put("reminders", "ann/1", row)
    later = NOON + timedelta(minutes=1)
    given = [*Outbox(records).take(ANN, later), *Outbox(records).take(ANN, later)]
    assert [one.text for one in given] == ["stretch"]
