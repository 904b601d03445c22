"""What any store of small rows must do."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.adapters.store.records import SqliteRecords
from bot.core.ports import Records

Open = Callable[[], Records]


def sqlite(folder: Path) -> Records:
    return SqliteRecords(folder / "deep" / "records.db")


@pytest.fixture(params=[sqlite], ids=lambda build: build.__name__)
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Open:
    return lambda: request.param(tmp_path)


def test_a_row_is_there_for_every_process_until_it_is_replaced_or_deleted(opened: Open) -> None:
    records, other = opened(), opened()
    assert records.get("t", "k") is None
    records.put("t", "k", {"n": 1, "deep": {"list": [1, None, "é"]}})
    assert other.get("t", "k") == {"n": 1, "deep": {"list": [1, None, "é"]}}
    records.put("t", "k", {"n": 2})
    assert opened().get("t", "k") == {"n": 2}
    other.delete("t", "k")
    other.delete("t", "k")
    assert records.get("t", "k") is None


def test_only_the_first_adds(opened: Open) -> None:
    records = opened()
    assert records.add("t", "k", {"n": 1})
    assert not opened().add("t", "k", {"n": 2})
    assert records.get("t", "k") == {"n": 1}


def test_of_many_at_once_one_adds(opened: Open) -> None:
    won: list[int] = []
    stores = [opened() for _ in range(4)]

    def race(number: int) -> None:
        won.extend(number for key in range(5) if stores[number].add("t", str(key), {"n": number}))

    threads = [threading.Thread(target=race, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 5


def test_a_scan_is_one_table_one_prefix_in_order(opened: Open) -> None:
    records = opened()
    for key in ("b/2", "a/1", "b/1", "b%", "B/0", "b_"):
        records.put("t", key, {"key": key})
    records.put("other", "b/9", {})
    assert [key for key, _row in records.scan("t", "b/")] == ["b/1", "b/2"]
    assert [key for key, _row in records.scan("t", "b%")] == ["b%"]
    assert len(records.scan("t")) == 6
    assert records.scan("none") == []


KEYS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | KEYS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(KEYS, KEYS, st.dictionaries(KEYS, JSON, max_size=3))
def test_what_goes_in_comes_out(opened: Open, table: str, key: str, row: dict[str, object]) -> None:
    opened().put(table, key, row)
    assert opened().get(table, key) == row
