"""HTTP to one Argo CD server: its address, its certificate, its token; answers as JSON or as a stream."""

import asyncio
import ipaddress
import json
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from bot.adapters.argocd.errors import DOOR, Call, failure
from bot.core.errors import MegawattsError, Misconfigured, Unavailable

LARGEST = 32 * 1024 * 1024
"""Bytes of an answer; an application with thousands of objects has a few megabytes."""


@dataclass(frozen=True, slots=True)
class Server:
    """One Argo CD. `url` has a scheme; https is meant where none is given, as in Argo CD's own command line."""

    url: str
    token: str = field(repr=False)
    ca_file: Path | None = None
    """Certificates to trust instead of the system's."""
    patience: float = 15.0
    """Seconds until a call is given up."""

    @classmethod
    def at(cls, address: str, token: str, ca_file: Path | None = None, *, patience: float = 15.0) -> "Server":
        """From the settings ARGOCD_SERVER, ARGOCD_AUTH_TOKEN and ARGOCD_CA_FILE. Raises Misconfigured."""
        url = address.strip()
        url = url if "://" in url else f"https://{url}"
        try:
            parts = urlsplit(url)
            host, _port = parts.hostname or "", parts.port
        except ValueError:
            host, parts = "", urlsplit("")
        if not host or parts.scheme not in {"http", "https"} or parts.query or parts.fragment or "@" in parts.netloc:
            raise Misconfigured(f"ARGOCD_SERVER is no address ({address[:80]!r}): give HOST, HOST:PORT or https://HOST")
        if parts.scheme == "http" and not _inside(host):
            raise Misconfigured("ARGOCD_SERVER is plain http, which would show the token on the way: give https://")
        if not token.strip() or any(not 33 <= ord(c) <= 126 for c in token.strip()):
            raise Misconfigured("ARGOCD_AUTH_TOKEN is empty or no token: make one with `argocd account generate-token`")
        return cls(url.rstrip("/"), token.strip(), ca_file, patience)


def _inside(host: str) -> bool:
    """Whether plain http stays on this machine or in the cluster."""
    if host == "localhost" or host.endswith((".svc", ".svc.cluster.local")):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Transport:
    """Sends calls. A session a call: nothing is left open, and no answer to one is taken for another's."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._trust: ssl.SSLContext | None = None

    async def call(
        self, method: str, path: str, call: Call, *, params: Mapping[str, str] | None = None, body: object = None
    ) -> Any:
        """The JSON that the server answers. Raises Unavailable, Denied (and its kinds) or Misconfigured."""
        within = aiohttp.ClientTimeout(total=self.server.patience)
        async with self._asked(method, path, call, within, params=params, body=body) as answer:
            return _parsed(await _bounded(answer), answer)

    @asynccontextmanager
    async def stream(
        self, path: str, call: Call, params: Mapping[str, str], quiet: float
    ) -> AsyncIterator[aiohttp.StreamReader]:
        """A stream that lasts; given up when nothing came for `quiet` seconds."""
        within = aiohttp.ClientTimeout(total=None, sock_connect=self.server.patience, sock_read=quiet)
        async with self._asked("GET", path, call, within, params=params) as answer:
            yield answer.content

    @asynccontextmanager
    async def _asked(
        self,
        method: str,
        path: str,
        call: Call,
        within: aiohttp.ClientTimeout,
        *,
        params: Mapping[str, str] | None = None,
        body: object = None,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        headers = {"authorization": f"Bearer {self.server.token}", "accept": "application/json"}
        if method != "GET":
            headers["content-type"] = "application/json"  # asked for even without a body, against forged requests
        trust = await self._context()
        try:
            async with (
                aiohttp.ClientSession(timeout=within, headers=headers) as session,
                # A redirect is never followed: it would carry the token to somewhere else.
                session.request(
                    method, self.server.url + path, params=params, json=body, ssl=trust, allow_redirects=False
                ) as answer,
            ):
                if answer.status >= 300:
                    raise failure(answer.status, await _bounded(answer), call, answer.headers.get("retry-after"))
                yield answer
        except MegawattsError:
            raise
        except (aiohttp.ClientConnectorCertificateError, aiohttp.ClientConnectorSSLError) as error:
            raise Misconfigured(
                f"ARGOCD_SERVER shows a certificate that is not trusted ({error.os_error}): "
                "set ARGOCD_CA_FILE to the authority that signed it"
            ) from None
        except TimeoutError:
            raise Unavailable(DOOR, f"no answer in time when asked to {call.what}") from None
        except (aiohttp.ClientError, OSError) as error:
            raise Unavailable(DOOR, f"cannot {call.what}: {type(error).__name__}") from None

    async def _context(self) -> ssl.SSLContext | bool:
        if not self.server.url.startswith("https://"):
            return True
        if self._trust is None:
            self._trust = await asyncio.to_thread(_trusting, self.server.ca_file)
        return self._trust


def _trusting(ca_file: Path | None) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
    except OSError as error:
        raise Misconfigured(f"ARGOCD_CA_FILE {ca_file} cannot be used ({error.strerror or error})") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


async def _bounded(answer: aiohttp.ClientResponse) -> bytes:
    """The whole body. Half of one is no answer."""
    found = bytearray()
    async for chunk in answer.content.iter_any():
        found += chunk
        if len(found) > LARGEST:
            raise Unavailable(DOOR, f"its answer has more than {LARGEST} bytes")
    return bytes(found)


def _parsed(body: bytes, answer: aiohttp.ClientResponse) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        if "html" in answer.content_type:
            raise Misconfigured("ARGOCD_SERVER answers with a web page: give the address of Argo CD's API") from None
        raise Unavailable(DOOR, "its answer is no JSON") from None
