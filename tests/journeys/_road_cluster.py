"""A small cluster that Argo CD's peer deploys to: real bot processes as pods, scraped by Prometheus, with members."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.app.settings import without
from bot.app.traffic import Habit, Traffic
from bot.core.ids import Sha
from tests.servers.argocd.cluster import Document
from tests.servers.argocd.controller import Controller
from tests.servers.prometheus import Prometheus, free_port

PASTE = Habit(burst=(9, 11), gap=(0.1, 0.25), rest=(2.6, 3.4))
"""Members who paste a list line by line, within the limit that the product ships with."""
RATE = 16.0
"""Messages a second to each pod, of some fifty members: of fewer, the figures count a few messages a minute each."""


@dataclass
class Pod:
    """One bot process of a product commit, and the members who talk to it."""

    product: Sha
    port: int
    process: asyncio.subprocess.Process | None = None
    ready: bool = False
    members: Traffic | None = None
    _talk: "asyncio.Task[Any] | None" = None

    async def start(self, tree: Path, home: Path, seed: int) -> None:
        argv = ["-B", "-m", "bot", "bot", "--home", str(home), "--revision", self.product, "--port", str(self.port)]
        with (home.parent / f"{home.name}.log").open("wb") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, *argv, cwd=tree, env=without({"PATH": "/usr/bin:/bin"}), stderr=log,
                stdout=asyncio.subprocess.PIPE, stdin=asyncio.subprocess.DEVNULL,
            )  # fmt: skip
        assert self.process.stdout is not None
        line = await self.process.stdout.readline()
        assert line, (home.parent / f"{home.name}.log").read_text()[-2000:]
        assert json.loads(line)["revision"] == self.product
        self.members = Traffic(f"http://127.0.0.1:{self.port}", rate=RATE, seed=seed, habit=PASTE)
        self._talk = asyncio.create_task(self.members.run())
        self.ready = True

    async def end(self) -> None:
        """Members leave first, as they do for a pod that is drained."""
        self.ready = False
        try:
            if self.members is not None and self._talk is not None:
                self.members.stop()
                await self._talk
        finally:  # also where the stage ends while they leave: no process outlives it
            if self.process is not None:
                with suppress(ProcessLookupError):
                    self.process.terminate()
                await self.process.wait()


@dataclass
class Pods(Controller):
    """Argo CD's controller over pods that are processes, as Argo Rollouts steers a canary.

    The version that was promoted last stays warm, and has members, until the newest is promoted; a version in between
    goes when the newest is ready.
    """

    folder: Path = Path()
    prometheus: Prometheus | None = None
    running: dict[Sha, Pod] = field(default_factory=dict)
    stable: Sha | None = None
    newest: Sha | None = None
    ended: list[Pod] = field(default_factory=list)
    """Pods of the past; what their members met is still told."""
    ran: list[tuple[float, Sha]] = field(default_factory=list)
    """When each version was ready: seconds of the loop's clock."""
    broken: list[BaseException] = field(default_factory=list)
    """What went wrong on the stage itself."""
    _tasks: set["asyncio.Task[None]"] = field(default_factory=set)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _owner: "asyncio.Task[Any] | None" = None

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        """One change of the application at a time, as the Kubernetes API's versions see to. A task may enter again."""
        if self._owner is asyncio.current_task():
            yield
            return
        async with self._lock:
            self._owner = asyncio.current_task()
            try:
                yield
            finally:
                self._owner = None

    def head(self) -> Sha:
        return self.repo.resolve("refs/heads/main")

    async def reconcile(self, name: str) -> Document:
        async with self._alone():
            return await super().reconcile(name)

    async def edited(self, document: Document) -> Document:
        async with self._alone():
            return await super().edited(document)

    async def sync(self, found: Document, revision: Sha, *, automatic: bool) -> Document:
        async with self._alone():
            return await super().sync(await self.document(), revision, automatic=automatic)

    def _run(self, product: Sha, status: Document) -> None:
        self.newest = product
        status["health"] = {"status": "Progressing"}
        task = asyncio.get_running_loop().create_task(self._roll_out(product))
        self._tasks.add(task)
        task.add_done_callback(self._over)

    def _over(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.broken.append(error)

    async def _roll_out(self, product: Sha) -> None:
        pod = self.running.get(product)
        if pod is None:
            pod = self.running[product] = Pod(product, free_port())
            self._scraped()  # as pods are found: before they are ready
            tree = self.folder / f"tree-{product[:12]}"
            await asyncio.to_thread(self.repo.materialise, product, tree)
            await pod.start(tree, self.folder / f"home-{product[:12]}", seed=len(self.ran))
        self.ran.append((asyncio.get_running_loop().time(), product))
        if self.newest != product:
            return
        self.stable = self.stable or product
        await self._keep({product, self.stable})
        await self._told()

    async def _told(self) -> None:
        """The status, once pods changed."""
        health = "Healthy" if self.stable == self.newest else "Suspended"
        row = {"group": "argoproj.io", "version": "v1alpha1", "kind": "Rollout", "namespace": "megawatts",
               "name": "megawatts", "status": "Synced", "health": {"status": health}}  # fmt: skip
        async with self._alone():
            await self.change(health={"status": health}, resources=[row])

    async def promoted(self) -> None:
        """The canary takes all traffic, and the version before goes."""
        self.stable = self.newest
        await self._keep({self.newest} if self.newest is not None else set())
        await self._told()

    async def _keep(self, products: set[Sha]) -> None:
        for product in [p for p in self.running if p not in products]:
            pod = self.running.pop(product)
            self.ended.append(pod)
            await pod.end()
        self._scraped()

    def _scraped(self) -> None:
        assert self.prometheus is not None
        self.prometheus.scrape(bot=[f"127.0.0.1:{pod.port}" for pod in self.running.values()])

    def nodes(self) -> list[Document]:
        return [_node(pod) for pod in self.running.values()]

    def met(self, product: Sha) -> dict[str, int]:
        """What members met with one version, by outcome."""
        pods = [pod for pod in (*self.ended, *self.running.values()) if pod.product == product]
        return dict(pods[-1].members.tally.outcomes.get(product, {})) if pods and pods[-1].members else {}

    async def end_all(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._keep(set())


def _node(pod: Pod) -> Document:
    health = {"status": "Healthy"} if pod.ready else {"status": "Progressing"}
    return {
        "version": "v1", "kind": "Pod", "namespace": "megawatts", "name": f"megawatts-{pod.product[:7]}-0",
        "uid": pod.product[:12], "health": health, "createdAt": "2026-11-22T00:00:00Z",
        "networkingInfo": {"labels": {"megawatts.dev/commit": pod.product, "app.kubernetes.io/name": "megawatts"}},
    }  # fmt: skip
