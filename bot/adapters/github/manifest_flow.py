"""Registers an App by GitHub's manifest flow: a page on this machine posts the manifest, GitHub comes back with a code.

Source: https://docs.github.com/en/apps/sharing-github-apps/registering-a-github-app-from-a-manifest
"""

import asyncio
import hmac
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

from bot.core.errors import Denied, Unavailable

DOOR = "GitHub"
_CODE = re.compile(r"[A-Za-z0-9]{8,128}")
_ANSWERS = 30.0
_DONE = "The App is registered. You can close this page; the terminal says how to go on."


@dataclass(frozen=True, slots=True)
class Registered:
    """A new App. The key and the webhook's secret are told this once."""

    app_id: int
    slug: str
    page: str
    """Its address, below which it is installed."""
    pem: str = field(repr=False)
    webhook_secret: str = field(repr=False)


class ManifestFlow:
    """Serves one page on loopback until GitHub has come back to it. `form` makes the page for (redirect, state)."""

    def __init__(self, api: str, form: Callable[[str, str], str]) -> None:
        self._api = api.rstrip("/")
        self._form = form
        self._state = secrets.token_urlsafe(24)
        self._code: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._runner: web.AppRunner | None = None
        self._root = ""

    async def open(self, port: int = 0) -> str:
        """Listen; the address to open in a browser on this machine."""
        app = web.Application(client_max_size=4096)
        app.add_routes([web.get("/", self._page), web.get("/done", self._done)])
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=2.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        self._root = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return f"{self._root}/"

    async def registered(self, within: float) -> Registered:
        """Wait for a person, then exchange the code.

        Raises Unavailable if nobody came within so many seconds, and Denied for a code that GitHub does not take.
        """
        try:
            async with asyncio.timeout(within):
                code = await self._code
        except TimeoutError:
            raise Unavailable(DOOR, f"nobody came back within {within:.0f} s: run it again") from None
        return _read(await self._exchange(code))

    async def close(self) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _page(self, _request: web.Request) -> web.Response:
        page = self._form(f"{self._root}/done", self._state)
        headers = {"Content-Security-Policy": "default-src 'none'", "Cache-Control": "no-store"}
        return web.Response(text=page, content_type="text/html", headers=headers)

    async def _done(self, request: web.Request) -> web.Response:
        """Only who has our state, and only once: another page in the browser could call this address too."""
        code, state = request.query.get("code", ""), request.query.get("state", "")
        if not hmac.compare_digest(state.encode(), self._state.encode()) or not _CODE.fullmatch(code):
            return web.Response(text="This is not the answer to our question.", status=400)
        if self._code.done():
            return web.Response(text="This was answered already.", status=409)
        self._code.set_result(code)
        return web.Response(text=_DONE)

    async def _exchange(self, code: str) -> dict[str, Any]:
        where = f"{self._api}/app-manifests/{code}/conversions"
        headers = {"Accept": "application/vnd.github+json", "User-Agent": "megawatts"}
        wait = aiohttp.ClientTimeout(total=_ANSWERS)
        try:
            async with aiohttp.ClientSession(timeout=wait) as client, client.post(where, headers=headers) as answer:
                if answer.status >= 500:
                    raise Unavailable(DOOR, f"it answered {answer.status}: register the App again")
                if answer.status != 201:
                    why = "it is good once, for an hour; run it again"
                    raise Denied(f"GitHub does not take the code ({answer.status}): {why}")
                return dict(await answer.json())
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise Unavailable(DOOR, f"the code could not be exchanged ({type(error).__name__})") from None


def _read(data: dict[str, Any]) -> Registered:
    try:
        pem, secret = str(data["pem"]), str(data.get("webhook_secret") or "")
        return Registered(int(data["id"]), str(data["slug"]), str(data["html_url"]), pem, secret)
    except (KeyError, TypeError, ValueError):
        raise Denied("GitHub's answer holds no App: look at its settings page, and make a key there") from None
