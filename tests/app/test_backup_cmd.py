"""`megawatts backup` and `restore` over a home folder in use, as a person calls them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from bot.adapters.store.records import SqliteRecords
from bot.app import backup_cmd
from bot.app.backups import FOLDER, open_backups, sources
from bot.app.home import Home
from bot.app.settings import load
from bot.core.errors import Denied, Misconfigured


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "POSTGRES_HOST", "MEGAWATTS_HOME"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    records = SqliteRecords(tmp_path / "home" / "records.db")
    records.put("facts", "ada", {"likes": "tea"})
    yield tmp_path / "home"
    records.close()


def run(*words: str | Path, code: int = 0) -> Any:
    app = typer.Typer()
    backup_cmd.register(app)
    found = CliRunner().invoke(app, [str(word) for word in words])
    if found.exception is not None and not isinstance(found.exception, SystemExit):
        raise found.exception
    assert found.exit_code == code, found.output
    return found.stdout


def test_one_is_made_listed_verified_and_restored(home: Path, tmp_path: Path) -> None:
    at = ("--home", str(home))
    assert run("backup", *at, "--list") == "there is no backup yet\n"
    made = json.loads(run("backup", *at, "--reason", "before the move", "--json"))
    assert (made["parts"], made["reason"]) == (["records.db"], "before the move")
    assert [row["id"] for row in json.loads(run("backup", *at, "--list", "--json"))] == [made["id"]]
    assert run("backup", *at, "--verify", made["id"]) == f"backup {made['id']} is whole\n"
    again = tmp_path / "again"
    told = run("restore", *at, "--from", made["id"], "--into", str(again))
    assert told.startswith("restored records.db of ")
    with pytest.raises(Misconfigured, match="is not empty"):
        run("restore", *at, "--from", made["id"], "--into", str(again))
    records = SqliteRecords(again / "records.db")
    assert records.get("facts", "ada") == {"likes": "tea"}
    records.close()


def test_a_spoilt_or_unknown_one_ends_with_one_and_is_not_restored(home: Path, tmp_path: Path) -> None:
    at = ("--home", str(home))
    made = json.loads(run("backup", *at, "--json"))
    held = home / FOLDER / made["id"] / "records.db"
    held.write_bytes(held.read_bytes() + b"x")
    assert "records.db is not what was copied" in run("backup", *at, "--verify", made["id"], code=1)
    assert json.loads(run("backup", *at, "--verify", "nothing", "--json", code=1))["whole"] is False
    with pytest.raises(Denied, match="is not whole"):
        run("restore", *at, "--from", made["id"], "--into", str(tmp_path / "again"))
    assert not (tmp_path / "again").exists()


def test_only_so_many_stay(home: Path) -> None:
    for _ in range(3):
        run("backup", "--home", home, "--keep", "2")
    assert len(json.loads(run("backup", "--home", home, "--list", "--json"))) == 2


def test_a_home_that_is_not_there_is_refused_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="there is no home folder"):
        run("backup", "--home", tmp_path / "typo")
    assert not (tmp_path / "typo").exists()


def test_a_database_takes_the_place_of_the_files_and_its_forge_comes_first(tmp_path: Path) -> None:
    home = Home(tmp_path)
    plain = [one.name for one in sources(load({}), home)]
    assert plain == ["records.db", "audit.jsonl", "stop.json", "forge/forge.db", "forge/repo.git"]
    with_server = sources(load({"DATABASE_URL": "postgresql://a:pass-word@h/d"}), home)
    assert [one.name for one in with_server] == ["stop.json", "forge/forge.db", "forge/repo.git", "database"]
    assert "pass-word" not in repr(with_server)
    file = sources(load({"DATABASE_URL": f"sqlite:///{tmp_path}/elsewhere.db"}), home)
    assert (file[-1].name, file[-1].kind, file[-1].path) == ("database.db", "sqlite", tmp_path / "elsewhere.db")


def test_nothing_is_opened_before_one_is_made(tmp_path: Path) -> None:
    backups = open_backups(load({}), Home(tmp_path / "home"))
    assert list(backups.known()) == []
    assert not (tmp_path / "home").exists()
