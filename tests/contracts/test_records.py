"""What any store of small rows must do."""

import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bot.adapters.store.records import SqliteRecords
from bot.core.errors import MegawattsError, Misconfigured

Open = Callable[[], Any]
ROOT = Path(__file__).parents[2]


FILL = """INSERT INTO rows WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 5999)
SELECT 't', CAST(i % 2 AS TEXT) || '/' ||
 substr(CAST(100000 + i AS TEXT), 2), '{"n":' || CAST(i AS TEXT) || '}' FROM n"""
"""6,000 rows in one statement, in the SQL of both."""


def sqlite(request: pytest.FixtureRequest, folder: Path) -> tuple[Open, Callable[[], None]]:
    return lambda: SqliteRecords(folder / "deep" / "records.db"), lambda: fill_file(folder / "deep" / "records.db")


def fill_file(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(FILL)


def sql_on_sqlite(request: pytest.FixtureRequest, folder: Path) -> tuple[Open, Callable[[], None]]:
    from bot.adapters.store.sql.records import SqlRecords

    path = folder / "deep" / "records.db"
    return lambda: SqlRecords(f"sqlite:///{path}"), lambda: fill_file(path)


def sql_on_postgresql(request: pytest.FixtureRequest, folder: Path) -> tuple[Open, Callable[[], None]]:
    from bot.adapters.store.sql.records import SqlRecords

    server = request.getfixturevalue("postgres")
    name = server.database()
    return lambda: SqlRecords(server.url(name)), lambda: server.sql(FILL, name)


STORES = [sqlite, *(pytest.param(one, marks=pytest.mark.integration) for one in (sql_on_sqlite, sql_on_postgresql))]


@pytest.fixture(params=STORES)
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    made: list[Any] = []
    make, fill = request.param(request, tmp_path)

    def opening() -> Any:
        made.append(make())
        return made[-1]

    opening.fill = fill  # type: ignore[attr-defined]
    yield opening
    for one in made:
        one.close()


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
    assert records.add("other", "k", {"n": 3}), "the same key in another table is another row"


def test_of_many_at_once_one_adds(opened: Open) -> None:
    stores = [opened() for _ in range(4)]

    def race(number: int) -> int:
        return sum(stores[number].add("t", str(key), {"n": number}) for key in range(5))

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(race, range(4))) == 5


def test_one_store_serves_many_threads_at_once(opened: Open) -> None:
    records = opened()

    def work(number: int) -> tuple[Any, int]:
        records.put("t", f"{number:02}", {"n": number})
        records.put("t", "same", {"n": number})
        return records.get("t", f"{number:02}"), len(records.scan("t", f"{number:02}"))

    with ThreadPoolExecutor(16) as threads:
        assert list(threads.map(work, range(32))) == [({"n": number}, 1) for number in range(32)]
    assert len(records.scan("t")) == 33


def test_a_scan_is_one_table_one_prefix_in_order(opened: Open) -> None:
    records = opened()
    for key in ("b/2", "a/1", "b/1", "b%", "B/0", "b_", "bb", "c"):
        records.put("t", key, {"key": key})
    records.put("other", "b/9", {})
    records.put("t2", "b/9", {})
    assert [key for key, _row in records.scan("t", "b/")] == ["b/1", "b/2"]
    assert [key for key, _row in records.scan("t", "b%")] == ["b%"]
    assert [key for key, _row in records.scan("t", "b_")] == ["b_"]
    assert len(records.scan("t")) == 8
    assert records.scan("none") == []


def test_a_scan_brings_thousands_of_rows_at_once(opened: Open) -> None:
    records = opened()
    opened.fill()  # type: ignore[attr-defined]
    found = records.scan("t", "1/")
    assert [row["n"] for _key, row in found] == list(range(1, 6000, 2))
    assert len(records.scan("t")) == 6000


