import json

from typer.testing import CliRunner

from bot.app.commands import build
from bot.app.settings import EVERY_NAME
from bot.chat.tuning import parameters

run = CliRunner()


def show(*words: str):
    argv = ["config", "show", *words]
    return run.invoke(build(argv), argv)


def test_every_setting_and_parameter_with_its_origin(monkeypatch) -> None:
    monkeypatch.setenv("RESPONSE_MAX_LENGTH", "500")
    result = show("--origin")
    assert result.exit_code == 0
    assert "RESPONSE_MAX_LENGTH = 500  [environment]" in result.stdout
    assert f"user_burst = {parameters()['user_burst'].value:g}  [bot/chat/tuning.toml]" in result.stdout


def test_as_json() -> None:
    rows = json.loads(show("--json").stdout)
    assert [row["name"] for row in rows] == [*EVERY_NAME, *parameters()]


def test_without_origin() -> None:
    assert "[" not in show().stdout.replace("(unset)", "")
