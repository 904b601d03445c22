"""The embedded file is made without alembic, upgraded with it, and is the same in the end."""

import shutil
import sqlite3
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.store.records import SqliteRecords
from bot.adapters.store.schema import HEAD, REVISIONS
from bot.adapters.store.sqlite_file import open_file, revision_of
from bot.core.errors import Misconfigured, Unavailable

UNVERSIONED = "CREATE TABLE IF NOT EXISTS rows (tbl TEXT, key TEXT, row TEXT NOT NULL, PRIMARY KEY (tbl, key)) STRICT"
"""The file of the version before there were revisions."""
needs_alembic = pytest.mark.integration


def older(path: Path, revision: str | None = None) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute(UNVERSIONED)
        db.executemany("INSERT INTO rows VALUES ('t', ?, ?)", [(f"k{n}", f'{{"n":{n}}}') for n in range(50)])
        if revision:
            db.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
            db.execute("INSERT INTO alembic_version VALUES (?)", (revision,))


def content(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as db:
        return list(db.iterdump())


def shape(path: Path) -> dict[str, Any]:
    """Everything that SQLite knows of the schema, whatever the words were that made it."""
    with closing(sqlite3.connect(path)) as db:
        tables = db.execute("SELECT name, type, ncol, wr, strict FROM pragma_table_list WHERE name NOT LIKE 'sqlite%'")
        return {
            row[0]: (
                row[1:],
                db.execute(f"SELECT * FROM pragma_table_xinfo('{row[0]}')").fetchall(),
                db.execute(f"SELECT [unique], origin, partial FROM pragma_index_list('{row[0]}')").fetchall(),
            )
            for row in sorted(tables.fetchall())
        }


@pytest.fixture
def without_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("alembic", "sqlalchemy", "sqlmodel", "bot.adapters.store.sql.migrate"):
        monkeypatch.setitem(sys.modules, name, None)


def test_an_empty_file_is_made_at_the_newest_revision_without_a_library(
    tmp_path: Path, without_libraries: None
) -> None:
    open_file(tmp_path / "r.db").close()
    open_file(tmp_path / "r.db").close()
    assert revision_of(tmp_path / "r.db") == HEAD
    assert [path.name for path in tmp_path.iterdir()] == ["r.db"], "nothing was to be kept"


def test_looking_at_the_revision_makes_and_changes_nothing(tmp_path: Path) -> None:
    assert revision_of(tmp_path / "r.db") == ""
    assert list(tmp_path.iterdir()) == []
    older(tmp_path / "r.db")
    before = (tmp_path / "r.db").read_bytes()
    assert revision_of(tmp_path / "r.db") is None
    assert (tmp_path / "r.db").read_bytes() == before
    older(tmp_path / "s.db", "0001")
    assert revision_of(tmp_path / "s.db") == "0001"


def test_many_processes_may_make_it_at_once(tmp_path: Path, without_libraries: None) -> None:
    with ThreadPoolExecutor(6) as threads:
        stores = list(threads.map(lambda _: SqliteRecords(tmp_path / "r.db"), range(6)))
    assert sum(store.add("t", "k", {}) for store in stores) == 1
    for store in stores:
        store.close()


def test_what_is_half_made_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from bot.adapters.store import sqlite_file

    with monkeypatch.context() as patched:
        patched.setattr(sqlite_file, "VERSION", "CREATE NONSENSE")
        with pytest.raises(Unavailable, match="NONSENSE"):
            open_file(tmp_path / "r.db")
    assert revision_of(tmp_path / "r.db") == ""
    open_file(tmp_path / "r.db").close()
    assert revision_of(tmp_path / "r.db") == HEAD


def test_a_file_from_before_there_were_revisions_is_told_its_own(tmp_path: Path, without_libraries: None) -> None:
    older(tmp_path / "r.db")
    before = content(tmp_path / "r.db")
    with ThreadPoolExecutor(4) as threads:
        stores = list(threads.map(lambda _: SqliteRecords(tmp_path / "r.db"), range(4)))
    assert {len(store.scan("t")) for store in stores} == {50}
    for store in stores:
        store.close()
    assert revision_of(tmp_path / "r.db") == REVISIONS[0]
    assert set(before) < set(content(tmp_path / "r.db")), "everything that was there is there"


def test_a_table_of_somebody_else_is_not_taken_for_ours(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "r.db")) as db:
        db.execute("CREATE TABLE rows (id INTEGER PRIMARY KEY, words TEXT)")
    before = content(tmp_path / "r.db")
    with pytest.raises(Misconfigured, match="other columns"):
        SqliteRecords(tmp_path / "r.db")
    assert content(tmp_path / "r.db") == before


def test_a_file_of_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "r.db"
    older(path, "0099")
    before = content(path)
    for rebuild in (False, True):
        with pytest.raises(Misconfigured, match=r"r\.db are of a newer version \(revision 0099 after .*MEGAWATTS_HOME"):
            SqliteRecords(path, rebuild=rebuild)
    assert content(path) == before
    assert not list(tmp_path.glob("*damaged*"))


NEXT = """
from alembic import op
revision, down_revision = "0002", "0001"
def upgrade():
    op.execute("CREATE TABLE later (id INTEGER PRIMARY KEY)")
    op.execute("UPDATE rows SET row = replace(row, '0', '100') WHERE key = 'k0'")
    {more}
"""
"""A revision that comes after this version's: the road that a file will go."""


