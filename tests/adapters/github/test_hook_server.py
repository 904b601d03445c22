"""The hook server over real sockets: what it refuses, what wakes, and how often."""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest

from bot.adapters.github import hook_server
from bot.adapters.github.hook_server import AT_ONCE, TABLE, Bell, HookServer, Seen
from bot.adapters.github.webhook import KEPT, LIMIT, Reason, Ruling
from bot.adapters.prometheus.serving import serving
from bot.core.errors import Misconfigured, Unavailable
from bot.sdk.testing import DictRecords
from tests.adapters.github.hooks import ID, NOW, REPOSITORY, SECRET, headers, payload

pytestmark = pytest.mark.integration  # it listens on a socket


class Stage:
    """A server that listens, and what it did."""

    def __init__(self, client: aiohttp.ClientSession) -> None:
        self.client = client
        self.records = DictRecords()
        self.counted: list[str] = []
        self.wakes: list[None] = []
        self.woken = asyncio.Event()
        self.address = ""
        self.server = HookServer(
            (SECRET,),
            REPOSITORY,
            self.wake,
            records=self.records,
            clock=lambda: NOW,
            count=self.counted.append,
            together=0.02,
        )

    def wake(self) -> None:
        self.wakes.append(None)
        self.woken.set()

    async def send(self, said: object = None, *, id: str = ID, **change: list[str]) -> tuple[int, str]:  # noqa: A002
        body = said if isinstance(said, bytes) else json.dumps(payload() if said is None else said).encode()
        named = {name: value[0] for name, value in headers(body, **change).items() if value}
        named["x-github-delivery"] = id
        async with self.client.post(f"{self.address}/webhook", data=io.BytesIO(body), headers=named) as answer:
            return answer.status, (await answer.json())["reason"]


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with aiohttp.ClientSession() as client:
        made = Stage(client)
        async with serving(made.server.routes(), "127.0.0.1", 0) as port:
            made.address = f"http://127.0.0.1:{port}"
            yield made


async def test_a_delivery_wakes_the_loop(stage: Stage) -> None:
    assert await stage.send() == (202, "woke")
    await asyncio.wait_for(stage.woken.wait(), 5)
    assert len(stage.wakes) == 1
    assert stage.counted == ["woke"]
    assert stage.server.outcomes == {Reason.WOKE: 1}


async def test_a_burst_is_one_wake(stage: Stage) -> None:
    bell = Bell(stage.wake, 0.05)
    for _ in range(100):
        bell.ring()
    await asyncio.wait_for(stage.woken.wait(), 5)
    assert len(stage.wakes) == 1
    stage.woken.clear()
    bell.ring()
    await asyncio.wait_for(stage.woken.wait(), 5)
    assert len(stage.wakes) == 2


async def test_the_same_again_is_a_duplicate_and_under_another_id_a_replay(stage: Stage) -> None:
    assert await stage.send() == (202, "woke")
    assert await stage.send() == (200, "duplicate")
    assert await stage.send(id="other-delivery") == (409, "replay")
    other = payload() | {"ref": "refs/heads/x"}
    assert await stage.send(other) == (409, "replay"), "an id that was taken"
    assert stage.counted.count("woke") == 1


async def test_order_does_not_matter(stage: Stage) -> None:
    newer, older = payload(at=NOW), payload(at=NOW - timedelta(hours=1))
    assert await stage.send(newer, id="delivery-2") == (202, "woke")
    assert await stage.send(older, id="delivery-1") == (202, "woke")


async def test_a_restart_forgets_no_delivery(stage: Stage) -> None:
    await stage.send()
    again = Seen(stage.records, lambda: NOW)
    row = stage.records.scan(TABLE, "body/")[0][1]
    ruling = Ruling(202, Reason.WOKE, "", row["digest"], row["delivery"])
    assert again.remember(ruling).reason is Reason.DUPLICATE


@pytest.mark.parametrize(
    ("change", "status", "reason"),
    [
        ({"x_hub_signature_256": ["sha256=" + "0" * 64]}, 401, "signature"),
        ({"x_hub_signature_256": []}, 400, "half"),
        ({"content_type": ["text/plain"]}, 415, "type"),
    ],
)
async def test_what_is_refused_wakes_nothing_and_is_not_remembered(
    stage: Stage, change: dict[str, Any], status: int, reason: str
) -> None:
    assert await stage.send(**change) == (status, reason)
    assert stage.server._bell._due is None
    assert stage.wakes == []
    assert stage.records.scan(TABLE) == []
    assert stage.counted == [reason]


