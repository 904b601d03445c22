"""The watch: resumed where it broke off, patient with drops, and honest about what trying again cannot mend."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from bot.adapters.argocd import watch as module
from bot.adapters.argocd.client import ArgoClient, Target
from bot.adapters.argocd.transport import Server, Transport
from bot.adapters.argocd.watch import PAUSES, Watch, lines
from bot.core.errors import Denied, Misconfigured, Unavailable
from tests.deploy import crds
from tests.servers.argocd.house import APPLICATION, House, built

pytestmark = [
    pytest.mark.integration,  # they run git and servers
    pytest.mark.skipif(not crds.there(), reason=crds.ABSENT),
]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with built(tmp_path) as made:
        yield made


class Pauses:
    """Notes the pauses, and makes none."""

    def __init__(self) -> None:
        self.taken: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.taken.append(seconds)
        await asyncio.sleep(0)


@pytest.fixture
def pauses() -> Pauses:
    return Pauses()


async def test_each_change_arrives_with_the_application(house: House, pauses: Pauses) -> None:
    changes = Watch(house.client, sleep=pauses).events()
    first = await anext(changes)
    assert (first.type, first.application.status.health.status) == ("ADDED", "Healthy")
    for health in ("Degraded", "Healthy"):
        await house.argo.change(health={"status": health})
        event = await anext(changes)
        assert (event.type, event.application.status.health.status) == ("MODIFIED", health)
    assert pauses.taken == []
    await changes.aclose()


async def test_half_an_event_is_dropped_and_the_watch_resumed(house: House, pauses: Pauses) -> None:
    house.peer.cut_after = 1
    watch = Watch(house.client, sleep=pauses)
    changes = watch.events()
    await anext(changes)
    seen = watch.version
    await house.argo.change(health={"status": "Degraded"})
    event = await anext(changes)
    assert event.application.status.health.status == "Degraded", "it came whole the second time"
    assert watch.breaks == 1
    asked = house.peer.calls("GET", "/stream/")
    assert [one.query.get("resourceVersion") for one in asked] == [None, seen]
    assert asked[1].query == {"name": APPLICATION, "projects": "megawatts", "resourceVersion": seen}
    await changes.aclose()


async def test_a_server_that_is_away_is_asked_ever_less_often(house: House, pauses: Pauses) -> None:
    for _ in range(len(PAUSES) + 2):
        house.peer.fail("/stream/", 503)
    changes = Watch(house.client, sleep=pauses).events()
    await anext(changes)
    assert pauses.taken == [*PAUSES, PAUSES[-1], PAUSES[-1]]
    await changes.aclose()


@pytest.mark.parametrize(
    ("status", "kind", "says"),
    [
        (401, Misconfigured, "ARGOCD_AUTH_TOKEN"),
        (403, Denied, "applications, get"),
        (404, Denied, "ARGOCD_APPLICATION"),
    ],
)
async def test_what_trying_again_cannot_mend_ends_it(
    house: House, pauses: Pauses, status: int, kind: type[Exception], says: str
) -> None:
    house.peer.fail("/stream/", status)
    with pytest.raises(kind, match=says):
        await anext(Watch(house.client, sleep=pauses).events())
    assert pauses.taken == []


def saying(house: House, *texts: str) -> None:
    """The next stream says this, and ends."""

    async def handler(_request: web.Request) -> web.Response:
        return web.Response(text="".join(texts), content_type="application/json")

    house.peer.faults.append(("/stream/", handler))


async def test_an_error_in_the_stream(house: House, pauses: Pauses) -> None:
    error = {"grpc_code": 16, "http_code": 401, "message": "token is expired"}
    saying(house, json.dumps({"error": error}) + "\n")
    with pytest.raises(Misconfigured, match="token is expired"):
        await anext(Watch(house.client, sleep=pauses).events())


async def test_a_version_that_the_server_forgot_begins_anew(house: House, pauses: Pauses) -> None:
    watch = Watch(house.client, sleep=pauses)
    watch.version = "7"
    saying(house, json.dumps({"error": {"http_code": 410, "message": "too old resource version"}}) + "\n")
    await anext(watch.events())
    assert [one.query.get("resourceVersion") for one in house.peer.calls("GET", "/stream/")] == ["7", None]


async def test_other_applications_and_noise_are_not_ours(house: House, pauses: Pauses) -> None:
    other = {"result": {"type": "MODIFIED", "application": {"metadata": {"name": "megawatts-bot-2"}}}}
    for noise in (json.dumps(other), "null", "[]", '{"result": 3}', "<html>", '{"result": {"type": "X"}}'):
        saying(house, f"\n{noise}\n")
    saying(house, '{"result": {"type": "MODIFIED", "appl')
    changes = Watch(house.client, sleep=pauses).events()
    event = await anext(changes)
    assert event.application.metadata.name == APPLICATION
    assert len(pauses.taken) == 7
    await changes.aclose()


async def test_a_stream_that_fell_silent_is_opened_anew(house: House) -> None:
    broke = asyncio.Event()

    async def pause(_seconds: float) -> None:
        broke.set()

    watch = Watch(house.client, quiet=0.2, sleep=pause)
    changes = watch.events()
    await anext(changes)
    waiting = asyncio.ensure_future(anext(changes))
    await broke.wait()
    await house.argo.change(health={"status": "Degraded"})
    assert (await waiting).application.status.health.status == "Degraded"
    await changes.aclose()


async def pieces(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def test_lines_come_whole_whatever_the_pieces() -> None:
    found = [line async for line in lines(pieces(b'{"a"', b": 1}\n\n{", b'"b": 2}\n{"half'))]
    assert found == [b'{"a": 1}', b'{"b": 2}', b'{"half']


async def test_a_line_without_an_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LARGEST", 10)
    with pytest.raises(Unavailable, match="more than 10 bytes"):
        _ = [line async for line in lines(pieces(b"x" * 8, b"x" * 8))]


async def test_nobody_there(pauses: Pauses) -> None:
    """The port of a server that is gone."""
    client = ArgoClient(Transport(Server.at("http://127.0.0.1:9", "token")), Target("app"))
    with pytest.raises(Unavailable, match="cannot read app"):
        await client.get()