KEYS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
NEAR = st.text(st.sampled_from("a%_\\\x00\x01\x02é\ud7ff\ue000\uffff\U0010ffff"), max_size=3)
"""Characters on which ranges, patterns and escapes go wrong."""
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | KEYS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=5,
)
many = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@many
@given(KEYS, KEYS, st.dictionaries(KEYS, JSON, max_size=3))
@example("\x00", "\x01\x00", {"\x00": "\ud800", "": "\x00"})
def test_what_goes_in_comes_out(opened: Open, table: str, key: str, row: dict[str, object]) -> None:
    records = shared(opened)
    records.put(table, key, row)
    assert records.get(table, key) == row
    assert (key, row) in records.scan(table, key)


@many
@given(st.sets(NEAR, max_size=6), NEAR)
@example({"\ud7ff", "\ud7ffa", "\ue000", "\U0010ffff", "\U0010ffffa"}, "\ud7ff")
@example({"\x00", "\x00a", "\x01", "\x01\x01", "\x01\x02"}, "\x00")
def test_a_prefix_finds_what_begins_with_it_and_nothing_else(opened: Open, keys: set[str], prefix: str) -> None:
    records = shared(opened)
    for key, _row in records.scan("near"):
        records.delete("near", key)
    for key in keys:
        records.put("near", key, {"key": key})
    expected = sorted(key for key in keys if key.startswith(prefix))
    assert records.scan("near", prefix) == [(key, {"key": key}) for key in expected]


def shared(opened: Open) -> Any:
    """One store for all examples of a test."""
    if not hasattr(opened, "shared"):
        opened.shared = opened()  # type: ignore[attr-defined]
    return opened.shared  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("table", "key"), [("t", "\ud800"), ("\udfff", "k"), ("t", "k" * 1001), ("t", "é" * 501), ("t" * 201, "k")]
)
def test_a_key_that_not_every_database_can_hold_is_refused(opened: Open, table: str, key: str) -> None:
    records = opened()
    for write in (records.put, records.add):
        with pytest.raises(ValueError):
            write(table, key, {})
    assert records.scan("t") == []


def test_the_longest_key_fits_whatever_it_is_made_of(opened: Open) -> None:
    records = opened()
    for key in ("".join(chr(33 + n * 7 % 90) for n in range(1000)), "\x00" * 1000, "\U0010ffff" * 250):
        records.put("t" * 200, key, {"n": 1})
        assert records.scan("t" * 200, key) == [(key, {"n": 1})]


def test_values_are_data_in_every_place(opened: Open) -> None:
    records, text = opened(), "'; DROP TABLE rows; --"
    records.put(text, text, {text: text})
    assert records.get(text, text) == {text: text}
    assert records.scan(text, text) == [(text, {text: text})]
    records.delete(text, "' OR '1'='1")
    assert records.get(text, text) == {text: text}


def test_after_closing_nothing_is_answered_and_closing_again_does_nothing(opened: Open) -> None:
    records = opened()
    records.put("t", "k", {})
    records.close()
    records.close()
    with pytest.raises(MegawattsError, match=r"closed|not open") as caught:
        records.get("t", "k")
    assert not isinstance(caught.value, Misconfigured), "it is not damaged"
    assert opened().get("t", "k") == {}


ADDS = """
import sys
from bot.adapters.store.{module} import {name}
store = {name}(sys.argv[1])
sys.stdin.readline()
print(sum(store.add("race", str(key), {{"by": sys.argv[2]}}) for key in range(40)))
store.close()
"""


@pytest.mark.integration
@pytest.mark.parametrize(("kind", "module"), [("sqlite", "records"), ("postgresql", "sql.records")])
def test_of_two_processes_one_adds(request: pytest.FixtureRequest, tmp_path: Path, kind: str, module: str) -> None:
    name = "SqlRecords" if module == "sql.records" else "SqliteRecords"
    address = f"{tmp_path}/r.db"
    if kind == "postgresql":
        server = request.getfixturevalue("postgres")
        address = server.url(server.database())
    code = ADDS.format(module=module, name=name)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": ROOT}
    both = [subprocess.Popen([sys.executable, "-c", code, address, who], **pipes) for who in "ab"]  # type: ignore[call-overload]
    for process in both:
        process.stdin.write("go\n")
        process.stdin.flush()
    won = [int(process.communicate(timeout=60)[0]) for process in both]
    assert sum(won) == 40
