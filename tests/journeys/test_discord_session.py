"""A server's first day with the bot: set-up, talk, tools, a suggestion, a vote, a merge. It is docs/session.md."""

import os
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.app.home import Home
from bot.policy.charter import PATH, parse

pytestmark = pytest.mark.journey
ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
async def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Any]:
    from tests.journeys import _session_stage as play

    charter = replace(parse((ROOT / PATH).read_text()), home_guild=str(play.GUILD))
    async with play.stage(Home(tmp_path / "home").create(), charter, monkeypatch) as made:
        yield made


async def test_a_first_day(stage: Any) -> None:
    from tests.journeys import _session_scenes as scenes

    with stage.env.time_context():
        try:
            await scenes.setup(stage)
            await scenes.tools(stage)
        finally:
            write(stage.told.text())


def write(text: str) -> None:
    """To where scripts/record-session wants it."""
    if page := os.environ.get("MEGAWATTS_SESSION", ""):
        Path(page).write_text(text, encoding="utf-8")
