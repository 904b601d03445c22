"""The stable address: members speak to it, and it passes them on to the bot that is theirs."""

import hashlib
from collections.abc import Callable

import aiohttp
from aiohttp import web

from bot.adapters.localdeploy.state import Instance, State

HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "host", "content-length"})
LIMIT = 256 * 1024


def choose(state: State, member: str) -> Instance | None:
    """Which process answers this member: always the same one while two share the members, so memory stays whole."""
    if state.current is None or state.previous is None or not state.split:
        return state.current
    odd = hashlib.sha256(member.encode()).digest()[0] & 1
    return state.current if odd else state.previous


class Router:
    """A small reverse proxy on loopback. A process that does not answer is 502; nothing is sent twice."""

    def __init__(self, look: Callable[[], State]) -> None:
        self._look = look
        self._session: aiohttp.ClientSession | None = None
        self._runner: web.AppRunner | None = None
        self.port = 0

    async def start(self, port: int = 0) -> int:
        """Listen on 127.0.0.1; 0 takes a free port. Returns the port."""
        application = web.Application(client_max_size=LIMIT)
        application.router.add_route("*", "/{path:.*}", self._pass)
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=15))
        self._runner = web.AppRunner(application, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port, reuse_address=True)
        await site.start()
        self.port = int(self._runner.addresses[0][1])
        return self.port

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
        if self._session is not None:
            await self._session.close()

    async def _pass(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        instance = choose(self._look(), await _member(request))
        if instance is None or self._session is None:
            return web.json_response({"error": "no bot is running yet; try again in a moment"}, status=503)
        headers = {name: value for name, value in request.headers.items() if name.lower() not in HOP}
        url = f"http://127.0.0.1:{instance.port}{request.path_qs}"
        try:
            async with self._session.request(request.method, url, data=body, headers=headers) as answer:
                content = await answer.read()
                kept = {k: v for k, v in answer.headers.items() if k.lower() not in HOP | {"content-encoding"}}
                return web.Response(status=answer.status, body=content, headers=kept)
        except (aiohttp.ClientError, TimeoutError):
            return web.json_response({"error": "the bot did not answer; try again in a moment"}, status=502)


async def _member(request: web.Request) -> str:
    if request.query.get("user"):
        return request.query["user"]
    try:
        said = await request.json()
    except ValueError:
        return ""
    return str(said.get("user", "")) if isinstance(said, dict) else ""
