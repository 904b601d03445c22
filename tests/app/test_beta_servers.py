"""Two versions as two processes on one token and one PostgreSQL: servers that opted in are answered by the new one.

Discord is the test's own, on loopback: both processes hold a session with it and hear everything.
"""

import asyncio
import json
import time
import urllib.request
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from aiohttp import WSMsgType, web

from bot.adapters.store.audit import FileAuditLog
from bot.adapters.store.sql.records import SqlRecords
from bot.chat.guild_book import RecordsGuildBook
from bot.core.ids import GuildId, UserId
from tests.adapters.discord.server import (
    CHANNEL,
    GUILD,
    ME,
    MEMBER,
    TOKEN,
    Server,
    answer,
    guild,
    member,
    message,
    serving,
    user,
)
from tests.contracts import servers
from tests.servers.absent import absent
from tests.servers.bot_process import Bot, bot

pytestmark = pytest.mark.integration
OLD, NEW = "0" * 40, "f" * 40
OPTED, OPTED_CHANNEL = 3001, 4001
ROOMS = {GUILD: CHANNEL, OPTED: OPTED_CHANNEL}


class Everyone(Server):
    """Two guilds, and any number of sessions that all hear of both."""

    def __init__(self) -> None:
        super().__init__()
        self.sessions: list[web.WebSocketResponse] = []
        self.number = 100

    async def rest(self, request: web.Request) -> web.Response:
        path = request.path.removeprefix("/api/v10")
        if request.method == "POST" and path.endswith(("/messages", "/callback")):
            body = await request.json()
            self.requests.append(("POST", path, body))
            if path.endswith("/callback"):
                return web.Response(status=204)
            said = message(9000 + len(self.requests), body["content"], author=user(ME, "megawatts", bot=True))
            return answer({**said, "channel_id": path.split("/")[2]})
        return await super().rest(request)

    async def talk(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"op": 10, "d": {"heartbeat_interval": 45_000}, "t": None, "s": None})
        async for frame in socket:
            if frame.type is WSMsgType.TEXT:
                told = frame.json()
                if told["op"] == 1:
                    await socket.send_json({"op": 11, "d": None, "t": None, "s": None})
                elif told["op"] == 2:
                    await self._welcome(socket)
        if socket in self.sessions:
            self.sessions.remove(socket)
        return socket

    async def _welcome(self, socket: web.WebSocketResponse) -> None:
        ready = self._ready() | {"guilds": [{"id": str(one), "unavailable": True} for one in ROOMS]}
        other = guild()
        other["roles"][0]["id"] = other["id"] = str(OPTED)
        other["channels"][0]["id"] = str(OPTED_CHANNEL)
        for number, (event, data) in enumerate([("READY", ready), ("GUILD_CREATE", guild()), ("GUILD_CREATE", other)]):
            await socket.send_json({"op": 0, "t": event, "s": number + 1, "d": data})
        self.sessions.append(socket)

    async def everyone_hears(self, event: str, data: dict[str, Any]) -> None:
        self.sequence += 1
        for socket in list(self.sessions):
            if not socket.closed:
                await socket.send_json({"op": 0, "t": event, "s": self.sequence + 10, "d": data})

    async def ask(self, where: int) -> str:
        """Says `!status` on a server; the mark of its answer, which is a reply to it."""
        self.number += 1
        asked = {**message(self.number, "!status"), "guild_id": str(where), "channel_id": str(ROOMS[where])}
        await self.everyone_hears("MESSAGE_CREATE", asked)
        return f"/channels/{ROOMS[where]}/messages/{self.number}"

    async def press(self, where: int) -> str:
        """The slash command `/status`; the mark of its answer."""
        self.number += 1
        said: dict[str, Any] = {
            "id": str(self.number), "application_id": str(ME), "type": 2, "token": f"t{self.number}", "version": 1,
            "guild_id": str(where), "channel_id": str(ROOMS[where]), "locale": "en-US", "guild_locale": "en-US",
            "channel": {"id": str(ROOMS[where]), "type": 0, "name": "general", "permissions": "0"},
            "member": {**member(), "user": user(MEMBER, "alice"), "permissions": "0"}, "app_permissions": "0",
            "data": {"id": "1", "name": "status", "type": 1}, "entitlements": [], "attachment_size_limit": 1,
            "authorizing_integration_owners": {"0": str(where)}, "context": 0,
        }  # fmt: skip
        await self.everyone_hears("INTERACTION_CREATE", said)
        return f"/interactions/{self.number}/t{self.number}/callback"

    def answers(self, mark: str) -> list[str]:
        """Which revisions answered that, in the words of their answers."""
        texts = [str(body) for way, where, body in self.requests if way == "POST" and marked(where, body) == mark]
        return ["new" if NEW[:7] in text else "old" if OLD[:7] in text else text for text in texts]


