"""A person's pull request on real processes: validated, approved, merged, deployed, stopped, resumed, rolled back."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from bot.adapters.git.repository import GitRepository
from bot.adapters.localdeploy.process import alive, marked
from bot.adapters.localdeploy.state import Board, State
from bot.adapters.localforge.forge import LocalForge
from bot.app.home import Home
from bot.core.change import Patch, Proposal
from bot.core.errors import MegawattsError
from bot.core.ids import Sha
from bot.improve.context import GATE

pytestmark = pytest.mark.journey
ROOT = Path(__file__).parent.parent.parent
CHANGED = PurePosixPath("CONTRIBUTING.md")
KEPT_TESTS = ("tests/conftest.py", "tests/core/", "tests/votes/")
"""The journey is about processes: the gate runs whole, over a product with few tests, so that it is quick."""


def git(folder: Path, *words: str) -> None:
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.invalid"]
    subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True)


def source(folder: Path) -> Path:
    """This repository as it is committed, all but a few tests."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        if name.startswith("tests/") and not name.startswith(KEPT_TESTS):
            continue
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "--force", ".")
    git(folder, "commit", "-q", "-m", "begin")
    return folder


class Place:
    """One home with its processes, and what a person asks of it."""

    def __init__(self, folder: Path) -> None:
        self.home = Home(folder / "home").create()
        self.forge = LocalForge.create(self.home.forge, source(folder / "source"))
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        with (self.home.path / f"{words[0]}.log").open("ab") as log:
            argv = [sys.executable, "-m", "bot", *words, "--home", str(self.home.path)]
            process = subprocess.Popen(argv, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.processes[words[0]] = process
        return process

    def tell(self, *words: str) -> None:
        argv = [sys.executable, "-m", "bot", *words, "--home", str(self.home.path)]
        subprocess.run(argv, cwd=ROOT, check=True, capture_output=True)

    def events(self, process: str, event: str) -> list[dict[str, Any]]:
        lines = (self.home.path / f"{process}.log").read_text().splitlines()
        rows = [json.loads(line) for line in lines if line.startswith("{")]
        return [row for row in rows if row.get("event") == event]

    def running(self) -> State:
        with suppress(MegawattsError):
            return Board(self.home.deploy).state()
        return State()

    def until(self, what: str, so: Callable[[], bool], within: float = 120.0) -> None:
        deadline = time.monotonic() + within
        while not so():
            dead = [name for name, process in self.processes.items() if process.poll() is not None]
            logs = "\n".join(path.read_text()[-1500:] for path in sorted(self.home.path.glob("*.log")))
            assert not dead, f"{dead} ended while waiting: {what}\n{logs}"
            assert time.monotonic() < deadline, f"not seen: {what}\n{logs}"
            time.sleep(0.2)

    def runs(self, sha: Sha) -> bool:
        state = self.running()
        return state.current is not None and state.current.sha == sha and answer(state.port) == sha

    def proposals(self) -> list[Proposal]:
        return list(asyncio.run(self.forge.proposals(everything=True)))

    def main(self) -> Sha:
        return asyncio.run(self.forge.main())

    def stop(self) -> None:
        for process in self.processes.values():
            process.kill()
            process.wait()
        for pid in marked(self.home.deploy):
            os.kill(pid, signal.SIGKILL)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    (tmp_path / "source").mkdir()
    made = Place(tmp_path)
    yield made
    made.stop()


def answer(port: int) -> str:
    """The revision that answers a member at the stable address."""
    body = json.dumps({"user": "ada", "channel": "c", "text": "hello"}).encode()
    head = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"http://127.0.0.1:{port}/chat", data=body, headers=head)
    try:
        with urllib.request.urlopen(request, timeout=5) as said:
            return str(json.loads(said.read()).get("revision", ""))
    except (OSError, ValueError):
        return ""