@pytest.fixture
def one_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """This program, one revision later; the revision is a file that a test may change."""
    from bot.adapters.store import schema, sqlite_file
    from bot.adapters.store.sql import migrate

    folder = tmp_path / "migrations"
    shutil.copytree(migrate._FOLDER, folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(migrate, "_FOLDER", folder)
    for module in (schema, sqlite_file, migrate):
        monkeypatch.setattr(module, "HEAD", "0002")
    for module in (schema, sqlite_file):
        monkeypatch.setattr(module, "REVISIONS", ("0001", "0002"))
    (folder / "versions" / "r0002.py").write_text(NEXT.replace("{more}", ""))
    return folder / "versions" / "r0002.py"


@needs_alembic
@pytest.mark.parametrize("revision", [None, "0001"])
def test_an_older_file_without_the_library_is_refused_and_left_alone(
    tmp_path: Path, one_more: Path, without_libraries: None, revision: str | None
) -> None:
    older(tmp_path / "r.db", revision)
    before = content(tmp_path / "r.db")
    for rebuild in (False, True):
        with pytest.raises(Misconfigured, match=r"older version, and .* is missing .*megawatts\[stores\]"):
            SqliteRecords(tmp_path / "r.db", rebuild=rebuild)
    assert set(before) <= set(content(tmp_path / "r.db"))
    assert not list(tmp_path.glob("r.db.*-1"))


@needs_alembic
@pytest.mark.parametrize("revision", [None, "0001"])
def test_an_older_file_is_upgraded_and_a_copy_kept(tmp_path: Path, one_more: Path, revision: str | None) -> None:
    path = tmp_path / "r% ?#.db"
    older(path, revision)
    before = content(path)
    records = SqliteRecords(path)
    assert [row["n"] for _key, row in records.scan("t")] == [100, *sorted(range(1, 50), key=lambda n: f"k{n}")]
    records.close()
    assert revision_of(path) == "0002"
    copy = path.with_name(f"{path.name}.0001-1")
    assert set(content(copy)) >= set(before)
    assert revision_of(copy) == "0001"
    assert copy.stat().st_mode == path.stat().st_mode
    SqliteRecords(path).close()
    kept = {one.name for one in tmp_path.glob("r*.db*")}
    assert kept == {path.name, copy.name}, "the second opening had nothing to upgrade, and nothing half is left"


@needs_alembic
def test_an_upgrade_that_fails_changes_nothing_and_may_be_tried_again(tmp_path: Path, one_more: Path) -> None:
    path = tmp_path / "r.db"
    older(path, "0001")
    before, text = content(path), one_more.read_text()
    one_more.write_text(NEXT.replace("{more}", "op.execute('INSERT INTO nowhere VALUES (1)')"))
    with pytest.raises(Unavailable, match=r"r\.db: no such table: nowhere"):
        SqliteRecords(path)
    assert content(path) == before
    one_more.write_text(text + "# changed\n")
    SqliteRecords(path).close()
    assert revision_of(path) == "0002"
    assert content(tmp_path / "r.db.0001-2") == before


@needs_alembic
def test_of_many_that_upgrade_at_once_one_does_it(tmp_path: Path, one_more: Path) -> None:
    older(tmp_path / "r.db", "0001")
    with ThreadPoolExecutor(4) as threads:
        stores = list(threads.map(lambda _: SqliteRecords(tmp_path / "r.db"), range(4)))
    assert {len(store.scan("t")) for store in stores} == {50}
    for store in stores:
        store.close()
    assert len(list(tmp_path.glob("r.db.0001-*"))) == 1


def test_a_version_from_before_goes_on_with_the_file(tmp_path: Path) -> None:
    """A revert puts it back over the same folder; a process of it may be running while this version opens the file."""
    path = tmp_path / "r.db"
    older(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as before:
        before.execute("SELECT * FROM rows").fetchone()
        records = SqliteRecords(path)
        before.execute(UNVERSIONED)
        upsert = "INSERT INTO rows VALUES (?, ?, ?) ON CONFLICT (tbl, key) DO UPDATE SET row = excluded.row"
        before.execute(upsert, ("t", "new", '{"n":1}'))
        before.execute(upsert, ("t", "k0", '{"n":100}'))
        assert (records.get("t", "new"), records.get("t", "k0")) == ({"n": 1}, {"n": 100})
        records.close()


@needs_alembic
def test_the_file_made_by_hand_is_the_one_that_alembic_makes(tmp_path: Path) -> None:
    from alembic.script import ScriptDirectory
    from sqlalchemy import create_engine

    from bot.adapters.store.sql import migrate

    open_file(tmp_path / "hand.db").close()
    engine = create_engine(f"sqlite:///{tmp_path}/alembic.db")
    with engine.begin() as connection:
        migrate.upgrade(connection)
        script = ScriptDirectory.from_config(migrate.config(connection))
        assert tuple(reversed([one.revision for one in script.walk_revisions()])) == REVISIONS
    engine.dispose()
    older(tmp_path / "older.db")
    open_file(tmp_path / "older.db").close()
    expected = shape(tmp_path / "alembic.db")
    assert set(expected) == {"rows", "alembic_version"}
    assert shape(tmp_path / "hand.db") == expected == shape(tmp_path / "older.db")
