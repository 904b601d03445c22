"""The crash stories on GitHub's peer: a controller process that is killed between a request and its answer."""

import asyncio
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks._crash_check import State, state_of, violations
from benchmarks._crash_run import begin
from benchmarks._crash_story import Story
from bot.adapters.git.repository import GitRepository
from bot.adapters.github.marks import mark
from bot.app.home import Home
from bot.core.ids import PullNumber
from tests.journeys._road_named import named, on_github
from tests.servers.github.front import ME, SECOND
from tests.servers.github.hosted import Rules
from tests.servers.github.peer import GitHub, Place

ROOT = Path(__file__).parents[2]
READS = ("GET", "/graphql")
_MARK = re.compile(mark("x").replace("x", "([A-Za-z0-9._/-]+)"))


class Pages:
    """What people see on GitHub."""

    def __init__(self, place: Place, folder: Path) -> None:
        self._place = place
        self.repo = GitRepository.mirror(place.house.git_dir, folder / "onlooker.git")
        self.forge = place.forge(self.repo)

    async def page(self, pull: PullNumber) -> Mapping[str, Any]:
        comments = [found for text in self._place.comments(pull) for found in _MARK.findall(text)]
        row = self._place.pull(pull)
        return {"body": row["body"], "owners": len(row["requested_reviewers"]), "comments": comments}

    def dashboard(self) -> bool:
        issues = self._place.do("ada", "GET", "/issues?state=open&per_page=100")
        return sum("pull_request" not in row and "dashboard" in row["title"] for row in issues) == 1


@dataclass
class Scene:
    """One telling of one story: a home folder and a repository of its own."""

    story: Story
    home: Home
    place: Place

    def tell(self, *, dies_at: int = 0, room: int = 0) -> int:
        """Until its end, or until it is killed, by its own hand or by ours; the exit code of the process.

        `dies_at`: the request that changes something, by its number, that is done and never answered. `room`: bytes
        beyond which none of its files may grow.
        """
        argv = [sys.executable, "-m", "tests.journeys._crash_github_told", self.story.name, str(self.home.path)]
        argv += [str(room)] if room else []
        env = {**os.environ, "PYTHONPATH": str(ROOT), **named(on_github(self.place))}
        log = self.home.path / "teller.log"
        with log.open("ab") as out:
            process = subprocess.Popen(argv, cwd=ROOT, env=env, stdout=out, stderr=out)
        with _killed(self.place, dies_at, process.pid):
            return process.wait()

    def end(self, reference: State | None = None) -> list[str]:
        """What is wrong at the end, beside the same story that nobody killed."""
        found = self.state()
        wrong = violations(self.story, self.home, found, reference or found)
        return [*wrong, (self.home.path / "teller.log").read_text()[-1500:]] if wrong else []

    def state(self) -> State:
        """As `state_of`, with pull requests by their order: the dashboard takes a number too, sooner or later."""
        pages = Pages(self.place, self.home.path)
        found = asyncio.run(state_of(self.home, pages))
        order = {row["pull"]: number for number, row in enumerate(found["proposals"], 1)}
        named = {f"#{pull}": f"#{number}" for pull, number in order.items()}
        outcomes = {k: (*row[:3], order.get(row[3], row[3])) for k, row in found["outcomes"].items()}
        audit = sorted((act, named.get(subject, subject)) for act, subject in found["audit"])
        proposals = [{**row, "pull": order[row["pull"]]} for row in found["proposals"]]
        return {**found, "proposals": proposals, "outcomes": outcomes, "audit": audit}

    def changes(self) -> list[str]:
        """Requests of this telling that change something."""
        return [one for one in self.place.asked() if not one.startswith(READS[0]) and not one.endswith(READS[1])]


def scene(hub: GitHub, story: Story, folder: Path, name: str) -> Scene:
    """The house as it is before the story."""
    template = folder / f"{story.name}-before"
    if not template.exists():
        begin(story, template)
    home = Home(folder / f"{story.name}-{name}")
    shutil.copytree(template, home.path)
    place = hub.repository(Home(template).forge / "repo.git")
    place.house.owners = ("maintainer",)
    place.house.rules = Rules(checks={"megawatts/consent": ME}, bypass=frozenset({SECOND}))
    shutil.rmtree(home.forge)
    return Scene(story, home, place)


@contextmanager
def _killed(place: Place, dies_at: int, pid: int) -> Iterator[None]:
    """Kill that process once GitHub has done its n-th change, before it hears of it."""
    front, left = place.hub.front, dies_at
    answer: Callable[..., Any] = front.answer

    def deadly(verb: str, target: str, headers: dict[str, str], body: Any) -> Any:
        nonlocal left
        found = answer(verb, target, headers, body)
        if place.house.name in target and verb != READS[0] and found[0] < 300:
            left -= 1
            if left == 0:
                os.kill(pid, signal.SIGKILL)
        return found

    front.answer = deadly  # type: ignore[method-assign]
    try:
        yield
    finally:
        front.answer = answer  # type: ignore[method-assign]
