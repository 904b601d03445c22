"""emulate, as GitHub, signs and sends; the server takes what it sends and wakes once for it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.adapters.github.hook_server import HookServer
from bot.adapters.github.webhook import Reason
from bot.adapters.prometheus.serving import serving
from bot.sdk.testing import DictRecords
from tests.servers.absent import absent
from tests.servers.aimock.peer import Missing
from tests.servers.github.programs import emulate

pytestmark = pytest.mark.integration  # it starts emulate

SECRET = "e" * 32
SEED = {
    "tokens": {"ada": {"login": "ada"}},
    "github": {
        "users": [{"login": "ada"}],
        "repos": [
            {"owner": "ada", "name": "bot"},
            {"owner": "ada", "name": "other"},
            {"owner": "ada", "name": "wrong"},
        ],
    },
}


@pytest.fixture(scope="module")
def github(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("emulate")
    try:
        with emulate(folder, SEED) as address:
            yield address
    except Missing as error:
        absent(error)


class Stage:
    """The controller's server, and ada at GitHub."""

    def __init__(self, github: str, client: aiohttp.ClientSession) -> None:
        self.github = github
        self.client = client
        self.port = 0
        self.woken = asyncio.Event()
        self.counted: asyncio.Queue[str] = asyncio.Queue()
        self.server = HookServer(
            (SECRET,),
            "ada/bot",
            self.woken.set,
            records=DictRecords(),
            clock=lambda: datetime.now(UTC),
            count=self.counted.put_nowait,
            together=0.02,
        )

    async def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        headers = {"Authorization": "token ada"}
        async with self.client.post(f"{self.github}/repos/ada/{path}", json=body, headers=headers) as answer:
            assert answer.status == 201, await answer.text()
            return dict(await answer.json())

    async def hook(self, repository: str, secret: str) -> None:
        config = {"url": f"http://127.0.0.1:{self.port}/webhook", "content_type": "json", "secret": secret}
        await self.post(f"{repository}/hooks", {"config": config, "events": ["issues"], "active": True})

    async def heard(self) -> str:
        """What became of the next delivery that is no ping."""
        while True:
            reason = await asyncio.wait_for(self.counted.get(), 10)
            if reason != "ping":
                return reason


@pytest.fixture
async def stage(github: str) -> AsyncIterator[Stage]:
    async with aiohttp.ClientSession() as client:
        made = Stage(github, client)
        async with serving(made.server.routes(), "127.0.0.1", 0) as made.port:
            yield made


async def test_what_is_sent_wakes_the_loop(stage: Stage) -> None:
    await stage.hook("bot", SECRET)
    await stage.post("bot/issues", {"title": "look here"})
    assert await stage.heard() == Reason.WOKE
    await asyncio.wait_for(stage.woken.wait(), 5)


@pytest.mark.parametrize(
    ("repository", "secret", "reason"), [("wrong", "f" * 32, "signature"), ("other", SECRET, "repository")]
)
async def test_what_is_not_ours_wakes_nothing(stage: Stage, repository: str, secret: str, reason: str) -> None:
    await stage.hook(repository, secret)
    await stage.post(f"{repository}/issues", {"title": "look here"})
    assert await stage.heard() == reason
    assert not stage.woken.is_set()
