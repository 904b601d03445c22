"""Which bot is asked, what it is asked, and that a new one is started wherever that is not sure."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path, PurePosixPath
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import web

from bot.adapters.git.repository import GitRepository
from bot.adapters.localdeploy import hot_path
from bot.adapters.localdeploy.process import MARK
from bot.adapters.localdeploy.state import Board, Instance, State
from bot.core.change import FileChange
from bot.core.errors import Denied, Unavailable
from bot.core.ids import Sha
from tests.adapters.localdeploy.test_follower import Machine, machine

__all__ = ["machine"]

OLD, NEW, CODE = Sha("a" * 40), Sha("b" * 40), Sha("c" * 40)
JOKE = PurePosixPath("bot/chat/intents/joke.toml")


def repo(*changes: FileChange, size: int = 10) -> Any:
    asked: list[tuple[Sha, Sha]] = []

    def between(base: Sha, head: Sha) -> tuple[FileChange, ...]:
        asked.append((base, head))
        if base == "gone":
            raise Unavailable("git", "no such commit")
        return changes

    return SimpleNamespace(changes=between, read=lambda _sha, _path: bytes(size), asked=asked)


def test_what_is_compared_is_the_code_that_runs_not_the_data_that_it_read_last() -> None:
    town = repo(FileChange(JOKE, JOKE, "modify"))
    assert hot_path.may_reload(town, Instance(OLD, 1, 1, 1.0, CODE), NEW).passed
    assert hot_path.may_reload(town, Instance(OLD, 1, 1, 1.0), NEW).passed
    assert town.asked == [(CODE, NEW), (OLD, NEW)]


def test_code_a_huge_file_and_an_unknown_commit_are_no_reload() -> None:
    code = PurePosixPath("bot/chat/service.py")
    bot = Instance(OLD, 1, 1, 1.0)
    assert not hot_path.may_reload(repo(FileChange(code, code, "modify")), bot, NEW).passed
    assert not hot_path.may_reload(repo(FileChange(JOKE, JOKE, "modify"), size=1 << 20), bot, NEW).passed
    assert not hot_path.may_reload(repo(), Instance(Sha("gone"), 1, 1, 1.0), NEW).passed


def test_what_a_bot_runs_survives_the_deployer(tmp_path: Path) -> None:
    state = State(current=Instance(NEW, 1, 2, 3.0, CODE), previous=Instance(OLD, 4, 5, 6.0))
    Board(tmp_path).publish(state)
    assert Board(tmp_path).state() == state
    assert state.current is not None
    assert state.current.started == CODE
    assert state.previous is not None
    assert state.previous.started == OLD


class Bot:
    """A process that was started by this deployer, and a health page that says what the test says."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.health: dict[str, Any] = {"revision": OLD, "reload": {"revision": "", "failed": ""}}
        self.port = 0

    async def page(self, _request: web.Request) -> web.Response:
        return web.json_response(self.health)

    @property
    def instance(self) -> Instance:
        return Instance(OLD, self.process.pid, self.port, 1.0)


