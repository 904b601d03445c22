"""A server's first day with the bot: set-up, talk, tools, a suggestion, a vote, a merge. It is docs/session.md."""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.journey


@pytest.fixture
async def played(place: Any, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Any, Any]]:
    from tests.journeys import _session_stage, _session_vote

    charter = _session_vote.governed(place)
    async with _session_stage.stage(place.home, charter, monkeypatch) as stage:
        yield stage, place


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
        await _session_vote.push(stage, place)
        await _session_vote.merge(stage, place)
    page = stage.told.text()
    assert str(place.home.path) not in page
    if where := os.environ.get("MEGAWATTS_SESSION", ""):  # scripts/record-session
        Path(where).write_text(page, encoding="utf-8")
