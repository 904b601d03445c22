"""A person's word wakes the loop from its rest; what the loop did itself does not, nor does a store that is down."""

import asyncio
from typing import Any

import pytest

from bot.core.errors import Unavailable
from bot.improve import hearing
from bot.improve.hearing import TABLES, Ear
from bot.sdk.testing import DictRecords
from tests.extensions.doubles import HandSwitch

HOUR = 3600.0


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hearing, "MOMENT", 0.001)
    monkeypatch.setattr(hearing, "EVERY", 0.001)


def made() -> tuple[Ear, DictRecords, HandSwitch]:
    records, switch = DictRecords(), HandSwitch()
    return Ear(records, switch), records, switch


@pytest.mark.parametrize("table", TABLES)
def test_what_is_ordered_after_a_look_began_calls(table: str) -> None:
    ear, records, _switch = made()
    records.put(table, "old", {"by": "ada"})
    ear.listen()
    assert not ear.called(), "the look that begins finds it by itself"
    records.put(table, "new", {"by": "ada"})
    assert ear.called()
    assert ear.called(), "until a look begins"
    ear.listen()
    assert not ear.called()
    records.put(table, "new", {"by": "grace"})
    assert ear.called(), "an order that was changed is another"


def test_a_stop_and_its_end_call() -> None:
    ear, _records, switch = made()
    ear.listen()
    switch.stop("look first", "ada")
    assert ear.called()
    ear.listen()
    switch.resume("ada")
    assert ear.called()


def test_what_the_look_took_up_calls_nobody() -> None:
    ear, records, _switch = made()
    records.put("rollbacks", "1", {"by": "ada"})
    ear.listen()
    records.delete("rollbacks", "1")
    assert not ear.called()


def test_other_rows_call_nobody() -> None:
    ear, records, _switch = made()
    ear.listen()
    records.put("feedback", "1", {"text": "fix this"})
    assert not ear.called(), "members' words wake nothing"


def test_before_a_look_and_while_the_store_is_down_the_interval_decides(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ear, records, _switch = made()
    assert not ear.called()
    ear.listen()
    records.put("rollbacks", "1", {"by": "ada"})

    def down(*_asked: Any) -> Any:
        raise Unavailable("the store does not answer")

    with monkeypatch.context() as patch:
        patch.setattr(records, "scan", down)
        assert not ear.called()
    assert ear.called(), "heard once it answers"


async def test_a_rest_ends_with_an_order(at_once: None) -> None:
    ear, records, _switch = made()
    ear.listen()
    rest = asyncio.create_task(ear.rest(HOUR, asyncio.Event()))
    await asyncio.sleep(0)
    assert not rest.done()
    records.put("rollbacks", "1", {"by": "ada"})
    await asyncio.wait_for(rest, 10)


async def test_a_rest_ends_by_itself_and_when_woken(at_once: None) -> None:
    ear, _records, _switch = made()
    ear.listen()
    woken = asyncio.Event()
    await asyncio.wait_for(ear.rest(0.01, woken), 10)
    woken.set()
    await asyncio.wait_for(ear.rest(HOUR, woken), 10)
    assert not woken.is_set(), "one ring is one look"
