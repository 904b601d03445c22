"""Tells one crash story on the road of the environment, to its end: `... STORY HOME [BYTES]`, room for its files."""

import asyncio
import os
import resource
import sys
from dataclasses import dataclass
from pathlib import Path

import requests

from benchmarks import _crash_story
from benchmarks._crash_house import MAINTAINER, Ground
from benchmarks._crash_story import STORIES, tell
from bot.app.home import Home
from bot.app.road import open_forge
from bot.app.road_settings import RoadSettings, taken
from bot.core.change import Patch
from bot.core.ids import PullNumber, Sha


@dataclass(frozen=True)
class People:
    """They use GitHub's API as themselves."""

    repository: str

    async def review(self, pull: PullNumber, head: Sha, *, approves: bool, reason: str = "") -> None:
        row = {"event": "APPROVE" if approves else "REQUEST_CHANGES", "body": reason or "fine", "commit_id": head}
        head_row = {"authorization": f"token {MAINTAINER}"}
        address = f"{self.repository}/pulls/{pull}/reviews"
        answer = await asyncio.to_thread(requests.post, address, json=row, headers=head_row, timeout=10)
        answer.raise_for_status()

    async def commit(self, patch: Patch) -> None:
        raise AssertionError(f"no story that is told here pushes by hand: {patch}")


async def told(name: str, home: Home, settings: RoadSettings) -> bool:
    """Whether it came to its end."""
    story = next(one for one in STORIES if one.name == name)
    forge, repo = await open_forge(home, settings)
    people = People(f"{settings.github_api_url}/repos/{settings.github_repository}")
    return await tell(story, home, home.path / "controller.log", ground=Ground(forge, repo, people))


def main(name: str, home: str, room: str = "") -> int:
    """0: it came to its end; else 3, or whatever broke it."""
    settings = taken(os.environ)
    if room:
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(room), int(room)))
        _crash_story.ROUNDS = 30
    return 0 if asyncio.run(told(name, Home(Path(home)), settings)) else 3


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
