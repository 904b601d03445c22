"""The same on the real road: GitHub's peer, Argo CD's, Prometheus, and a controller process with their settings."""

import asyncio
import os
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath

import tomlkit

from bot.adapters.git.repository import GitRepository
from bot.core.change import Patch, Proposal
from bot.core.ids import Sha
from bot.core.ports import Forge
from bot.policy import charter as charters
from bot.policy.promotion import written
from tests.journeys import _road_stage as road
from tests.journeys._place import Place, answer, git
from tests.journeys._road_named import named
from tests.journeys._road_stage import Stage
from tests.servers.argocd.controller import VALUES
from tests.servers.github.peer import GitHub
from tests.servers.prometheus import PATIENCE, Prometheus, free_port

STAGES = ["scope", "security", "dependencies", "approval"]
"""The stages are the same wherever the forge is, and the embedded place runs them all: here a few that are quick."""


class RoadPlace(Place):
    """Nothing of the forge or of what runs is in the home folder. GitHub and Argo CD go on in a thread of their own."""

    beside = ()
    stages = len(STAGES)

    def __init__(self, folder: Path, hub: GitHub, prometheus: Prometheus) -> None:
        self._folder, self._hub, self._prometheus = folder, hub, prometheus
        self._port = free_port()
        self._ready, self._over = threading.Event(), threading.Event()
        self._broken: list[BaseException] = []
        self.stage: Stage
        super().__init__(folder)

    def _found(self, template: Path) -> Forge:
        charter = template / charters.PATH
        document = tomlkit.parse(charter.read_text())
        document["stages"] = STAGES
        charter.write_text(tomlkit.dumps(document))
        git(template, "commit", "-q", "-a", "-m", "chore: judge by few stages")
        first = git(template, "rev-parse", "HEAD")
        values = template / VALUES
        values.write_text(written(values.read_text(), f"sha256:{first}{'0' * 24}", first))
        git(template, "commit", "-q", "-a", "-m", "deploy(production): the first")
        git(self._folder, "clone", "-q", "--bare", str(template), "product.git")
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._ready.wait(PATIENCE * 2), self._broken
        assert not self._broken, self._broken
        clone = GitRepository.mirror(self.bare.path, self._folder / "onlooker.git")
        return self.stage.place.forge(clone)

    def _run(self) -> None:
        try:
            asyncio.run(self._stand())
        except BaseException as error:  # noqa: BLE001  (it is told to the test, which waits in another thread)
            self._broken.append(error)
        finally:
            self._ready.set()

    async def _stand(self) -> None:
        """All that is outside of the controller, until `stop`."""
        bare = self._folder / "product.git"
        async with road.stage(self._hub, self._prometheus, bare, self._folder) as self.stage:
            self.stage.events.controller = f"http://127.0.0.1:{self._port}/webhook"
            self._ready.set()
            await asyncio.to_thread(self._over.wait)

    @property
    def bare(self) -> GitRepository:
        return self.stage.pods.repo

    def environment(self) -> Mapping[str, str]:
        """Only the controller is started here: the road's settings, by their names."""
        return {**os.environ, **named(replace(self.stage.settings(), controller_port=self._port))}

    def dead(self) -> str:
        broken = [*self._broken, *self.stage.pods.broken]
        return f"outside, {broken[0]!r}" if broken else super().dead()

    def runs(self, sha: Sha) -> bool:
        pod = self.stage.pods.running.get(sha)
        return self.stage.pods.newest == sha and pod is not None and pod.ready and answer(pod.port) == sha

    def main(self) -> Sha:
        """What the values file names: the commit of the image, not that of its promotion."""
        pods = self.stage.pods
        return pods.product(pods.head())

    def files(self, sha: Sha) -> dict[PurePosixPath, object]:
        return {path: blob for path, blob in super().files(sha).items() if path != VALUES}

    def opened(self, branch: str, files: Mapping[PurePosixPath, bytes], title: str) -> tuple[int, Sha]:
        """Ada pushes a branch and opens a pull request by GitHub's API."""
        with self._hub.front.lock:
            head = self.bare.commit(Patch(self.bare.resolve("refs/heads/main"), files), title, author="Ada")
            self.bare.branch(branch, head)
        asked = {"title": title, "head": branch, "base": "main", "body": "A word of thanks."}
        return int(self.stage.place.do("ada", "POST", "/pulls", asked)["number"]), head

    def push(self, proposal: Proposal, files: Mapping[PurePosixPath, bytes], message: str) -> Sha:
        with self._hub.front.lock:
            head = self.bare.commit(Patch(proposal.head, files), message, author="Somebody")
            self.bare.branch(proposal.branch, head, expecting=proposal.head)
        return head

    def approve(self, pull: int, head: Sha) -> None:
        self.stage.place.review("maintainer", pull, "APPROVE", "fine", head)

    def stop(self) -> None:
        super().stop()
        self._over.set()
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive(), "what is outside did not end"
