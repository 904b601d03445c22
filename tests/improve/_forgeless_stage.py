"""A forge that can be away, over deployers that really hold and go back: the embedded one, and a small Argo CD."""

import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Protocol

import pytest

from bot.adapters.argocd.client import ArgoClient, Target
from bot.adapters.argocd.deployer import ArgoDeployer, Ground
from bot.adapters.argocd.transport import Server, Transport
from bot.adapters.git.repository import GitRepository
from bot.adapters.localdeploy import follower as module
from bot.adapters.localdeploy.deployer import LocalDeployer
from bot.adapters.localdeploy.follower import Follower, Plan
from bot.adapters.localdeploy.state import Board, Instance
from bot.core.change import Proposal
from bot.core.errors import Unavailable
from bot.core.ids import Sha
from bot.core.ports import Deployer
from bot.improve.engine import Engine
from bot.policy.reconcile import TABLE
from tests.improve.reverts.conftest import SICK, WARD, Killed, P, Scene
from tests.servers.argocd.cluster import Cluster
from tests.servers.argocd.controller import Controller
from tests.servers.argocd.house import APPLICATION, application, commit, values
from tests.servers.argocd.peer import Peer, running

BAD = {"app/x.py": SICK}
AWAY = frozenset({"*"})


class Flaky:
    """The forge, of which some calls, or all, are not answered."""

    def __init__(self, forge: Any) -> None:
        self._forge = forge
        self.silent: frozenset[str] = frozenset()

    def __getattr__(self, name: str) -> Any:
        if self.silent & {"*", name} and name not in {"name", "desk"}:
            return self._nothing
        return getattr(self._forge, name)

    async def _nothing(self, *_words: object, **_more: object) -> None:
        raise Unavailable("the forge", "no answer")


class Place(Protocol):
    """A deployer and what it stands on."""

    door: Deployer

    def doors(self) -> Mapping[str, Any]:
        """What the engine's context has of it beside the deployer."""
        ...

    def promote(self) -> None:
        """CI writes down the image of what is on the base branch."""
        ...

    async def look(self) -> None: ...
    def forge_is(self, *, away: bool) -> None: ...


class Local:
    """The embedded deployer, whose bots come up at once."""

    def __init__(self, folder: Path, scene: Scene, patch: pytest.MonkeyPatch) -> None:
        self._pids = 0
        (folder / "deploy").mkdir()
        repo = GitRepository(scene.forge.desk.folder / "repo.git")
        plan = Plan(repo, "main", folder / "deploy", lambda _sha: [])
        self._follower = Follower(plan, lambda _event, _facts: None)
        self.board = Board(folder / "deploy")
        self.door: Deployer = LocalDeployer(folder / "deploy", scene.repo)
        clock = SimpleNamespace(time=_seconds(scene.world), monotonic=time.monotonic)
        fakes: dict[str, Any] = {"start": self._start, "answers": self._yes, "end": self._done, "time": clock}
        for name, fake in fakes.items():
            patch.setattr(module, name, fake)
        patch.setattr(module, "marked", lambda _folder: frozenset(range(1, 1 + self._pids)))

    def doors(self) -> Mapping[str, Any]:
        return {"deployer": self.door}

    def promote(self) -> None: ...
    def forge_is(self, *, away: bool) -> None: ...

    async def look(self) -> None:
        await self._follower.step()

    async def _start(self, _tree: Path, sha: Sha, _launch: object) -> Instance:
        self._pids += 1
        return Instance(sha, self._pids, 1000, 1.0)

    async def _yes(self, _instance: Instance) -> bool:
        return True

    async def _done(self, _instance: Instance, **_more: float) -> None: ...


class Argo:
    """Argo CD, which deploys what CI promoted."""

    def __init__(self, scene: Scene, peer: Peer, door: ArgoDeployer) -> None:
        self._repo = GitRepository(scene.forge.desk.folder / "repo.git")
        self.peer = peer
        self.door: Deployer = door
        self._door = door

    def doors(self) -> Mapping[str, Any]:
        return {"deployer": self._door, "promised": self._door.promised, "show": self._door.show}

    def promote(self) -> None:
        commit(self._repo, values(self._repo.resolve("refs/heads/main")))

    async def look(self) -> None:
        if not self.peer.controller.forge_away:
            await self.peer.controller.reconcile(APPLICATION)

    def forge_is(self, *, away: bool) -> None:
        self.peer.controller.forge_away = away

    async def page(self) -> dict[str, str]:
        """What people see on the application's page."""
        document = await self.peer.controller.document()
        return {row["name"]: row["value"] for row in document["spec"]["info"]}


