"""The log at the command line: verified, and searched."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from bot.adapters.store.audit import FileAuditLog
from bot.app.audit_cmd import moment
from bot.app.commands import build
from bot.app.home import Home
from bot.core.errors import Misconfigured

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("MEGAWATTS_HOME", str(tmp_path))
    home = Home.find().create()
    times = iter((NOW - timedelta(days=30), NOW - timedelta(hours=2), NOW))
    log = FileAuditLog(home.audit, clock=lambda: next(times))
    log.append("megawatts", "merge", "#1", "all stages pass", {"head": "abc123"})
    log.append("ada", "revert", "#2", "Errors rose")
    log.append("bob", "stop", "everything", "lunch")
    return home


def run(*argv: str) -> tuple[int, str]:
    result = CliRunner().invoke(build(["audit"]), ["audit", *argv])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


def test_a_whole_log_is_0_and_a_broken_one_is_1_and_named(home: Home) -> None:
    code, said = run("verify", "--json")
    assert (code, json.loads(said)["status"]) == (0, "pass")
    home.audit.write_text(home.audit.read_text().replace("Errors rose", "nothing was"))
    code, said = run("verify")
    assert code == 1
    assert "entry 2 was changed" in said


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        ((), [1, 2, 3]),
        (("--actor", "ADA"), [2]),
        (("--act", "merge"), [1]),
        (("--subject", "#"), [1, 2]),
        (("--text", "abc12"), [1]),
        (("--text", "errors"), [2]),
        (("--since", "2026-01-31"), [2, 3]),
        (("--since", "2026-01-31T12:00"), [3]),
        (("--actor", "ada", "--act", "stop"), []),
    ],
)
def test_a_search_finds_what_matches_all_that_was_asked(home: Home, words: tuple[str, ...], numbers: list[int]) -> None:
    code, said = run("search", "--json", *words)
    assert code == 0
    assert [row["number"] for row in json.loads(said)] == numbers
    exported = [json.loads(line) for line in run("export")[1].splitlines()]
    assert json.loads(said) == [row for row in exported if row["number"] in numbers], "both show an entry whole"


def test_lines_for_people_hold_no_control_characters(home: Home) -> None:
    home.audit.write_text(home.audit.read_text().replace("lunch", "\\u001b[2Jlunch\\n9 forged line"))
    _code, said = run("search", "--act", "stop")
    assert said.count("\n") == 1
    assert "\x1b" not in said


@pytest.mark.parametrize(("text", "ago"), [("90m", 90), ("2h", 120), ("1d", 1440), ("1w", 10080), ("60s", 1)])
def test_an_age_is_counted_from_now(text: str, ago: int) -> None:
    assert moment(text, NOW) == NOW - timedelta(minutes=ago)


@given(st.text(max_size=12) | st.from_regex(r"\d{1,6}[smhdw]", fullmatch=True))
def test_a_time_is_understood_or_refused_in_one_sentence(text: str) -> None:
    try:
        at = moment(text, NOW)
    except Misconfigured as error:
        said = str(error)
    else:
        said = "90m"
        assert at.tzinfo is not None
    assert "90m" in said


@pytest.mark.parametrize("text", ["", "yesterday", "999999w", "-1d", "5 d", "2026-13-01"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(Misconfigured, match="is no time"):
        moment(text, NOW)
