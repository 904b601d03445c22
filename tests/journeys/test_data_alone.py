"""Data alone under Argo CD: what is promoted is read by pods that run, or by none; and no process starts anew."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.argocd.client import ArgoClient, Target
from bot.adapters.argocd.deployer import ArgoDeployer, Ground
from bot.adapters.argocd.transport import Server, Transport
from bot.adapters.prometheus import running
from bot.adapters.prometheus.client import Server as Metrics
from bot.app.bot_wiring import DATA
from bot.core.case import Revert
from bot.core.errors import Misconfigured
from bot.core.health import Rollout
from bot.core.ids import Sha
from bot.improve.data_promotions import as_values, bundle
from bot.policy.hot_path import FOLDER, is_data
from bot.policy.promotion import with_data, written
from bot.policy.watch import after_merge
from tests.app.test_bot_process import Process, boot
from tests.deploy import crds
from tests.policy.builders import CHARTER, case, proposal
from tests.servers import prometheus as servers
from tests.servers.argocd.controller import VALUES
from tests.servers.argocd.house import APPLICATION, House, built
from tests.servers.argocd.mounts import config_map, edited, swap

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(not crds.there(), reason=crds.ABSENT),
]
OPEN = """bot:
  image:
    repository: ghcr.io/o/b
    digest: ""
    commit: unknown
  data:
    enabled: true
    revision: ""
    sha256: ""
    content: ""