def _seconds(world: Any) -> Callable[[], float]:
    """The test's clock, as `time.time` tells it."""

    def now() -> float:
        return float(world.time.timestamp())

    return now


@asynccontextmanager
async def argo(scene: Scene) -> AsyncIterator[Argo]:
    clock = scene.ctx.clock
    repo = GitRepository(scene.forge.desk.folder / "repo.git")
    commit(repo, values(repo.resolve("refs/heads/main")))
    async with Cluster() as cluster:
        controller = Controller(cluster, repo, APPLICATION, clock=clock)
        async with running(controller) as peer:
            await cluster.create(application())
            client = ArgoClient(
                Transport(Server.at(peer.url, "all-rights", patience=2.0)), Target(APPLICATION, "", "megawatts")
            )
            yield Argo(scene, peer, ArgoDeployer(client, Ground(scene.repo, scene.ctx.records, clock)))


@dataclass
class Stage:
    """A scene whose forge can be away, and one controller at a time."""

    scene: Scene
    place: Place
    forge: Flaky
    engine: Engine = field(init=False)

    def __post_init__(self) -> None:
        self.engine = self.fresh()

    @property
    def world(self) -> Any:
        return self.scene.world

    def fresh(self, **doors: Any) -> Engine:
        """A controller that remembers nothing."""
        return self.scene.fresh(**{"forge": self.forge, **self.place.doors(), **doors})

    def away(self, *calls: str) -> None:
        self.forge.silent = frozenset(calls) or AWAY
        self.place.forge_is(away=True)

    def back(self) -> None:
        self.forge.silent = frozenset()
        self.place.forge_is(away=False)

    async def rounds(self, count: int) -> None:
        for _ in range(count):
            await self.scene.rounds(1, self.engine)
            await self.place.look()

    async def until(self, done: Callable[[], Any], limit: int = 40) -> None:
        for _ in range(limit):
            if await done():
                return
            await self.rounds(1)
        told = [(name, str(facts)[:160]) for name, facts in self.world.events[-12:]]
        pytest.fail(f"it did not come to that; last of all: {told}")

    async def wait_a_minute(self) -> None:
        """The forge is noticed to be away, and time passes."""
        await self.rounds(1)
        self.world.time += timedelta(seconds=61)

    async def running(self) -> Sha | None:
        return (await self.place.door.rollout(Sha("9" * 40))).running

    async def held(self) -> bool:
        return (await self.place.door.rollout(Sha("9" * 40))).held

    async def deployed(self, files: Mapping[str, bytes | None], *labels: str) -> Proposal:
        """A merge that runs, and that the controller has seen."""
        made = await self.scene.merge(files, *labels)
        self.place.promote()
        await self.place.look()
        await self.rounds(1)
        assert (await self.place.door.rollout(Sha(str(made.merged_as)))).contains
        return made

    def rows(self) -> list[Any]:
        return list(self.scene.ctx.records.scan(TABLE))

    def audited(self, act: str) -> list[str]:
        return [entry.subject for entry in self.scene.ctx.audit.entries() if entry.act == act]

    def told(self, event: str) -> list[str]:
        return [str(facts["because"]) for facts in self.world.saw(event)]

    def dies_at(self, *points: str) -> list[str]:
        """The controller is killed when it first comes to each, and forgets everything. Where it died so far."""
        died: list[str] = []

        def die(name: str) -> None:
            if name in points and name not in died:
                died.append(name)
                self.engine = self.fresh(crash_point=die)
                raise Killed("this test")

        self.engine = self.fresh(crash_point=die)
        return died


@asynccontextmanager
async def stage_of(name: str, world: Any, folder: Path, patch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    """A stage on which the first commit runs."""
    scene = Scene(world)
    path = ".github/charter.toml"
    text = scene.repo.read(await scene.forge.main(), P(path)) or b""
    await scene.by_hand({path: text + b"minimum = 2\n" + WARD})
    scene.ctx = replace(scene.ctx, elapsed=None)
    if name == "local":
        made = Stage(scene, Local(folder, scene, patch), Flaky(scene.forge))
        await made.place.look()
        yield made
        return
    async with argo(scene) as place:
        await place.look()
        yield Stage(scene, place, Flaky(scene.forge))
