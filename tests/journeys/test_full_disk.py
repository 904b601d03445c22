"""A disk without room: files may not grow beyond a size, in the real stores and in git, and later they may."""

import asyncio
import os
import resource
from pathlib import Path

import pytest

from benchmarks import _crash_story
from benchmarks._crash_check import state_of
from benchmarks._crash_run import NEVER, ended, forked, go_on, reference
from benchmarks._crash_story import STORIES, tell
from bot.app.home import Home

pytestmark = [pytest.mark.journey, pytest.mark.slow]


def crowded(home: Home, limit: int) -> int:
    """A controller whose files may not grow beyond `limit` bytes: its exit code."""

    def work() -> bool:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        _crash_story.ROUNDS = 30
        return asyncio.run(tell(STORIES[0], home, home.path / "controller.log"))

    return ended(forked(work, NEVER))


@pytest.mark.parametrize("limit", [0, 9_000, 70_000, 140_000])
def test_nothing_is_lost_and_nothing_is_done_twice(tmp_path: Path, limit: int) -> None:
    told = reference(STORIES[0], tmp_path)
    home = Home(tmp_path / "home")
    os.rename(told.template, home.path)  # noqa: PTH104  (a folder, to a path of the same kind)
    assert crowded(home, limit) != 0, "there was room after all: choose smaller limits"
    before = asyncio.run(state_of(home))
    assert before["merges"] <= 1
    assert not before["tags"] or before["merges"] == 1
    assert not any(proposal["reverts"] for proposal in before["proposals"]), "nobody is blamed for a full disk"
    assert go_on(told, home) == []
