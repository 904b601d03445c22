"""A controller that dies between a request to GitHub and its answer, or has no room left, goes on as if it had not."""

import re
import signal
from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks._crash_story import STORIES
from tests.journeys._crash_github import Scene, scene
from tests.servers.github.peer import GitHub

pytestmark = [pytest.mark.journey, pytest.mark.slow]
TOLD = {story.name: story for story in STORIES}
DEEDS = {
    "healthy": ("POST .*/pulls", "PUT .*/merge"),
    "unhealthy": ("POST .*/pulls#2", "PUT .*/merge#2"),
}
"""What is done and never answered: by kind, and which of its kind. `unhealthy`: the revert and its merge. The benchmark
`crash-github` kills at every one."""


ROOM = 140_000
"""Bytes beyond which no file may grow: the first rows of the stores fit, and not all."""


def number_of(deed: str, changes: Sequence[str]) -> int:
    """Which of all changes it is, from 1."""
    pattern, _, which = deed.partition("#")
    found = [number for number, change in enumerate(changes, 1) if re.fullmatch(pattern, change)]
    return found[int(which or 1) - 1]


@pytest.mark.parametrize("name", list(DEEDS))
def test_what_was_done_and_never_answered_is_done_once(hub: GitHub, tmp_path: Path, name: str) -> None:
    whole = scene(hub, TOLD[name], tmp_path, "whole")
    assert whole.tell() == 0
    assert whole.end() == []
    changes, state = whole.changes(), whole.state()
    for deed in DEEDS[name]:
        number = number_of(deed, changes)
        killed = scene(hub, TOLD[name], tmp_path, f"killed-{number}")
        assert killed.tell(dies_at=number) == -signal.SIGKILL, f"it was to die at {changes[number - 1]}"
        assert killed.tell() == 0
        assert killed.end(state) == [], f"killed at {changes[number - 1]}"


def test_nothing_is_lost_or_done_twice_for_want_of_room(hub: GitHub, tmp_path: Path) -> None:
    whole = scene(hub, TOLD["healthy"], tmp_path, "whole")
    assert whole.tell() == 0
    crowded: Scene = scene(hub, TOLD["healthy"], tmp_path, "crowded")
    assert crowded.tell(room=ROOM) != 0, "there was room after all: choose less"
    before = crowded.state()
    assert before["merges"] <= 1
    assert not any(proposal["reverts"] for proposal in before["proposals"]), "nobody is blamed for a full disk"
    assert crowded.tell() == 0
    assert crowded.end(whole.state()) == []
