"""Every call against Argo CD's own specification: a proxy refuses each request and each answer that violates it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import ExitStack

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web

from bot.adapters.argocd.client import API, ArgoClient, Target
from bot.adapters.argocd.deployer import ArgoDeployer, Ground
from bot.adapters.argocd.errors import Refused
from bot.adapters.argocd.links import PULL
from bot.adapters.argocd.transport import Server, Transport
from bot.adapters.argocd.watch import Watch
from tests.deploy import crds
from tests.servers.absent import absent
from tests.servers.aimock.peer import Missing
from tests.servers.argocd import prism
from tests.servers.argocd.house import APPLICATION, House, built

pytestmark = [
    pytest.mark.integration,  # it runs node
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(not (crds.there() and prism.SWAGGER.is_file()), reason=prism.ABSENT),
]
ROLLOUT = {
    "group": "argoproj.io", "version": "v1alpha1", "kind": "Rollout", "namespace": "megawatts", "name": "bot",
    "status": "Synced", "health": {"status": "Suspended", "message": "CanaryPauseStep"},
}  # fmt: skip


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with built(tmp_path_factory.mktemp("argocd")) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def checked(house: House, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """The address of the proxy."""
    with ExitStack() as stack:
        try:
            proxy = prism.proxy(house.peer.url, tmp_path_factory.mktemp("prism"))
            yield await asyncio.to_thread(stack.enter_context, proxy)
        except Missing as why:
            absent(why)


@pytest.fixture
def client(checked: str) -> ArgoClient:
    return ArgoClient(Transport(Server.at(checked, "all-rights")), Target(APPLICATION, "argocd", "megawatts"))


async def test_every_call_of_the_client(house: House, client: ArgoClient) -> None:
    new = await house.merged("new\n")
    await house.argo.change(resources=[ROLLOUT])
    house.peer.actions = [{"name": "promote-full"}, {"name": "resume", "disabled": True}]
    (one,) = await client.applications()
    assert (await client.get("normal")).metadata.name == one.metadata.name
    await client.get("hard")
    await client.sync(prune=False, why="asked by the loop")
    assert await client.tree()
    assert (await client.windows()).can_sync
    assert [await client.may(action, "*") for action in ("sync", "delete")] == [True, False]
    (rollout,) = (await client.get()).status.resources
    assert {action.name for action in await client.actions(rollout)} == {"promote-full", "resume"}
    await client.act(rollout, "promote-full")
    house.peer.v2 = False
    await client.act(rollout, "resume")
    house.argo.slow = True
    await client.patch({"metadata": {"annotations": {"megawatts.dev/verdict": "well"}}})
    await client.edit({"spec": {"syncPolicy": {"automated": None}}})
    await client.sync(new)
    await client.terminate()
    house.argo.slow = False
    first = (await client.get()).status.history[0]
    assert (await client.rollback(first.id, prune=True)).status.history[-1].revision == first.revision
    with pytest.raises(Refused, match="does not have deployment with id"):
        await client.rollback(2**40, dry_run=True)


async def test_the_watch(house: House, client: ArgoClient) -> None:
    """The proxy passes a stream on when it ends."""
    found = await house.argo.document()
    bare = {key: value for key, value in found.items() if key not in {"apiVersion", "kind"}}

    async def once(_request: web.Request) -> web.Response:
        return web.json_response({"result": {"type": "MODIFIED", "application": bare}})

    house.peer.faults.append(("/stream/", once))
    watch = Watch(client)
    watch.version = "1"
    changes = watch.events()
    async with asyncio.timeout(90):
        assert (await anext(changes)).application.metadata.name == APPLICATION
    await changes.aclose()


async def test_every_call_of_the_deployer(house: House, client: ArgoClient) -> None:
    house.peer.v2 = True
    await house.client.patch({"spec": {"syncPolicy": {"automated": {"prune": True}}}})
    deployer = ArgoDeployer(client, Ground(house.repo, house.records, house.argo.clock))
    one = await house.merged("one\n")
    two = await house.merged("two\n", promote=False)
    house.promote(two)
    assert (await deployer.rollout(two)).contains
    await deployer.show({PULL: "https://forge.example/pull/7"})
    await house.argo.change(resources=[ROLLOUT])
    await deployer.promote(two)
    await deployer.hold("incident")
    await deployer.roll_back(one, "errors doubled")
    assert not (await deployer.rollout(two)).contains
    await deployer.release()
    assert (await deployer.rollout(two)).contains


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", f"{API}/{APPLICATION}/rollback", {"name": APPLICATION, "id": "seven"}),
        ("POST", f"{API}/{APPLICATION}/rollback", {"name": APPLICATION, "ident": 7}),
        ("POST", f"{API}/{APPLICATION}/sync", None),
        ("GET", f"{API}/{APPLICATION}/rollbacks", None),
    ],
)
async def test_what_violates_the_specification_is_seen(
    house: House, checked: str, method: str, path: str, body: object
) -> None:
    """Else the tests above could not fail."""
    before = len(house.peer.asked)
    async with (
        aiohttp.ClientSession(headers={"authorization": "Bearer all-rights"}) as session,
        session.request(method, checked + path, json=body) as answer,
    ):
        assert answer.status in {404, 422}, await answer.text()
    assert len(house.peer.asked) == before, "it did not reach the server"


async def test_an_answer_that_violates_it_is_seen(house: House, checked: str, client: ArgoClient) -> None:
    house.peer.fail(
        APPLICATION, 200, {"metadata": {"name": APPLICATION}, "statuss": {}}, content_type="application/json"
    )
    async with (
        aiohttp.ClientSession(headers={"authorization": "Bearer all-rights"}) as session,
        session.get(f"{checked}{API}/{APPLICATION}") as answer,
    ):
        assert answer.status >= 500
        assert "violation" in json.dumps(await answer.json()).lower()
