"""A server's first day with the bot: set-up, talk, tools, a suggestion, a vote, a merge. It is docs/session.md."""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.sandbox import find

pytestmark = pytest.mark.journey


@pytest.fixture(autouse=True)
def _boxed() -> None:
    """V-12 boots a bot and speaks to it, which only one sandbox allows."""
    name = find().name
    if name != "bubblewrap":
        pytest.skip(f"the sandbox {name}, the only one that works on this host, has no loopback to boot a bot on")


@pytest.fixture
async def played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Any, Any]]:
    from tests.journeys import _session_stage, _session_vote
    from tests.journeys.test_processes import Place

    (tmp_path / "source").mkdir()
    place = Place(tmp_path)
    try:
        charter = _session_vote.governed(place)
        async with _session_stage.stage(place.home, charter, monkeypatch) as stage:
            yield stage, place
    finally:
        place.stop()


async def test_a_first_day(played: tuple[Any, Any]) -> None:
    from tests.journeys import _session_scenes, _session_vote

    stage, place = played
    with stage.env.time_context():
        await _session_scenes.setup(stage)
        await _session_scenes.talk(stage)
        await _session_scenes.memory(stage)
        await _session_scenes.tools(stage)
        await _session_vote.suggestion(stage, place)
        await _session_vote.vote(stage, place)
        await _session_vote.merge(stage, place)
    page = stage.told.text()
    assert str(place.home.path) not in page
    if where := os.environ.get("MEGAWATTS_SESSION", ""):  # scripts/record-session
        Path(where).write_text(page, encoding="utf-8")
