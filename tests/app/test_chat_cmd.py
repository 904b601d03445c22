import json
from datetime import timedelta
from pathlib import Path

import pytest
import structlog
from typer.testing import CliRunner

from bot.app.commands import build
from bot.chat.outbox import Outbox

run = CliRunner()


@pytest.fixture(autouse=True)
def _logs():
    yield
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def chat(home: Path, *words: str, said: str = ""):
    argv = ["chat", "--home", str(home), "--user", "ann", *words]
    return run.invoke(build(argv), argv, input=said)


def test_once_prints_one_answer(tmp_path: Path) -> None:
    result = chat(tmp_path, "--once", "!roll 1d1000")
    assert result.exit_code == 0
    assert "1d1000: " in result.stdout
    assert result.stdout.count("\n") == 1


def test_line_by_line_until_it_leaves(tmp_path: Path) -> None:
    result = chat(tmp_path, "--json", said="hello\n\nexit\n!roll\n")
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert [row["intent"] for row in rows] == ["greeting"]


def test_it_ends_with_the_input_and_remembers_the_conversation(tmp_path: Path) -> None:
    chat(
        tmp_path,
        said="The party is on Friday in the hall.\nThe hall key is with Dora.\nBring cake to the party on Friday.\n",
    )
    result = chat(tmp_path, "--once", "!summary")
    assert "Friday" in result.stdout


def test_reminders_that_are_due_are_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chat(tmp_path, "--once", "remind me in 10 minutes to stretch")
    assert "stretch" not in chat(tmp_path, said="hello\n").stdout
    real = Outbox.take
    monkeypatch.setattr(Outbox, "take", lambda self, user, now: real(self, user, now + timedelta(hours=1)))
    assert "stretch" in chat(tmp_path, said="hello\n").stdout


def test_nobody_at_the_address(tmp_path: Path) -> None:
    argv = ["chat", "--url", "http://127.0.0.1:1", "--once", "hello"]
    result = run.invoke(build(argv), argv)
    assert result.exit_code != 0
    assert "is it running there?" in str(result.exception)
