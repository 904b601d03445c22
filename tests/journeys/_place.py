"""Where a journey over processes is played: one home, its controller, and what people ask of it and of the forge."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any

from bot.adapters.git.repository import GitRepository
from bot.adapters.localdeploy.process import marked
from bot.adapters.localdeploy.state import Board, State
from bot.adapters.localforge.forge import LocalForge
from bot.app.home import Home
from bot.core.change import Patch, Proposal
from bot.core.errors import MegawattsError
from bot.core.ids import PullNumber, Sha
from bot.core.ports import Forge
from bot.core.verdict import Verdict

ROOT = Path(__file__).parents[2]
KEPT_TESTS = ("tests/conftest.py", "tests/core/", "tests/votes/", "tests/chat/test_text.py")
"""The journeys are about processes: the gate runs whole, over a product with few tests, so that it is quick."""
BARE = ("git", "ls-files", "-z")


def git(folder: Path, *words: str) -> str:
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.invalid"]
    done = subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def source(folder: Path) -> Path:
    """This repository as it is committed, all but a few tests."""
    folder.mkdir(parents=True)
    listed = subprocess.run(BARE, cwd=ROOT, check=True, capture_output=True, text=True).stdout
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
    """On the embedded parts: forge and deployer of the home folder. Another place plays the same with others."""

    beside: Sequence[str] = ("deployer",)
    """Processes that a controller needs beside it."""

    stages = 11
    """Stages that a change has to go through at least."""

    def __init__(self, folder: Path) -> None:
        self.home = Home(folder / "home").create()
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.forge: Forge = self._found(source(folder / "source"))

    def _found(self, template: Path) -> Forge:
        return LocalForge.create(self.home.forge, template)

    @property
    def bare(self) -> GitRepository:
        """The forge's own repository."""
        return GitRepository(self.home.forge / "repo.git")

    def environment(self) -> Mapping[str, str]:
        """Of the processes."""
        return os.environ

    def start(self, *words: str) -> "subprocess.Popen[bytes]":
        with (self.home.path / f"{words[0]}.log").open("ab") as log:
            argv = [sys.executable, "-m", "bot", *words, "--home", str(self.home.path)]
            env = dict(self.environment())
            process = subprocess.Popen(argv, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.processes[words[0]] = process
        return process

    def tell(self, *words: str) -> None:
        argv = [sys.executable, "-m", "bot", *words, "--home", str(self.home.path)]
        subprocess.run(argv, cwd=ROOT, check=True, capture_output=True)

    def events(self, process: str, event: str) -> list[dict[str, Any]]:
        lines = (self.home.path / f"{process}.log").read_text().splitlines()
        rows = [json.loads(line) for line in lines if line.startswith("{")]
        return [row for row in rows if row.get("event") == event]

    def dead(self) -> str:
        """What ended, with what all of them told; empty as long as everything runs."""
        dead = [name for name, process in self.processes.items() if process.poll() is not None]
        return f"{dead} ended" if dead else ""

    def logs(self) -> str:
        return "\n".join(path.read_text()[-3000:] for path in sorted(self.home.path.glob("*.log")))

    def until(self, what: str, so: Callable[[], object], within: float = 240.0) -> None:
        deadline = time.monotonic() + within
        while not so():
            assert not self.dead(), f"{self.dead()} while waiting: {what}\n{self.logs()}"
            assert time.monotonic() < deadline, f"not seen: {what}\n{self.logs()}"
            time.sleep(0.2)

    def running(self) -> State:
        with suppress(MegawattsError):
            return Board(self.home.deploy).state()
        return State()

    def runs(self, sha: Sha) -> bool:
        """Whether that version answers members."""
        state = self.running()
        return state.current is not None and state.current.sha == sha and answer(state.port) == sha

    def proposals(self) -> list[Proposal]:
        return list(asyncio.run(self.forge.proposals(everything=True)))

    def reported(self, sha: Sha, name: str) -> Verdict | None:
        return asyncio.run(self.forge.reported(sha, name))

    def asked_on(self, pull: int) -> Sha | None:
        return asyncio.run(self.forge.asked_on(PullNumber(pull)))

    def main(self) -> Sha:
        """The commit of the product that is to run."""
        return self.bare.resolve("refs/heads/main")

    def files(self, sha: Sha) -> dict[PurePosixPath, object]:
        """The product of a commit."""
        return dict(self.bare.files(sha))

    def committed(self, files: Mapping[PurePosixPath, bytes], message: str) -> Sha:
        """A maintainer's commit, straight to the base branch."""
        base = self.bare.resolve("refs/heads/main")
        made = self.bare.commit(Patch(base, files), message, author="A maintainer")
        self.bare.branch("main", made, expecting=base)
        return made

    def opened(self, branch: str, files: Mapping[PurePosixPath, bytes], title: str) -> tuple[int, Sha]:
        """Ada's pull request; its number and head."""
        repo = GitRepository.mirror(self.bare.path, self.home.path / "ada.git")
        head = repo.commit(Patch(self.bare.resolve("refs/heads/main"), files), title, author="Ada")
        ada = LocalForge(self.home.forge, actor="ada")
        asyncio.run(ada.publish(repo, branch, head, expecting=None))
        return asyncio.run(ada.open_as("ada", branch, title, "A word of thanks.")), head

    def push(self, proposal: Proposal, files: Mapping[PurePosixPath, bytes], message: str) -> Sha:
        """Somebody pushes a commit to the branch of an open proposal; the new head."""
        repo = GitRepository.mirror(self.bare.path, self.home.path / "somebody.git")
        head = repo.commit(Patch(proposal.head, files), message, author="Somebody")
        forge = LocalForge(self.home.forge, actor="somebody")
        asyncio.run(forge.publish(repo, proposal.branch, head, expecting=proposal.head))
        return head

    def approve(self, pull: int, head: Sha) -> None:
        """A maintainer's review."""
        forge = LocalForge(self.home.forge, actor="maintainer")
        asyncio.run(forge.review(PullNumber(pull), "maintainer", head, approves=True))

    def stop(self) -> None:
        for process in self.processes.values():
            process.kill()
            process.wait()
        for pid in marked(self.home.deploy):
            os.kill(pid, signal.SIGKILL)


def answer(port: int) -> str:
    """The revision that answers a member at that port."""
    body = json.dumps({"user": "ada", "channel": "c", "text": "hello"}).encode()
    head = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"http://127.0.0.1:{port}/chat", data=body, headers=head)
    try:
        with urllib.request.urlopen(request, timeout=5) as said:
            return str(json.loads(said.read()).get("revision", ""))
    except (OSError, ValueError):
        return ""
