"""Money in the records: claimed before it is spent, and never forgotten by a crash."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.agent.ledger import FRESH, TABLE, Hold, Ledger
from bot.core.errors import Unavailable
from bot.core.ids import GuildId, UserId
from bot.core.verdict import Verdict
from bot.policy.budget import Budget
from tests.agent.doubles import NOON, SCOPE, MemoryRecords

RULES = Budget(user=1.0, guild=3.0, everyone=10.0)


class Time:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def passes(self, **spans: float) -> None:
        self.now += timedelta(**spans)


def ledger(records: MemoryRecords, process: str = "p1", clock: Any = None, rules: Budget = RULES) -> Ledger:
    return Ledger(records, rules, clock or Time(), process)


async def hold(one: Ledger, amount: float, scope: Any = SCOPE) -> Hold:
    found = await one.reserve(scope, amount)
    assert isinstance(found, Hold), found
    return found


async def test_what_was_spent_is_gone_and_what_was_only_held_comes_back() -> None:
    one = ledger(MemoryRecords())
    one.settle(await hold(one, 0.6), 0.1)
    assert await one.left(SCOPE) == pytest.approx(0.9)
    one.settle(await hold(one, 0.9), 0.9)
    refused = await one.reserve(SCOPE, 0.01)
    assert isinstance(refused, Verdict)
    assert "Your budget" in refused.because


async def test_calls_under_way_count_together() -> None:
    one = ledger(MemoryRecords())
    found = await asyncio.gather(*(one.reserve(SCOPE, 0.4) for _ in range(5)))
    assert sum(isinstance(each, Hold) for each in found) == 2


async def test_settling_twice_counts_once() -> None:
    one = ledger(MemoryRecords())
    held = await hold(one, 0.5)
    one.settle(held, 0.2)
    one.settle(held, 0.2)
    assert await one.left(SCOPE) == pytest.approx(0.8)


async def test_each_pays_for_themselves_and_all_for_their_guild() -> None:
    one = ledger(MemoryRecords())
    for user in "1234":
        scope = replace(SCOPE, user=UserId(user))
        found = await one.reserve(scope, 0.9)
        assert isinstance(found, Hold) == (user != "4")
    refused = await one.reserve(replace(SCOPE, user=UserId("4")), 0.9)
    assert isinstance(refused, Verdict)
    assert "This server's budget" in refused.because
    assert isinstance(await one.reserve(replace(SCOPE, user=UserId("4"), guild=GuildId("9")), 0.9), Hold)


async def test_it_is_on_disk_before_the_call_begins_and_a_crash_forgets_nothing() -> None:
    records = MemoryRecords()
    await hold(ledger(records), 0.7)  # and now the process dies
    after = ledger(records, "p2")
    assert await after.left(SCOPE) <= 0.3
    assert isinstance(await after.reserve(SCOPE, 0.5), Verdict)


async def test_what_costs_more_than_was_set_aside_is_on_disk_as_well() -> None:
    records = MemoryRecords()
    one = ledger(records)
    one.settle(await hold(one, 0.1), 0.8)
    await asyncio.gather(*one._writing)  # and now the process dies
    assert await ledger(records, "p2").left(SCOPE) <= 0.2


async def test_an_orderly_end_gives_back_what_was_claimed_ahead() -> None:
    records = MemoryRecords()
    one = ledger(records)
    one.settle(await hold(one, 0.7), 0.1)
    await one.close()
    assert await ledger(records, "p2").left(SCOPE) == pytest.approx(0.9)


async def test_most_calls_write_nothing() -> None:
    records = MemoryRecords()
    one = ledger(records)
    for _ in range(50):
        one.settle(await hold(one, 0.004), 0.0004)
    assert records.writes <= 12, "three payers, a claim ahead each"


async def test_free_models_cost_nothing_and_touch_nothing() -> None:
    records = MemoryRecords()
    one = ledger(records, rules=Budget(0.0, 0.0, 0.0))
    one.settle(await hold(one, 0.0), 0.0)
    await one.close()
    assert records.writes == 0


async def test_processes_see_one_another_after_a_moment() -> None:
    records, clock = MemoryRecords(), Time()
    one, other = ledger(records, "p1", clock), ledger(records, "p2", clock)
    assert await other.left(SCOPE) == 1.0
    one.settle(await hold(one, 0.9), 0.9)
    clock.passes(seconds=FRESH)
    assert await other.left(SCOPE) <= 0.1
    assert {key.split("/")[-1] for key, _row in records.scan(TABLE)} == {"p1"}


async def test_a_new_day_begins_at_midnight_utc_with_full_purses() -> None:
    records, clock = MemoryRecords(), Time()
    one = ledger(records, clock=clock)
    one.settle(await hold(one, 1.0), 1.0)
    clock.passes(hours=11, minutes=59)
    assert await one.left(SCOPE) == 0.0
    late = await one.reserve(replace(SCOPE, user=UserId("2")), 0.5)
    clock.passes(minutes=1)
    assert await one.left(SCOPE) == 1.0
    assert isinstance(late, Hold)
    one.settle(late, 0.5)
    assert await one.left(replace(SCOPE, user=UserId("2"))) == 1.0, "it is counted on the day on which it began"


async def test_rows_of_days_long_past_are_deleted_and_yesterdays_are_not() -> None:
    records, clock = MemoryRecords(), Time()
    await hold(ledger(records, clock=clock), 0.5)
    clock.passes(days=1)
    await hold(ledger(records, "p2", clock), 0.5)
    assert len(records.scan(TABLE, "2026-11-22/")) == 3
    clock.passes(days=2)
    await ledger(records, "p3", clock).left(SCOPE)
    assert [key[:10] for key, _row in records.scan(TABLE)] == ["2026-11-23"] * 3


async def test_records_that_fail_let_nothing_be_spent_and_nothing_stay_held() -> None:
    class Full(MemoryRecords):
        def put(self, table: str, key: str, row: Any) -> None:
            raise Unavailable("records", "the disk is full")

    one = ledger(Full())
    with pytest.raises(Unavailable):
        await one.reserve(SCOPE, 0.5)
    assert await one.left(SCOPE) == 1.0


@given(st.lists(st.tuples(st.floats(0.001, 0.6), st.floats(0, 1), st.booleans()), max_size=12))
def test_whatever_happens_no_more_is_spent_than_may_be_and_disk_covers_it(
    calls: list[tuple[float, float, bool]],
) -> None:
    async def play() -> None:
        records = MemoryRecords()
        one, spent = ledger(records), 0.0
        for number, (amount, share, crash) in enumerate(calls):
            held = await one.reserve(SCOPE, amount)
            if isinstance(held, Verdict):
                continue
            spent += amount * share
            one.settle(held, amount * share)
            disk = sum(row["usd"] for _key, row in records.scan(TABLE, "2026-11-22/user/1/"))
            assert disk >= spent - 1e-9
            assert spent <= RULES.user + 1e-9
            if crash:
                one = ledger(records, f"after{number}")

    asyncio.run(play())
