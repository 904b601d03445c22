"""What any deployer behind the house's door must do: say what runs, never blame the wrong commit, and stand still."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Protocol

import pytest

from bot.adapters.localdeploy import follower as module
from bot.adapters.localdeploy.deployer import LocalDeployer
from bot.adapters.localdeploy.follower import Follower, Plan
from bot.adapters.localdeploy.process import BotFailed
from bot.adapters.localdeploy.state import Board, Instance
from bot.core.errors import Denied
from bot.core.ids import Sha
from bot.core.ports import Deployer
from tests.deploy import crds
from tests.servers.argocd.house import House, built, commit, copied

pytestmark = pytest.mark.integration  # they run git, and a server

NOBODY = Sha("9" * 40)


class Place(Protocol):
    """A deployer, and the ground it stands on. Merges are deployed at once, unless that is held."""

    door: Deployer

    async def merge(self, text: str) -> Sha: ...
    async def look(self) -> None: ...
    def breaks(self, text: str) -> None: ...


class Local:
    """The embedded deployer over a real repository; its bots come up, or do not, as the test says."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.repo = copied(folder)
        self._broken: set[str] = set()
        self._pids = 0
        (folder / "deploy").mkdir()
        plan = Plan(self.repo, "main", folder / "deploy", lambda _sha: [])
        self._follower = Follower(plan, lambda _event, _facts: None)
        self.door: Deployer = LocalDeployer(folder / "deploy", self.repo)
        self.board = Board(folder / "deploy")
        for name, fake in (("start", self._start), ("answers", self._answers), ("end", self._end)):
            monkeypatch.setattr(module, name, fake)
        monkeypatch.setattr(module, "marked", lambda _folder: frozenset(range(1, 1 + self._pids)))

    def breaks(self, text: str) -> None:
        self._broken.add(text)

    async def merge(self, text: str) -> Sha:
        made = commit(self.repo, {"bot/x.py": text})
        await self.look()
        return made

    async def look(self) -> None:
        for _ in range(module.TRIES):
            self._follower._not_before = 0.0
            await self._follower.step()

    async def _start(self, tree: Path, sha: Sha, _launch: object) -> Instance:
        if (tree / "bot" / "x.py").read_text() in self._broken:
            raise BotFailed("the bot", "it ended with code 1")
        self._pids += 1
        return Instance(sha, self._pids, 1000, 1.0)

    async def _answers(self, _instance: Instance) -> bool:
        return True

    async def _end(self, _instance: Instance, **_more: float) -> None: ...


class Argo:
    """Argo CD, whose merges have their image promoted as well."""

    def __init__(self, house: House) -> None:
        self._house = house
        house.argo.window_closed = True  # nothing is deployed before the first merge
        self._broken: set[str] = set()
        self.door: Deployer = house.deployer

    def breaks(self, text: str) -> None:
        self._broken.add(text)

    async def merge(self, text: str) -> Sha:
        self._house.argo.window_closed = False
        made = await self._house.merged(text, promote=False)
        if text in self._broken:
            self._house.argo.breaks[made] = "it ended with code 1"
        self._house.promote(made)
        await self.look()
        return made

    async def look(self) -> None:
        await self._house.argo.reconcile("megawatts-bot")


@pytest.fixture(params=["local", "argocd"])
async def place(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Place]:
    if request.param == "local":
        yield Local(tmp_path, monkeypatch)
        return
    if not crds.there():
        pytest.skip(crds.ABSENT)
    async with built(tmp_path, deployed=False) as house:
        yield Argo(house)


async def test_where_nothing_runs_nothing_is_ready(place: Place) -> None:
    found = await place.door.rollout(NOBODY)
    assert (found.running, found.contains, found.ready, found.previous) == (None, False, False, None)
    assert (found.wanted, found.failed, found.held) == (NOBODY, "", False)


