"""What is in quarantine is shown, and leaves it by a person's word with a reason only, on record."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from bot.adapters.store.audit import FileAuditLog
from bot.adapters.store.records import SqliteRecords
from bot.app import quarantine_cmd
from bot.app.home import Home
from bot.core.errors import Denied, MegawattsError, Misconfigured
from bot.improve.reverts.shunned import SYNTAX, TABLE

pytestmark = pytest.mark.integration  # it opens the house's stores


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("LOGNAME", "ada")
    monkeypatch.setenv("MEGAWATTS_HOME", str(tmp_path / "home"))
    made = Home.find().create()
    records = SqliteRecords(made.records)
    for pull, because in ((7, "messages: worse\nby far"), (9, "answers: silent")):
        for name in (f"patch-{pull}", f"{SYNTAX}{pull}"):
            records.add(TABLE, name, {"pull": pull, "because": because})
    records.close()
    return made


def run(*argv: str) -> str:
    app = typer.Typer()
    app.callback()(lambda: None)
    quarantine_cmd.register(app)
    result = CliRunner().invoke(app, ["quarantine", *argv])
    if isinstance(result.exception, MegawattsError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def released(home: Home) -> set[str]:
    return {key for key, row in SqliteRecords(home.records).scan(TABLE) if "released" in row}


def acts(home: Home) -> list[tuple[str, str, str, str]]:
    return [(e.actor, e.act, e.subject, e.reason) for e in FileAuditLog(home.audit).entries()]


def test_each_edit_is_shown_once_whatever_its_names(home: Home) -> None:
    assert run("list") == "#7: messages: worse by far\n#9: answers: silent\n"
    first, second = json.loads(run("list", "--json"))
    assert (first["pull"], sorted(first["names"])) == (7, ["patch-7", f"{SYNTAX}7"])
    assert (second["pull"], second["because"]) == (9, "answers: silent")
    assert acts(home) == [], "to look is no act"


def test_a_release_is_on_record_and_of_that_pull_request_only(home: Home) -> None:
    assert "#7 may be proposed again" in run("release", "7", "--reason", "the disk was full")
    assert acts(home) == [("ada", "release", "#7", "the disk was full")]
    assert released(home) == {"patch-7", f"{SYNTAX}7"}
    assert run("list") == "#9: answers: silent\n"
    assert "released by ada: the disk was full" in run("list", "--all")
    with pytest.raises(Denied, match="no edit of #7"):
        run("release", "7", "--reason", "again")
    assert len(acts(home)) == 1


def test_without_a_reason_or_a_match_nothing_is_released(home: Home) -> None:
    with pytest.raises(Denied, match="reason"):
        run("release", "7")
    with pytest.raises(Denied, match="no edit of #8"):
        run("release", "8", "--reason", "x")
    assert (released(home), acts(home)) == (set(), [])


def test_a_broken_log_keeps_an_edit_in_quarantine(home: Home) -> None:
    home.audit.write_bytes(b"garbage\n")
    with pytest.raises(MegawattsError):
        run("release", "7", "--reason", "x")
    assert released(home) == set()


def test_an_empty_quarantine_and_a_wrong_home(tmp_path: Path, home: Home) -> None:
    run("release", "7", "--reason", "x")
    run("release", "9", "--reason", "x")
    assert run("list") == "nothing is in quarantine\n"
    with pytest.raises(Misconfigured, match="no home folder"):
        run("list", "--home", str(tmp_path / "wrong"))
