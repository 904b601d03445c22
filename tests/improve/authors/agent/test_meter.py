"""What an attempt has used up: the highest of what was reported, what was billed and what must have been read."""

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.core.model import Usage
from bot.improve.authors.agent.meter import TABLE, Ledger, Meter, Till
from bot.improve.authors.agent.results import SHOWN, told
from bot.improve.testing.results import Result, Run
from bot.policy.author_budget import Budget
from bot.sdk.testing import DictRecords
from tests.improve.authors.agent.scripted import noon


def test_every_call_reads_all_that_was_said_before_again() -> None:
    meter = Meter(Budget(), lambda: 0.0, Till())
    meter.turn(400)
    meter.call(400)
    meter.call(400)
    assert meter.spent().tokens == 100 + 200 + 300
    assert meter.spent().calls == 2


def test_of_several_counts_the_highest_stands_and_none_is_added_twice() -> None:
    till = Till(tokens=5000, usd=9.0)
    meter = Meter(Budget(), lambda: 0.0, till, usd_today=1.0)
    meter.turn(4)
    assert (meter.spent().tokens, meter.spent().usd) == (1, 0.0), "what earlier attempts used is not this one's"
    till.add("some:model", Usage(900, 100, 1, 0.5))
    meter.replied("some:model", Usage(900, 100, 1, 0.5))
    assert (meter.spent().tokens, meter.spent().usd, meter.spent().usd_today) == (1000, 0.5, 1.0)
    meter.replied("", Usage(5000, 0, 1, 0.1))
    assert meter.spent().tokens == 6000
    assert meter.model == "some:model"


def test_nobody_earns_by_negative_figures() -> None:
    till = Till()
    till.add("m", Usage(-5, -5, 1, -1.0))
    assert (till.tokens, till.usd) == (0, 0.0)


def test_the_time_left_runs_out_and_not_below_nothing() -> None:
    now = [0.0]
    meter = Meter(Budget(seconds=10.0), lambda: now[0], Till())
    assert meter.left() == 10.0
    now[0] = 11.0
    assert meter.left() == 0.0
    assert not meter.within().passed


def test_a_days_sum_is_kept_by_day() -> None:
    records, day = DictRecords(), [1]
    ledger = Ledger(records, lambda: datetime(2026, 6, day[0], 12, tzinfo=UTC))
    ledger.pay(1.5)
    ledger.pay(0.0)
    ledger.pay(0.25)
    assert ledger.today() == 1.75
    day[0] = 2
    assert ledger.today() == 0.0
    assert len(records.scan(TABLE)) == 1, "nothing spent, nothing written"


@pytest.mark.parametrize("row", [{}, {"usd": "much"}, {"usd": None}, {"usd": -1}, {"usd": float("nan")}])
def test_a_damaged_sum_counts_as_everything(row: dict[str, Any]) -> None:
    records = DictRecords()
    records.put(TABLE, "2026-06-01", row)
    assert Ledger(records, noon()).today() == float("inf")


def test_a_run_is_told_with_its_first_failures() -> None:
    bad = {f"t{n}": Result("failed", text="x" * 5000 + f"end{n}") for n in range(9)}
    text = told(Run(tests={"ok": Result("passed"), **bad}, problems={"a.py": "SyntaxError"}, timed_out=True))
    assert text.startswith("9 failed, 1 passed (ended by its time limit)")
    assert "a.py: SyntaxError" in text
    assert f"end{SHOWN - 1}" in text
    assert f"end{SHOWN}" not in text
    assert "4 more: t5" in text
    assert len(text) < 12_000
    assert told(Run()) == "no test ran"
