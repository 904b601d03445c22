"""`megawatts db` says the revision of the database and brings it to this version's."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from bot.adapters.store.records import SqliteRecords
from bot.adapters.store.schema import HEAD
from bot.app import db_cmd
from bot.core.errors import Misconfigured, Unavailable
from tests.servers.absent import absent


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "POSTGRES_HOST"):
        monkeypatch.delenv(name, raising=False)


def run(*words: str) -> Any:
    app = typer.Typer()
    db_cmd.register(app)
    found = CliRunner().invoke(app, ["db", *words])
    if found.exception is not None and not isinstance(found.exception, SystemExit):
        raise found.exception
    return found


def test_an_empty_home_is_at_no_revision_and_stays_empty(tmp_path: Path) -> None:
    found = run("current", "--home", str(tmp_path))
    assert found.exit_code == 0
    assert found.stdout == f"{tmp_path}/records.db: empty, this version needs {HEAD}\n"
    assert list(tmp_path.iterdir()) == []


def test_a_home_that_is_not_there_is_refused(tmp_path: Path) -> None:
    for command in ("current", "upgrade"):
        with pytest.raises(Misconfigured, match="there is no home folder"):
            run(command, "--home", str(tmp_path / "typo"))
    assert not (tmp_path / "typo").exists()


def test_a_file_is_shown_without_a_change_and_then_brought_here(tmp_path: Path) -> None:
    path = tmp_path / "records.db"
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE rows (tbl TEXT, key TEXT, row TEXT NOT NULL, PRIMARY KEY (tbl, key)) STRICT")
        db.execute("INSERT INTO rows VALUES ('t', 'k', '{\"n\":1}')")
        db.commit()
    before = path.read_bytes()
    found = run("current", "--home", str(tmp_path), "--json")
    assert (found.exit_code, json.loads(found.stdout)["revision"]) == (1, None)
    assert path.read_bytes() == before
    done = run("upgrade", "--home", str(tmp_path)).stdout
    assert done == f"{path}: revision {HEAD}, upgraded from rows without a revision\n"
    assert run("upgrade", "--home", str(tmp_path)).stdout == f"{path}: revision {HEAD}, nothing to do\n"
    found = run("current", "--home", str(tmp_path), "--json")
    assert found.exit_code == 0
    assert json.loads(found.stdout) == {"database": str(path), "revision": HEAD, "newest": HEAD}
    records = SqliteRecords(path)
    assert records.get("t", "k") == {"n": 1}
    records.close()


def test_a_newer_file_is_shown_and_refused(tmp_path: Path) -> None:
    SqliteRecords(tmp_path / "records.db").close()
    with closing(sqlite3.connect(tmp_path / "records.db")) as db:
        db.execute("UPDATE alembic_version SET version_num = '0099'")
        db.commit()
    found = run("current", "--home", str(tmp_path))
    assert found.exit_code == 1
    assert "revision 0099" in found.stdout
    with pytest.raises(Misconfigured, match="newer version"):
        run("upgrade", "--home", str(tmp_path))


@pytest.mark.integration
def test_a_server_is_named_by_its_setting_and_upgraded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from tests.contracts import servers

    try:
        server = servers.postgres()
    except servers.NoServerError as error:
        absent(error)
    name = server.database()
    monkeypatch.setenv("DATABASE_URL", server.url(name))
    assert run("current").stdout == f"the database of DATABASE_URL: empty, this version needs {HEAD}\n"
    assert run("upgrade").stdout == f"the database of DATABASE_URL: revision {HEAD}, upgraded from empty\n"
    server.sql("DROP TABLE alembic_version", name)
    assert run("current").exit_code == 1
    assert "upgraded from rows without a revision" in run("upgrade").stdout
    assert run("current").exit_code == 0
    monkeypatch.setenv("DATABASE_URL", server.url(name).replace(str(server.port), "1"))
    with pytest.raises(Unavailable, match="DATABASE_URL") as caught:
        run("current")
    assert "pg-Secret" not in repr(caught.value)
    sqlite = tmp_path / "deep" / "r.db"
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{sqlite}")
    assert "empty" in run("current").stdout
    assert not sqlite.exists()
    assert f"revision {HEAD}" in run("upgrade").stdout
