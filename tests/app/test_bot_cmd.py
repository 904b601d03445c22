"""What the bot's process is told on its command line."""

from typing import Any

import pytest
from typer.testing import CliRunner

from bot.app import bot_process
from bot.app.commands import build

pytestmark = pytest.mark.integration  # its process imports the web server


@pytest.mark.parametrize(
    ("argv", "environment", "revision"),
    [
        ([], {}, "unknown"),
        ([], {"MEGAWATTS_REVISION": "abc123"}, "abc123"),
        (["--revision", "def456"], {"MEGAWATTS_REVISION": "abc123"}, "def456"),
    ],
)
def test_the_revision_may_come_from_the_image(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any, argv: list[str], environment: dict[str, str], revision: str
) -> None:
    launched: list[Any] = []

    async def run(launch: Any) -> None:
        launched.append(launch)

    monkeypatch.setattr(bot_process, "run", run)
    monkeypatch.delenv("MEGAWATTS_REVISION", raising=False)
    words = ["bot", "--home", str(tmp_path / "home"), *argv]
    result = CliRunner().invoke(build(words), words, env=environment)
    assert result.exception is None, result.output
    assert [one.revision for one in launched] == [revision]