async def open_pull(place: Place) -> tuple[int, Sha]:
    """A person's pull request: one line of a document that its owners must approve."""
    repo = GitRepository.mirror(place.home.forge / "repo.git", place.home.path / "ada.git")
    base = await place.forge.main()
    text = repo.read(base, CHANGED)
    assert text is not None
    head = repo.commit(Patch(base, {CHANGED: text + b"\nThank you.\n"}), "docs: thank people", author="Ada")
    ada = LocalForge(place.home.forge, actor="ada")
    await ada.publish(repo, "ada/thanks", head, expecting=None)
    return await ada.open_as("ada", "ada/thanks", "docs: thank people", "A word of thanks."), head


def test_a_pull_request_goes_all_the_way_and_back(place: Place) -> None:
    first = place.main()
    place.start("deployer")
    place.start("controller", "--no-ideas")
    place.until("what is there runs and answers", lambda: place.runs(first))
    pull, head = asyncio.run(open_pull(place))
    place.until("the gate has spoken", lambda: asyncio.run(place.forge.reported(head, GATE)) is not None, 400)
    place.until("its owners are asked", lambda: asyncio.run(place.forge.asked_on(pull)) == head)
    assert place.main() == first, "nothing merges without consent"

    place.tell("stop", "look first")
    asyncio.run(LocalForge(place.home.forge, actor="maintainer").review(pull, "maintainer", head, approves=True))
    waits = len(place.events("controller", "wait"))
    place.until("the stop is seen", lambda: len(place.events("controller", "wait")) > waits + 1)
    assert "stopped by" in place.events("controller", "wait")[-1]["because"]
    assert place.main() == first, "a stop freezes at once"

    place.tell("resume")
    place.until("it is merged", lambda: place.main() != first)
    merged = place.main()
    assert [p.merged_as for p in place.proposals()] == [merged]
    place.until("it runs and answers", lambda: place.runs(merged))

    place.tell("rollback", "--reason", "not so many words")
    place.until("it is taken back", lambda: len(place.proposals()) >= 2 and place.proposals()[1].merged_as is not None)
    repo = GitRepository(place.home.forge / "repo.git")
    assert repo.tree(place.main()) == repo.tree(first), "the tree is back, exactly"
    place.until("what was before runs again", lambda: place.runs(place.main()))
    acts = [line.split('"act":"')[1].split('"')[0] for line in place.home.audit.read_text().splitlines()]
    assert [act for act in acts if act in {"stop", "resume", "merge", "rollback", "revert"}] == [
        "stop", "resume", "merge", "rollback", "revert", "merge",
    ]  # fmt: skip


def test_a_second_process_of_a_kind_is_refused_and_bots_are_adopted(place: Place) -> None:
    first = place.main()
    deployer = place.start("deployer")
    place.until("it runs", lambda: place.runs(first))
    argv = [sys.executable, "-m", "bot", "deployer", "--home", str(place.home.path)]
    again = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    assert again.returncode == 3
    assert "another deployer runs" in again.stderr
    bot = place.running().current
    assert bot is not None
    deployer.kill()
    deployer.wait()
    assert alive(bot.pid), "members are answered by the bot while no deployer runs"
    Board(place.home.deploy).folder.joinpath("state.json").write_text('{"current": {"sha"')
    place.start("deployer")
    place.until("it runs again", lambda: place.runs(first))
    assert len(marked(place.home.deploy)) == 1, "no second copy runs"
    assert place.events("deployer", "state lost")

    current = place.running().current
    assert current is not None
    os.kill(current.pid, signal.SIGKILL)
    place.until("it was restarted", lambda: place.running().restarts == 1 and place.runs(first))
    assert len(marked(place.home.deploy)) == 1


def test_the_places_of_old_mistakes_stay_mended() -> None:
    """The quick part of the crash benchmark: real kills of a controller, each followed by a restart."""
    argv = [sys.executable, "-m", "benchmarks", "crash", "--quick"]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count(" ok\n") == 4