async def test_what_runs_contains_itself_and_what_came_before_it(place: Place) -> None:
    one = await place.merge("one\n")
    first = await place.door.rollout(one)
    assert (first.running, first.contains, first.ready, first.failed) == (one, True, True, "")
    two = await place.merge("two\n")
    for sha in (one, two):
        found = await place.door.rollout(sha)
        assert (found.wanted, found.running, found.contains, found.ready) == (sha, two, True, True)
        assert found.at >= first.at
    assert (await place.door.rollout(two)).previous == one, "kept warm, as the control"


async def test_an_unknown_commit_is_neither_contained_nor_blamed(place: Place) -> None:
    one = await place.merge("one\n")
    found = await place.door.rollout(NOBODY)
    assert (found.running, found.contains, found.ready, found.failed) == (one, False, True, "")


async def test_only_the_commit_that_does_not_start_is_blamed(place: Place) -> None:
    one = await place.merge("one\n")
    place.breaks("bad\n")
    bad = await place.merge("bad\n")
    found = await place.door.rollout(bad)
    assert "it ended with code 1" in found.failed
    assert (found.running, found.contains, found.ready) == (one, False, True)
    assert (await place.door.rollout(one)).failed == ""
    good = await place.merge("good\n")
    assert (await place.door.rollout(good)).failed == ""
    assert (await place.door.rollout(bad)).contains, "a later commit that starts carries it"


async def test_a_hold_stands_still_until_it_is_released(place: Place) -> None:
    one = await place.merge("one\n")
    await place.door.hold("incident")
    await place.door.hold("incident")
    two = await place.merge("two\n")
    found = await place.door.rollout(two)
    assert (found.running, found.contains, found.held, found.failed) == (one, False, True, "")
    await place.door.release()
    await place.look()
    found = await place.door.rollout(two)
    assert (found.running, found.contains, found.held) == (two, True, False)
    await place.door.release()
    await place.look()
    assert (await place.door.rollout(two)).running == two


async def test_a_rollback_goes_back_and_stays_until_released(place: Place) -> None:
    one = await place.merge("one\n")
    two = await place.merge("two\n")
    await place.door.hold("the forge is away")
    await place.door.roll_back(one, "errors doubled")
    await place.look()
    found = await place.door.rollout(two)
    assert (found.running, found.contains, found.held, found.failed) == (one, False, True, "")
    await place.door.roll_back(one, "errors doubled")
    await place.look()
    assert (await place.door.rollout(one)).running == one
    await place.merge("three\n")
    assert (await place.door.rollout(one)).running == one, "held: what git says waits"
    await place.door.release()
    await place.look()
    assert (await place.door.rollout(two)).contains, "it follows git again, which never took it back"


async def test_nothing_goes_back_that_is_not_held(place: Place) -> None:
    """What follows git would undo it at once."""
    one = await place.merge("one\n")
    two = await place.merge("two\n")
    with pytest.raises(Denied, match=r"no rollback to .*hold"):
        await place.door.roll_back(one, "errors doubled")
    await place.look()
    found = await place.door.rollout(two)
    assert (found.running, found.contains, found.held) == (two, True, False)


async def test_why_a_commit_does_not_run_is_said(place: Place) -> None:
    one = await place.merge("one\n")
    assert (await place.door.rollout(one)).facts.get("because", "") == ""
    await place.door.hold("incident")
    two = await place.merge("two\n")
    assert (await place.door.rollout(two)).facts["because"] == "held: incident"
    await place.door.release()
    await place.look()
    assert (await place.door.rollout(two)).facts.get("because", "") == ""


async def test_promotion_moves_no_other_commit(place: Place) -> None:
    one = await place.merge("one\n")
    for sha in (one, one, NOBODY):
        await place.door.promote(sha)
        await place.look()
        assert (await place.door.rollout(one)).running == one


async def test_looking_changes_nothing(place: Place) -> None:
    one = await place.merge("one\n")
    first = await place.door.rollout(one)
    assert await asyncio.gather(*(place.door.rollout(one) for _ in range(3))) == [first] * 3
