"""A damaged database is refused or put aside; it is never read as if it were empty."""

import sqlite3
from pathlib import Path

import pytest

from bot.adapters.store.records import SqliteRecords
from bot.core.errors import Misconfigured, Unavailable


def damaged(path: Path) -> bytes:
    records = SqliteRecords(path)
    for number in range(200):
        records.put("t", str(number), {"text": "x" * 200})
    records.close()
    data = bytearray(path.read_bytes())
    data[8192:16384] = b"\xa5" * 8192
    path.write_bytes(data)
    return bytes(data)


def test_a_damaged_file_is_refused_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "records.db"
    for content in (damaged(path), b"this is not a database, it is a letter" * 200):
        path.write_bytes(content)
        with pytest.raises(Misconfigured, match=r"records\.db.*damaged.*move the file away"):
            SqliteRecords(path)
        assert path.read_bytes() == content


@pytest.mark.slow
def test_rebuilding_keeps_the_damaged_file(tmp_path: Path) -> None:
    path = tmp_path / "records.db"
    for number in (1, 2):
        content = damaged(path)
        records = SqliteRecords(path, rebuild=True)
        assert records.scan("t") == []
        records.close()
        assert (tmp_path / f"records.db.damaged-{number}").read_bytes() == content


def test_a_whole_file_is_not_rebuilt(tmp_path: Path) -> None:
    SqliteRecords(tmp_path / "records.db").put("t", "k", {"n": 1})
    assert SqliteRecords(tmp_path / "records.db", rebuild=True).get("t", "k") == {"n": 1}
    assert not list(tmp_path.glob("*damaged*"))


def test_a_row_that_is_no_object_is_named(tmp_path: Path) -> None:
    records = SqliteRecords(tmp_path / "records.db")
    for text in ("[1]", "{"):
        with sqlite3.connect(tmp_path / "records.db") as db:
            db.execute("INSERT OR REPLACE INTO rows VALUES ('t', 'k', ?)", (text,))
        db.close()
        with pytest.raises(Misconfigured, match="t/k"):
            records.get("t", "k")


def test_a_full_disk_is_later_and_changes_nothing(tmp_path: Path) -> None:
    records = SqliteRecords(tmp_path / "records.db")
    records.put("t", "k", {"n": 1})
    pages = records._db.execute("PRAGMA page_count").fetchone()[0]
    records._db.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(Unavailable, match="full"):
        records.put("t", "large", {"text": "x" * 100_000})
    assert records.get("t", "k") == {"n": 1}
    assert records.get("t", "large") is None