def marked(path: str, body: Any) -> str:
    """What an answer answers."""
    return f"{path}/{body['message_reference']['message_id']}" if path.endswith("/messages") else path


class Stage:
    """The server, the store, and the processes."""

    def __init__(self, discord: Everyone, database: str, folder: Path) -> None:
        self.discord, self.database, self.folder = discord, database, folder
        self.label, self.stack = folder / "label", ExitStack()
        self.label.write_text("beta")
        self.asked: list[str] = []

    async def start(self, revision: str, ring: str) -> Bot:
        """One more."""
        given: dict[str, Any] = {
            "DISCORD_BOT_TOKEN": TOKEN, "DISCORD_API_BASE": self.discord.api, "DISCORD_RING": ring,
            "DISCORD_GATEWAY_URL": self.discord.gateway, "DISCORD_SHARD_COUNT": "1", "DATABASE_URL": self.database,
            "RATE_LIMIT_ENABLED": "false",
        }  # fmt: skip
        home = self.folder / f"home-{revision[:4]}"
        return await asyncio.to_thread(lambda: self.stack.enter_context(bot(home, revision, **given)))

    async def ask(self, where: int, times: int = 5) -> list[str]:
        """Who answered so many messages, and as many slash commands, first of all."""
        now = [path for _ in range(times) for path in (await self.discord.ask(where), await self.discord.press(where))]
        self.asked += now
        await until(lambda: all(self.discord.answers(path) for path in now))
        return [self.discord.answers(path)[0] for path in now]


async def until(condition: Callable[[], Any]) -> None:
    async with asyncio.timeout(90):
        while not condition():  # noqa: ASYNC110  (the other side is a process of its own)
            await asyncio.sleep(0.02)


async def sees(one: Bot, **wanted: Any) -> None:
    """Wait until a process says that of the rings."""
    async with asyncio.timeout(90):
        while True:
            if (await asyncio.to_thread(health, one)).items() >= wanted.items():
                return
            await asyncio.sleep(0.05)


def health(one: Bot) -> dict[str, Any]:
    with urllib.request.urlopen(f"{one.url}/health", timeout=30) as said:
        found: dict[str, Any] = json.loads(said.read())["discord"]
        return found


@pytest.fixture
def database(tmp_path: Path) -> str:
    """An empty one, in which one server opted in."""
    try:
        server = servers.postgres()
    except servers.NoServerError as error:
        absent(error)
    url = server.url(server.database())
    records = SqlRecords(url)
    try:
        book = RecordsGuildBook(records, FileAuditLog(tmp_path / "audit"), time.monotonic)
        book.change(GuildId(str(OPTED)), {"beta": "on"}, UserId("admin"))
    finally:
        records.close()
    return url


@pytest.fixture
async def stage(database: str, tmp_path: Path) -> AsyncIterator[Stage]:
    discord = Everyone()
    async with serving(discord):
        made = Stage(discord, database, tmp_path)
        with made.stack:
            yield made


async def test_a_new_version_is_seen_first_by_servers_that_opted_in(stage: Stage) -> None:
    old, new = await asyncio.gather(stage.start(OLD, "stable"), stage.start(NEW, str(stage.label)))
    await until(lambda: len(stage.discord.sessions) == 2)
    await sees(old, ring="stable", stable=1, beta=1)
    await sees(new, ring="beta", stable=1, beta=1)
    assert set(await stage.ask(OPTED)) == {"new"}
    assert set(await stage.ask(GUILD)) == {"old"}

    stage.label.write_text("")  # as Argo Rollouts does when it promotes
    await sees(new, ring="stable", stable=2, beta=0)
    assert set(await stage.ask(OPTED)) <= {"old", "new"}

    stage.label.write_text("beta")
    await sees(old, stable=1, beta=1)
    await sees(new, ring="beta")
    await asyncio.to_thread(new.end)
    await until(lambda: len(stage.discord.sessions) == 1)
    assert set(await stage.ask(OPTED)) == {"old"}, "though the lease of the dead one has not lapsed yet"
    await sees(old, ring="stable", stable=1, beta=0)
    assert set(await stage.ask(OPTED)) == {"old"}

    old.process.terminate()  # it finishes all that is under way: from here on nothing is answered
    await asyncio.to_thread(old.process.wait, 60)
    assert [mark for mark in stage.asked if len(stage.discord.answers(mark)) != 1] == []