async def test_another_repository_is_refused(stage: Stage) -> None:
    assert await stage.send(payload(name="octo/other")) == (403, "repository")


async def test_an_oversized_body_is_not_read(stage: Stage) -> None:
    assert await stage.send(b" " * (LIMIT + 1)) == (413, "size")

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(LIMIT // 65536 + 2):
            yield b" " * 65536

    body = b"x"
    named = {name: value[0] for name, value in headers(body).items()}
    async with stage.client.post(f"{stage.address}/webhook", data=endless(), headers=named) as answer:
        assert answer.status == 413, "a length that is not told is counted"
    assert stage.wakes == []


async def test_a_body_that_ends_too_early_changes_nothing(stage: Stage) -> None:
    host, _, port = stage.address.removeprefix("http://").partition(":")
    body = json.dumps(payload()).encode()
    named = "".join(f"{name}: {value[0]}\r\n" for name, value in headers(body).items())
    _, writer = await asyncio.open_connection(host, int(port))
    writer.write(
        f"POST /webhook HTTP/1.1\r\nHost: x\r\n{named}Content-Length: {len(body)}\r\n\r\n".encode() + body[:40]
    )
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    assert await stage.send(id="whole-one") == (202, "woke")
    assert stage.counted.count("woke") == 1


async def test_where_repetition_cannot_be_known_nothing_is_woken(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> bool:
        raise Unavailable("records", "disk is full")

    monkeypatch.setattr(stage.records, "add", broken)
    assert await stage.send() == (503, "store")
    monkeypatch.undo()
    assert await stage.send() == (202, "woke"), "the forge's redelivery is taken then"


async def test_too_many_at_once_wait_outside(stage: Stage) -> None:
    stage.server._reading = AT_ONCE
    assert await stage.send() == (503, "busy")
    stage.server._reading = 0
    assert await stage.send() == (202, "woke")


async def test_other_paths_are_not_there(stage: Stage) -> None:
    async with stage.client.get(f"{stage.address}/webhook") as answer:
        assert answer.status == 405
    async with stage.client.post(f"{stage.address}/") as answer:
        assert answer.status == 404
    assert stage.wakes == []


async def test_a_wake_that_breaks_does_not_end_the_bell(stage: Stage) -> None:
    def breaks() -> None:
        stage.wake()
        raise RuntimeError("loop is gone")

    bell = Bell(breaks, 0.0)
    for _ in range(2):
        bell.ring()
        await asyncio.wait_for(stage.woken.wait(), 5)
        stage.woken.clear()
    assert len(stage.wakes) == 2


async def test_an_error_tells_nothing_of_the_inside(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret place")

    monkeypatch.setattr(hook_server, "before_body", broken)
    async with stage.client.post(f"{stage.address}/webhook", data=b"{}") as answer:
        assert (answer.status, await answer.json()) == (500, {"because": "something went wrong on our side"})
    assert stage.wakes == []


def test_what_is_too_old_to_come_again_is_forgotten() -> None:
    records, now = DictRecords(), [datetime(2026, 1, 1, tzinfo=UTC)]
    seen = Seen(records, lambda: now[0])
    first = Ruling(202, Reason.WOKE, "", "a" * 64, "delivery-a")
    assert seen.remember(first).wakes
    now[0] += KEPT
    assert not Seen(records, lambda: now[0]).remember(first).wakes
    now[0] += 2 * KEPT
    assert Seen(records, lambda: now[0]).remember(Ruling(202, Reason.WOKE, "", "b" * 64, "delivery-b")).wakes
    assert sorted(key for key, _ in records.scan(TABLE)) == [f"body/{'b' * 64}", "id/delivery-b"]


@pytest.mark.parametrize(
    ("secrets", "name"), [((), REPOSITORY), (("short",), REPOSITORY), ((SECRET,), "bot"), ((SECRET,), "/")]
)
def test_wrong_settings_are_refused_and_no_secret_is_told(secrets: tuple[str, ...], name: str) -> None:
    with pytest.raises(Misconfigured) as error:
        HookServer(secrets, name, lambda: None, records=DictRecords(), clock=lambda: NOW)
    assert not any(secret in str(error.value) for secret in secrets)