"""
THANKS = '[patterns]\nen = ["^thanks$"]\n[replies.ok]\nen = ["With pleasure."]\n'
TUNING = (DATA / "tuning.toml").read_text()


@dataclass
class Cluster:
    """A house whose pods are bots with a mount each."""

    house: House
    deployer: ArgoDeployer
    prometheus: servers.Prometheus
    folder: Path
    code: Sha
    pods: list[Process]

    def mount(self, number: int, data: dict[str, str] | None = None) -> None:
        found = data or config_map(self.house.repo, self.house.argo.applied)
        swap(self.folder / f"mount-{number}", found)

    def changed(self, **files: str) -> Sha:
        """A merge that changes data below bot/chat."""
        names = {"thanks": "intents/thanks.toml", "tuning": "tuning.toml", "code": "intents/code.py"}
        return self.house.commit({str(FOLDER / names[name]): text for name, text in files.items()})

    async def promoted(self, commit: Sha) -> None:
        """The workflow: data alone if that is all, or else an image. Argo CD looks at git."""
        repo = self.house.repo
        before = (repo.read(self.house.argo.head(), VALUES) or b"").decode()
        try:
            after = with_data(before, as_values(bundle(repo, self.code, commit)))
        except Misconfigured:
            after = written(before, f"sha256:{commit}{'0' * 24}", commit)
        self.house.commit({str(VALUES): after})
        await self.house.argo.reconcile(APPLICATION)
        assert self.house.argo.applied == self.house.argo.head()

    async def told(self, commit: Sha, holds: Callable[[Rollout], bool]) -> Rollout:
        """What the deployer says of a commit, once it says so."""
        async with asyncio.timeout(60):
            while not holds(found := await self.deployer.rollout(commit)):  # noqa: ASYNC110  (another process)
                await asyncio.sleep(0.1)
        return found


async def until(ask: Callable[[], Awaitable[Any]], holds: Callable[[Any], bool]) -> Any:
    async with asyncio.timeout(60):
        while not holds(said := await ask()):  # noqa: ASYNC110  (another process)
            await asyncio.sleep(0.05)
    return said


@asynccontextmanager
async def standing(folder: Path, prometheus: servers.Prometheus) -> AsyncIterator[Cluster]:
    """Two pods of one image."""
    async with AsyncExitStack() as stack:
        house = await stack.enter_async_context(built(folder, deployed=False))
        ours = {FOLDER / path.relative_to(DATA): path for path in DATA.rglob("*") if path.is_file()}
        code = house.commit({str(name): path.read_text() for name, path in ours.items() if is_data(name)})
        house.commit({str(VALUES): written(OPEN, f"sha256:{code}{'0' * 24}", code)})
        await house.argo.reconcile(APPLICATION)
        client = ArgoClient(Transport(Server.at(house.peer.url, "all-rights")), Target(APPLICATION, "", "megawatts"))
        said = partial(running.said, Metrics(prometheus.url))
        deployer = ArgoDeployer(client, Ground(house.repo, house.records, house.argo.clock, said=said))
        made = Cluster(house, deployer, prometheus, folder, code, [])
        for number in (0, 1):
            made.mount(number)
        made.pods = [await stack.enter_async_context(pod(made, number)) for number in (0, 1)]
        prometheus.scrape(bot=[f"127.0.0.1:{one.ready['port']}" for one in made.pods])
        yield made


def pod(cluster: Cluster, number: int, code: Sha | None = None) -> Any:
    words = ("--revision", code or cluster.code, "--data", str(cluster.folder / f"mount-{number}"))
    return boot(cluster.folder / f"home-{number}-{code}", *words)


async def test_pods_read_data_refuse_what_does_not_hold_and_code_goes_by_image(
    prometheus: servers.Prometheus, tmp_path: Path
) -> None:
    async with standing(tmp_path, prometheus) as cluster:
        assert (await cluster.told(cluster.code, lambda found: found.ready)).contains
        for text in ("The party is on Friday.", "The hall key is with Dora.", "Bring cake on Friday."):
            await cluster.pods[0].chat(text)
        good = await data_is_read_by_one_pod_after_another(cluster)
        revert = await data_that_does_not_hold_is_taken_back(cluster, good)
        await a_hand_edit_is_refused_and_blames_nobody(cluster, revert)
        await code_goes_by_image_and_ends_what_was_beside_it(cluster, revert)


async def data_is_read_by_one_pod_after_another(cluster: Cluster) -> Sha:
    good = cluster.changed(thanks=THANKS)
    await cluster.promoted(good)
    assert cluster.house.argo.code(cluster.house.argo.applied) == cluster.code, "no other image"
    found = await cluster.deployer.rollout(good)
    assert (found.contains, found.failed, found.running) == (False, "", cluster.code)
    assert "0 of 2 pods" in found.facts["because"]
    cluster.mount(0)
    found = await cluster.told(good, lambda found: found.contains)
    assert (found.ready, found.previous, found.facts["because"]) == (
        False, cluster.code, "progressing: 1 of 2 pods have read its data",
    )  # fmt: skip
    cluster.mount(1)
    found = await cluster.told(good, lambda found: found.ready)
    assert (found.running, found.contains, found.previous) == (good, True, None)
    assert found.facts["image"] == cluster.code
    for one in cluster.pods:
        health = await one.get("/health")
        assert (health["pid"], health["revision"], health["reload"]["failed"]) == (one.process.pid, good, "")
        assert (await one.chat("thanks"))["text"] == "With pleasure."
    assert "Friday" in (await cluster.pods[0].chat("!summary"))["text"]
    return good


async def data_that_does_not_hold_is_taken_back(cluster: Cluster, good: Sha) -> Sha:
    bad = cluster.changed(thanks=THANKS.replace("pleasure", "delight"), tuning=TUNING.replace("= ", "= -", 1))
    await cluster.promoted(bad)
    for number in (0, 1):
        cluster.mount(number)
    found = await cluster.told(bad, lambda found: bool(found.failed))
    assert not found.contains
    assert found.wanted == bad
    for one in cluster.pods:
        health = await until(partial(one.get, "/health"), lambda told: bool(told["reload"]["failed"]))
        assert "tuning.toml" in health["reload"]["failed"]
        assert (health["status"], health["revision"]) == ("ok", good), "all of the old is kept"
        assert (await one.chat("thanks"))["text"] == "With pleasure."
    now = cluster.house.argo.clock()
    watched = replace(case(), proposal=proposal(merged_as=bad, merged_at=now), rollout=found)
    step = after_merge(watched, CHARTER, now)
    assert isinstance(step, Revert), step
    revert = cluster.changed(thanks=THANKS, tuning=TUNING)
    await cluster.promoted(revert)
    for number in (0, 1):
        cluster.mount(number)
    assert (await cluster.told(revert, lambda found: found.contains and found.ready)).running == revert
    assert (await cluster.told(bad, lambda found: found.contains)).failed == "", "what runs contains both"
    return revert


async def a_hand_edit_is_refused_and_blames_nobody(cluster: Cluster, revert: Sha) -> None:
    honest = config_map(cluster.house.repo, cluster.house.argo.applied)
    other = bundle(cluster.house.repo, cluster.code, cluster.changed(thanks=THANKS.replace("pleasure", "scorn")))
    cluster.mount(0, edited(honest, content=other.content))
    one = cluster.pods[0]
    said = await until(lambda: one.get("/health"), lambda health: bool(health["reload"]["failed"]))
    assert "it was edited" in said["reload"]["failed"]
    assert said["revision"] == revert
    assert (await one.chat("thanks"))["text"] == "With pleasure."
    refused = 'megawatts_data_refused{because="hash"} == 1'
    await until(lambda: asyncio.to_thread(cluster.prometheus.query, refused), bool)
    found = await cluster.deployer.rollout(revert)
    assert (found.running, found.failed) == (revert, ""), "nobody's commit is to blame"
    cluster.mount(0)
    await until(lambda: one.get("/health"), lambda health: not health["reload"]["failed"])


async def code_goes_by_image_and_ends_what_was_beside_it(cluster: Cluster, revert: Sha) -> None:
    code = cluster.changed(code="x = 1\n", thanks=THANKS)
    await cluster.promoted(code)
    argo = cluster.house.argo
    assert (argo.code(argo.applied), argo.product(argo.applied)) == (code, code)
    assert json.loads(config_map(cluster.house.repo, argo.applied)["data.json"])["content"] == ""
    for number in (0, 1):
        cluster.mount(number)
    said = await until(lambda: cluster.pods[0].get("/health"), lambda health: bool(health["reload"]["failed"]))
    assert said["revision"] == revert, "a pod of the image before keeps its data until it ends"
    async with pod(cluster, 0, code) as fresh:
        assert fresh.ready["revision"] == code
        assert (await fresh.get("/health"))["reload"] == {"revision": "", "failed": ""}
    assert [one.process.returncode for one in cluster.pods] == [None, None], "no process of before was restarted"
