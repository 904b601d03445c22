"""A Discord on loopback: real sockets, so that tokens, intents, drops and resumes happen as they do there."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import WSMsgType, web

TOKEN = "good-token"
ME, OWNER, GUILD, CHANNEL, MEMBER = 1000, 2000, 3000, 4000, 5000
CONTENT, MEMBERS = 1 << 15, 1 << 1


class Server:
    """One guild with one channel and one member. `refuses`: bits of intents that end a connection with 4014."""

    def __init__(self) -> None:
        self.refuses = 0
        self.requests: list[tuple[str, str, Any]] = []
        self.identified: list[dict[str, Any]] = []
        self.resumed: list[dict[str, Any]] = []
        self.sequence = 0
        self.sent: list[dict[str, Any]] = []
        self.socket: web.WebSocketResponse | None = None
        self.ready = asyncio.Event()
        self.url = ""

    @property
    def api(self) -> str:
        return f"http://{self.url}/api/v10"

    @property
    def gateway(self) -> str:
        return f"ws://{self.url}/gateway"

    def of(self, method: str, end: str) -> list[Any]:
        return [body for how, path, body in self.requests if how == method and path.endswith(end)]

    async def rest(self, request: web.Request) -> web.Response:
        """Every route that the bot needs here; others are not found."""
        body = await request.json() if request.can_read_body else None
        path = request.path.removeprefix("/api/v10")
        self.requests.append((request.method, path, body))
        if request.headers.get("Authorization") != f"Bot {TOKEN}":
            return answer({"message": "401: Unauthorized", "code": 0}, status=401)
        if path == "/users/@me":
            return answer(user(ME, "megawatts", bot=True))
        if path == "/oauth2/applications/@me":
            row = {
                "id": str(ME),
                "name": "megawatts",
                "description": "",
                "bot_public": True,
                "verify_key": "",
                "flags": 0,
            }
            return answer({**row, "bot_require_code_grant": False, "owner": user(OWNER, "owner"), "icon": None})
        if path.endswith("/commands"):
            return answer([])
        if path == f"/channels/{CHANNEL}/messages":
            return answer(message(9000 + len(self.requests), body["content"], author=user(ME, "megawatts", bot=True)))
        return answer({"message": "404: Not Found", "code": 0}, status=404)

    async def talk(self, request: web.Request) -> web.WebSocketResponse:
        """The gateway. Frames are sent uncompressed, which clients take whatever they asked for."""
        self.socket = socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"op": 10, "d": {"heartbeat_interval": 45_000}, "t": None, "s": None})
        async for frame in socket:
            if frame.type is WSMsgType.TEXT:
                await self._heard(socket, json.loads(frame.data))
        return socket

    async def _heard(self, socket: web.WebSocketResponse, frame: dict[str, Any]) -> None:
        if frame["op"] == 1:
            await socket.send_json({"op": 11, "d": None, "t": None, "s": None})
        elif frame["op"] == 2:
            self.identified.append(frame["d"])
            if frame["d"]["intents"] & self.refuses:
                await socket.close(code=4014, message=b"Disallowed intent(s).")
                return
            await self.tell("READY", self._ready())
            await self.tell("GUILD_CREATE", guild())
            self.ready.set()
        elif frame["op"] == 6:
            self.resumed.append(frame["d"])
            for missed in [one for one in self.sent if one["s"] > frame["d"]["seq"]]:
                await socket.send_json(missed)
            await self.tell("RESUMED", {})

    def _ready(self) -> dict[str, Any]:
        return {
            "v": 10,
            "user": user(ME, "megawatts", bot=True),
            "guilds": [{"id": str(GUILD), "unavailable": True}],
            "session_id": "session-1",
            "resume_gateway_url": self.gateway,
            "shard": [0, 1],
            "application": {"id": str(ME), "flags": 0},
        }

    async def tell(self, event: str, data: dict[str, Any], *, lost: bool = False) -> None:
        """An event. `lost`: it is sent while the connection is down, and comes with the resume."""
        self.sequence += 1
        frame = {"op": 0, "t": event, "s": self.sequence, "d": data}
        self.sent.append(frame)
        if not lost and self.socket is not None:
            await self.socket.send_json(frame)

    async def drop(self) -> None:
        """The connection breaks."""
        assert self.socket is not None
        await self.socket.close(code=1006)


def answer(body: Any, status: int = 200) -> web.Response:
    """JSON without a charset, which is how Discord says it and discord.py knows it."""
    return web.Response(body=json.dumps(body).encode(), status=status, content_type="application/json")


def user(number: int, name: str, *, bot: bool = False) -> dict[str, Any]:
    return {"id": str(number), "username": name, "discriminator": "0", "global_name": name, "avatar": None, "bot": bot}


def message(number: int, content: str, author: dict[str, Any] | None = None, *, guild: bool = True) -> dict[str, Any]:
    """A message of the member, or of another."""
    row: dict[str, Any] = {
        "id": str(number),
        "channel_id": str(CHANNEL),
        "author": author or user(MEMBER, "alice"),
        "content": content,
        "timestamp": "2026-01-01T00:00:00+00:00",
        "edited_timestamp": None,
        "type": 0,
        "mentions": [user(ME, "megawatts", bot=True)] if f"<@{ME}>" in content else [],
    }
    empty: dict[str, Any] = {"mention_roles": [], "attachments": [], "embeds": [], "components": [], "flags": 0}
    flat = {"tts": False, "mention_everyone": False, "pinned": False}
    where = {"guild_id": str(GUILD), "member": member()} if guild else {}
    return {**row, **empty, **flat, **where}


def member() -> dict[str, Any]:
    row = {"roles": [], "nick": None, "joined_at": "2025-01-01T00:00:00+00:00", "deaf": False, "mute": False}
    return {**row, "flags": 0, "pending": False, "avatar": None, "premium_since": None}


def guild() -> dict[str, Any]:
    everyone = {"id": str(GUILD), "name": "@everyone", "permissions": str(0x7FF_FFFF_FFFF), "position": 0, "color": 0}
    everyone |= {"hoist": False, "managed": False, "mentionable": False, "flags": 0}
    channel = {"id": str(CHANNEL), "type": 0, "name": "general", "position": 0, "permission_overwrites": []}
    row: dict[str, Any] = {"id": str(GUILD), "name": "Home", "owner_id": str(OWNER), "member_count": 2, "icon": None}
    row |= {"roles": [everyone], "channels": [channel], "threads": [], "emojis": [], "stickers": [], "features": []}
    row |= {"members": [{**member(), "user": user(ME, "megawatts", bot=True)}], "voice_states": [], "presences": []}
    row |= {"verification_level": 0, "default_message_notifications": 0, "explicit_content_filter": 0, "mfa_level": 0}
    row |= {"premium_tier": 0, "nsfw_level": 0, "system_channel_flags": 0, "afk_timeout": 60, "large": False}
    return row | {
        "stage_instances": [],
        "guild_scheduled_events": [],
        "preferred_locale": "en-US",
        "unavailable": False,
    }


@asynccontextmanager
async def serving(server: Server | None = None) -> AsyncIterator[Server]:
    """A server on a free port."""
    server = server or Server()
    app = web.Application()
    app.router.add_get("/gateway", server.talk)
    app.router.add_route("*", "/api/v10/{rest:.*}", server.rest)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.url = f"127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield server
    finally:
        await runner.cleanup()
