"""Data reaches running bots without a new process: real bots, a real repository, members who talk all the while."""

import asyncio
import json
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.adapters.git.repository import GitRepository
from bot.adapters.localdeploy import follower as module
from bot.adapters.localdeploy.follower import Follower, Plan
from bot.adapters.localdeploy.process import alive
from bot.adapters.localdeploy.state import Board, Instance, State
from bot.core.ids import Sha

pytestmark = pytest.mark.integration  # they start bots
ROOT = Path(__file__).parents[3]
THANKS = "bot/chat/intents/thanks.toml"
LISTED = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "bot")


class Town:
    """A repository of this product, its deployer, and a member who says thanks."""

    def __init__(self, folder: Path) -> None:
        self.source, self.folder = folder / "source", folder / "home" / "deploy"
        listed = subprocess.run(LISTED, cwd=ROOT, check=True, capture_output=True, text=True)
        for name in filter(None, listed.stdout.split("\0")):
            if (ROOT / name).is_file():
                (self.source / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, self.source / name)
        self.git("init", "-q", "-b", "main")
        self.folder.mkdir(parents=True)
        self.says("It is a pleasure.")
        self.events: list[tuple[str, dict[str, str]]] = []
        home = str(folder / "home")
        plan = Plan(
            GitRepository(self.source), "main", self.folder,
            lambda sha: ["-m", "bot", "bot", "--port", "0", "--home", home, "--revision", sha],
            reload=True,
        )  # fmt: skip
        self.follower = Follower(plan, lambda event, facts: self.events.append((event, facts)))

    def git(self, *words: str) -> str:
        identity = ["-c", "user.name=ada", "-c", "user.email=a@b"]
        done = subprocess.run(["git", *identity, *words], cwd=self.source, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def commit(self) -> Sha:
        self.git("add", "--force", ".")
        self.git("commit", "-q", "--allow-empty", "-m", "next")
        return Sha(self.git("rev-parse", "HEAD"))

    def says(self, text: str) -> Sha:
        """A commit in which the bot answers thanks with this."""
        quoted = json.dumps([text])
        (self.source / THANKS).write_text(f'[patterns]\nen = ["^thanks$"]\n[replies.ok]\nen = {quoted}\n')
        return self.commit()

    def heard(self, event: str) -> list[dict[str, str]]:
        return [facts for name, facts in self.events if name == event]

    async def step(self) -> State:
        await self.follower.step()
        return Board(self.folder).state()

    async def reply(self, session: aiohttp.ClientSession, port: int, user: str = "ann") -> tuple[int, dict[str, Any]]:
        body = {"user": user, "channel": "hall", "text": "thanks"}
        async with session.post(f"http://127.0.0.1:{port}/chat", json=body) as answer:
            return answer.status, await answer.json()

    async def read(self, session: aiohttp.ClientSession, bot: Instance | None, path: str) -> Any:
        assert bot is not None
        async with session.get(f"http://127.0.0.1:{bot.port}{path}") as answer:
            return await answer.json() if path != "/metrics" else await answer.text()


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[tuple[Town, aiohttp.ClientSession]]:
    made = Town(folder)
    async with aiohttp.ClientSession() as session:
        await made.follower.router.start(0)
        try:
            yield made, session
        finally:
            await made.follower.router.stop()
            await made.follower.shut_down()


def pid(bot: Instance | None) -> int:
    assert bot is not None
    return bot.pid


# A bot outlives what started it: that is meant so.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_data_goes_to_the_warm_bot_code_to_a_new_one_and_broken_data_to_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAUSE", 0.0)
    async with opened(tmp_path) as (town, session):
        first = await town.step()
        assert first.current is not None, town.events
        second = town.says("Any time.")
        both = await town.step()
        assert pid(both.current) != pid(first.current), "without a warm bot a new one is started"
        assert both.previous == first.current

        third = town.says("You are welcome indeed.")
        stop = asyncio.Event()
        talk = asyncio.create_task(chatter(town, session, town.follower.router.port, stop))
        new = await town.step()
        stop.set()
        said = await talk
        assert {status for status, _body in said} == {200}, "nobody is disturbed"
        assert {body["revision"] for _status, body in said} <= {first.current.sha, second, third}
        assert (pid(new.current), new.current.sha) == (pid(first.current), third)  # type: ignore[union-attr]
        assert new.current.code == first.current.sha  # type: ignore[union-attr]
        assert new.previous == both.current, "what it is compared with is as it was"
        assert new.split
        await serves(town, session, new.current, third, "You are welcome indeed.")
        await serves(town, session, new.previous, second, "Any time.")

        await broken(town, session, new, third, second)

        back = town.says("You are welcome indeed.")
        taken_back = await town.step()
        assert pid(taken_back.current) == pid(new.previous), "a revert of data goes the same way"
        await serves(town, session, taken_back.current, back, "You are welcome indeed.")
        await serves(town, session, taken_back.previous, third, "You are welcome indeed.")

        (town.source / "bot" / "chat" / "extra.py").write_text("EXTRA = 1\n")
        code = town.says("With new code.")
        started = await town.step()
        assert pid(started.current) not in {pid(new.current), pid(new.previous)}
        assert started.current.code is None  # type: ignore[union-attr]
        await serves(town, session, started.current, code, "With new code.")
        assert not alive(pid(taken_back.previous))
        trees = {one.name for one in (town.folder / "trees").iterdir()}
        assert trees == {code, back, taken_back.current.code}, "code that runs stays where it was loaded from"  # type: ignore[union-attr]
        assert len(town.heard("reloaded")) == 2
        assert list((town.folder / "reload").iterdir()) == []


async def chatter(
    town: Town, session: aiohttp.ClientSession, port: int, stop: asyncio.Event
) -> list[tuple[int, dict[str, Any]]]:
    said: list[tuple[int, dict[str, Any]]] = []
    while not stop.is_set() or len(said) < 20:
        said.append(await town.reply(session, port, f"member-{len(said) % 40}"))
        await asyncio.sleep(0.02)
    return said


async def serves(town: Town, session: aiohttp.ClientSession, bot: Instance | None, sha: Sha, text: str) -> None:
    """Everything that names the revision names that one, and members are answered by its data."""
    assert bot is not None
    status, body = await town.reply(session, bot.port, "somebody")
    assert (status, body["text"], body["revision"]) == (200, text, sha)
    assert [(await town.read(session, bot, path))["revision"] for path in ("/healthz", "/readyz", "/health")] == [
        sha
    ] * 3
    page = await town.read(session, bot, "/metrics")
    builds = [line for line in page.splitlines() if line.startswith("megawatts_build_info{")]
    assert len(builds) == 1
    assert f'revision="{sha}"' in builds[0]


async def broken(town: Town, session: aiohttp.ClientSession, before: State, third: Sha, second: Sha) -> None:
    """An intent that does not hold: neither bot takes any of that commit, and it is not deployed."""
    (town.source / "bot/chat/intents/joke.toml").write_text("patterns = 3\n")
    bad = town.says("This must not be heard.")
    for _ in range(2):
        state = await town.step()
    assert (state.current, state.previous) == (before.current, before.previous)
    (told, *_again) = town.heard("not reloaded")
    assert "joke.toml" in told["because"]
    assert bad in state.failed
    await serves(town, session, state.current, third, "You are welcome indeed.")
    await serves(town, session, state.previous, second, "Any time.")
    town.git("checkout", "-q", third, "--", "bot/chat/intents/joke.toml")
