"""What models were used for, by day, model, member and guild."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from bot.agent.usage import TABLE, UsageBook
from bot.core.errors import Unavailable
from bot.core.ids import GuildId, UserId
from tests.agent.doubles import NOON, SCOPE, MemoryRecords


async def test_a_row_adds_up_and_has_the_shape_that_is_promised() -> None:
    records = MemoryRecords()
    book = UsageBook(records, lambda: NOON, "p1")
    book.add(SCOPE, "openai:m", calls=1, input_tokens=10, output_tokens=5, usd=0.5, seconds=1.5)
    book.add(SCOPE, "openai:m", calls=1, failed=1, turns=1)
    await book.close()
    ((key, row),) = records.scan(TABLE)
    assert key == "2026-11-22/openai:m/1/3/p1"
    assert row == {
        "day": "2026-11-22", "model": "openai:m", "provider": "openai", "user": "1", "guild": "3",
        "turns": 1, "calls": 2, "cached": 0, "failed": 1, "input_tokens": 10, "output_tokens": 5, "usd": 0.5,
        "seconds": 1.5,
    }  # fmt: skip


async def test_members_guilds_models_and_days_have_rows_of_their_own() -> None:
    records, now = MemoryRecords(), [NOON]
    book = UsageBook(records, lambda: now[0], "p1")
    book.add(SCOPE, "openai:m", turns=1)
    book.add(replace(SCOPE, user=UserId("9")), "openai:m", turns=1)
    book.add(replace(SCOPE, guild=GuildId("")), "openai:m", turns=1)
    book.add(SCOPE, "openai:n", turns=1)
    now[0] += timedelta(days=1)
    book.add(SCOPE, "openai:m", turns=1)
    await book.close()
    assert [row["turns"] for _key, row in records.scan(TABLE)] == [1] * 5
    assert len(records.scan(TABLE, "2026-11-23/")) == 1


async def test_two_processes_do_not_overwrite_each_other() -> None:
    records = MemoryRecords()
    for name in ("p1", "p2"):
        book = UsageBook(records, lambda: NOON, name)
        book.add(SCOPE, "openai:m", turns=1)
        await book.close()
    assert sum(row["turns"] for _key, row in records.scan(TABLE)) == 2


async def test_what_cannot_be_written_is_written_later_and_harms_nobody() -> None:
    class Shy(MemoryRecords):
        full = True

        def put(self, table: str, key: str, row: Any) -> None:
            if self.full:
                raise Unavailable("records", "the disk is full")
            super().put(table, key, row)

    records = Shy()
    book = UsageBook(records, lambda: NOON, "p1")
    book.add(SCOPE, "openai:m", turns=1)
    await book.flush()
    assert records.scan(TABLE) == []
    records.full = False
    await book.close()
    assert len(records.scan(TABLE)) == 1


async def test_nothing_new_writes_nothing() -> None:
    records = MemoryRecords()
    book = UsageBook(records, lambda: NOON, "p1")
    book.add(SCOPE, "openai:m", turns=1)
    await book.flush()
    await book.close()
    assert records.writes == 1
