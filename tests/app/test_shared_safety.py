"""One database, a home for each process, as pods have them: a person's word reaches all, and all are on one record."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.adapters.store.audit import FileAuditLog
from bot.adapters.store.records import SqliteRecords
from bot.adapters.store.shared_switch import SharedSwitch
from bot.adapters.store.switch import FileSwitch
from bot.app import stores
from bot.app.commands import build
from bot.app.home import Home
from bot.app.settings import Settings, load
from bot.core.errors import MegawattsError, Misconfigured, Unavailable

pytestmark = pytest.mark.integration  # a database's libraries are imported


@pytest.fixture
def homes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Home, Home]:
    monkeypatch.setenv("LOGNAME", "ada")
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/shared.db")
    return Home(tmp_path / "bot").create(), Home(tmp_path / "controller").create()


def run(home: Home, *argv: str, code: int = 0) -> str:
    """One command in that home; an expected error is raised as such."""
    result = CliRunner().invoke(build(list(argv)), [*argv, "--home", str(home.path)])
    if isinstance(result.exception, MegawattsError):
        raise result.exception
    assert result.exit_code == code, result.output
    return result.stdout


def test_a_stop_in_one_home_is_in_force_and_on_record_in_the_other(homes: tuple[Home, Home]) -> None:
    bot, controller = homes
    run(bot, "stop", "errors")
    records = stores.open_records(load(), controller)
    switch = stores.open_switch(load(), controller, records)
    audit = stores.open_audit(load(), controller, records)
    stop = switch.state()
    assert stop is not None
    assert (stop.reason, stop.by) == ("errors", "ada")
    assert [(entry.act, entry.reason) for entry in audit.entries()] == [("stop", "errors")]
    assert [row["act"] for _key, row in records.scan("announcements")] == ["stop"]
    assert json.loads(run(controller, "resume", "--json"))["was_stopped"]
    assert switch.state() is None
    records.close()
    assert [json.loads(line)["act"] for line in run(bot, "audit", "export").splitlines()] == ["stop", "resume"]
    assert [path.exists() for path in (bot.audit, controller.audit, bot.switch)] == [False] * 3


def test_the_log_is_searched_verified_and_exported_from_either_side(homes: tuple[Home, Home], tmp_path: Path) -> None:
    bot, controller = homes
    run(bot, "stop", "errors")
    run(controller, "rollback", "--reason", "slow")
    for home in homes:
        assert "2 entries, chain whole" in run(home, "audit", "verify")
        assert "slow" in run(home, "audit", "search", "--act", "rollback")
        assert run(home, "audit", "export", "--after", "1").count("\n") == 1
        assert run(home, "audit", "export", "--since", "2099-01-01") == ""
    records = stores.open_records(load(), bot)
    exported = [json.loads(line) for line in run(bot, "audit", "export").splitlines()]
    entries = stores.open_audit(load(), bot, records).entries()
    records.close()
    assert [(row["digest"], row["previous"]) for row in exported] == [(one.digest, one.previous) for one in entries]
    import sqlite3

    with sqlite3.connect(tmp_path / "shared.db") as db:
        db.execute("DROP TRIGGER audit_no_update")
        db.execute("UPDATE audit_entries SET reason = 'nothing' WHERE number = 1")
    db.close()
    assert "entry 1 was changed" in run(controller, "audit", "verify", code=1)


def test_a_stop_that_cannot_reach_the_database_holds_here_and_says_so(
    homes: tuple[Home, Home], monkeypatch: pytest.MonkeyPatch
) -> None:
    bot, _controller = homes
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:hunter2@127.0.0.1:1/d")
    with pytest.raises(Misconfigured, match=r"home folder .*bot is stopped, but other processes may not be") as caught:
        run(bot, "stop", "errors")
    assert "hunter2" not in str(caught.value)
    stop = FileSwitch(bot.switch).state()
    assert stop is not None
    assert stop.reason == "errors"
    assert [entry.act for entry in FileAuditLog(bot.audit).entries()] == ["stop"], "on record where it can be"
    with pytest.raises(Unavailable):
        run(bot, "resume")
    assert FileSwitch(bot.switch).state() is not None


def test_settings_that_do_not_hold_keep_nobody_from_stopping(
    homes: tuple[Home, Home], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSTGRES_PORT", "no port")
    with pytest.raises(Misconfigured, match="POSTGRES_PORT"):
        run(homes[0], "stop", "errors")
    assert homes[0].switch.exists()


def test_without_a_database_all_is_in_the_home(tmp_path: Path) -> None:
    home, settings = Home(tmp_path), Settings()
    with stores.audit_alone(settings, home) as log:
        log.append("ada", "act", "s", "r")
    assert home.audit.exists()
    assert not home.records.exists(), "a look at the log makes no database"
    records = SqliteRecords(home.records)
    switch = stores.open_switch(settings, home, records)
    switch.stop("errors", "ada")
    assert not isinstance(switch, SharedSwitch)
    assert home.switch.exists()
    assert isinstance(stores.open_audit(settings, home, records), FileAuditLog)
    records.close()


def test_the_log_of_a_database_is_not_opened_over_other_records(homes: tuple[Home, Home], tmp_path: Path) -> None:
    records = SqliteRecords(tmp_path / "other.db")
    with pytest.raises(TypeError, match="SqliteRecords"):
        stores.open_audit(load(), homes[0], records)
    records.close()