HEEDS = """
import signal
signal.signal(signal.SIGHUP, lambda *_: print("asked", flush=True))
print("up", flush=True)
while True:
    signal.pause()
"""


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[Bot]:
    pipe, environment = asyncio.subprocess.PIPE, {**os.environ, MARK: str(tmp_path)}
    argv = (sys.executable, "-S", "-c", HEEDS)
    process = await asyncio.create_subprocess_exec(*argv, stdout=pipe, env=environment, start_new_session=True)
    assert process.stdout is not None
    assert await process.stdout.readline() == b"up\n"
    made, app = Bot(process), web.Application()
    app.add_routes([web.get("/health", made.page), web.get("/readyz", made.page)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.port = int(runner.addresses[0][1])
    yield made
    await runner.cleanup()
    process.kill()
    await process.wait()


class Asked:
    """What the deployer asks of warm bots, and what they say."""

    def __init__(self, machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
        self.pids: list[int] = []
        self.no: Exception | None = None
        machine.repo.changes = lambda _base, _head: (FileChange(JOKE, JOKE, "modify"),)
        machine.repo.read = lambda _sha, _path: b"data"
        monkeypatch.setattr(hot_path, "reload", self.reload)

    async def reload(self, _folder: Path, bot: Instance, sha: Sha, _within: float) -> Instance:
        self.pids.append(bot.pid)
        if self.no is not None:
            raise self.no
        return replace(bot, sha=sha, code=bot.started)


@pytest.fixture
def asked(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> Asked:
    machine.follower._plan = replace(machine.follower._plan, reload=True)
    return Asked(machine, monkeypatch)


async def deployed(machine: Machine, sha: str) -> State:
    machine.main = Sha(sha * 40)
    return await machine.steps(1)


async def test_the_warm_bot_takes_the_data_and_nobody_is_started_or_ended(machine: Machine, asked: Asked) -> None:
    for sha in "ab":
        await deployed(machine, sha)
    assert asked.pids == [], "the one that answers is never asked"
    state = await deployed(machine, "c")
    assert asked.pids == [1]
    assert (len(machine.started), machine.ended) == (2, [])
    assert state.current is not None
    assert (state.current.sha, state.current.pid, state.current.code) == ("c" * 40, 1, "a" * 40)
    assert state.previous is not None
    assert (state.previous.sha, state.previous.pid, state.split) == ("b" * 40, 2, True)
    machine.mute = {1}
    mended = (await machine.steps(2)).current
    assert mended is not None
    assert (mended.sha, mended.code, machine.started[-1]) == ("c" * 40, None, "c" * 40), "a new one runs it as code"


@pytest.mark.parametrize("no", [Denied("joke.toml"), Unavailable("the warm bot"), OSError(28, "No space left")])
async def test_a_no_is_said_and_a_new_bot_is_started_as_ever(machine: Machine, asked: Asked, no: Exception) -> None:
    asked.no = no
    for sha in "abc":
        state = await deployed(machine, sha)
    assert asked.pids == [1]
    assert machine.said("not reloaded") == 1
    assert (len(machine.started), machine.ended) == (3, [1])
    assert state.current is not None
    assert (state.current.sha, state.current.code) == ("c" * 40, None)
    assert state.failed == {}


async def test_nobody_is_asked_unless_it_is_wanted(machine: Machine, asked: Asked) -> None:
    machine.follower._plan = replace(machine.follower._plan, reload=False)
    for sha in "abc":
        await deployed(machine, sha)
    assert asked.pids == []
    assert (len(machine.started), machine.ended) == (3, [1])


needs_process = pytest.mark.integration


@needs_process
async def test_it_is_asked_by_a_file_and_a_signal_and_waited_for(tmp_path: Path, bot: Bot) -> None:
    asked = asyncio.create_task(hot_path.reload(tmp_path, bot.instance, NEW, 30.0))
    assert bot.process.stdout is not None
    assert await asyncio.wait_for(bot.process.stdout.readline(), 30) == b"asked\n"
    request = tmp_path / hot_path.REQUESTS / f"{bot.process.pid}.json"
    assert json.loads(request.read_bytes()) == {"revision": NEW}
    bot.health = {"revision": NEW, "reload": {"revision": NEW, "failed": ""}}
    fresh = await asked
    assert (fresh.sha, fresh.started, fresh.pid) == (NEW, OLD, bot.process.pid)
    assert fresh.since > bot.instance.since
    assert not request.exists()


@needs_process
async def test_a_no_and_a_silence_are_told_apart_and_leave_no_request(tmp_path: Path, bot: Bot) -> None:
    bot.health = {"revision": OLD, "reload": {"revision": OLD, "failed": "of another question"}}
    with pytest.raises(Unavailable, match="did not read the data in time"):
        await hot_path.reload(tmp_path, bot.instance, NEW, 0.3)
    bot.health = {"revision": OLD, "reload": {"revision": NEW, "failed": "joke.toml is not TOML"}}
    with pytest.raises(Denied, match=r"joke\.toml is not TOML"):
        await hot_path.reload(tmp_path, bot.instance, NEW, 30.0)
    assert list((tmp_path / hot_path.REQUESTS).iterdir()) == []


@needs_process
async def test_who_is_not_ours_or_does_not_know_how_is_sent_no_signal(
    tmp_path: Path, bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[int] = []
    monkeypatch.setattr(os, "kill", lambda pid, number: sent.append(pid if number == signal.SIGHUP else 0))
    with pytest.raises(Denied, match="is gone"):
        await hot_path.reload(tmp_path / "another", bot.instance, NEW, 1.0)
    bot.health = {"revision": OLD}
    with pytest.raises(Denied, match="cannot read data anew"):
        await hot_path.reload(tmp_path, bot.instance, NEW, 1.0)
    assert sent == []


class Forged:
    """A repository with the product's data, and what a hostile commit makes of it."""

    def __init__(self, folder: Path) -> None:
        self.tree = folder / "tree"
        for name in ("bot/chat/intents/joke.toml", "bot/chat/texts/de.toml", "bot/chat/service.py", "secret"):
            (self.tree / name).parent.mkdir(parents=True, exist_ok=True)
            (self.tree / name).write_text(f"{name} as it was, line by line\n" * 20)
        self.git("init", "-q", "-b", "main")
        self.base = self.commit()

    def git(self, *words: str) -> str:
        identity = ["-c", "user.name=mallory", "-c", "user.email=m@b"]
        done = subprocess.run(["git", *identity, *words], cwd=self.tree, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def commit(self) -> Sha:
        self.git("add", "--force", ".")
        self.git("commit", "-q", "--allow-empty", "-m", "data: a better joke")
        return Sha(self.git("rev-parse", "HEAD"))


def _linked(tree: Path) -> None:
    (tree / JOKE).unlink()
    (tree / JOKE).symlink_to("../../../secret")


def _linked_folder(tree: Path) -> None:
    (tree / "bot/chat/intents").rename(tree / "docs")
    (tree / "bot/chat/intents").symlink_to("../../docs")


def _nested(tree: Path) -> None:
    (tree / "bot/chat/intents/joke.toml").unlink()
    (tree / "bot/chat/intents/joke.toml").mkdir()
    (tree / "bot/chat/intents/joke.toml" / "x.toml").write_text("x\n")


@needs_process
@pytest.mark.parametrize(
    "smuggle",
    [
        lambda tree: (tree / "bot/chat/intents/joke.py").write_text("import os\n"),
        lambda tree: (tree / "bot/chat/intents/__init__.py").write_text("import os\n"),
        lambda tree: (tree / "bot/sitecustomize.py").write_text("import os\n"),
        lambda tree: (tree / "sitecustomize.pth").write_text("import os\n"),
        lambda tree: (tree / JOKE).chmod(0o755),
        lambda tree: (tree / JOKE).write_bytes(b"a = 1\n" * 60_000),
        lambda tree: (tree / JOKE).write_bytes(bytes(2000)),
        lambda tree: (tree / "bot/chat/service.py").rename(tree / "bot/chat/intents/service.toml"),
        lambda tree: (tree / JOKE).rename(tree / "bot/chat/joke.py"),
        lambda tree: (tree / "bot/chat/service.py").unlink(),
        _linked,
        _linked_folder,
        _nested,
    ],
)
def test_a_commit_that_brings_anything_else_along_asks_for_a_new_process(tmp_path: Path, smuggle: Any) -> None:
    town = Forged(tmp_path)
    bot, known = Instance(town.base, 1, 1, 1.0), GitRepository(town.tree)
    (town.tree / "bot/chat/texts/de.toml").write_text("better = 'so'\n")
    (town.tree / "docs").mkdir()
    (town.tree / "docs" / "joke.md").write_text("said\n")
    assert hot_path.may_reload(known, bot, town.commit()).passed
    shutil.rmtree(town.tree / "docs")
    smuggle(town.tree)
    found = hot_path.may_reload(known, bot, town.commit())
    assert not found.passed, found.because
