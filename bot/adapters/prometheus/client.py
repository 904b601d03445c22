"""The query API of a Prometheus server (prometheus.io/docs/prometheus/latest/querying/api), as far as it is used."""

import json
import math
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from bot.core.errors import Denied, Misconfigured, Unavailable
from bot.core.text import one_line

DOOR = "Prometheus"
_MOST = 8 * 2**20
"""Bytes of an answer; what is longer is none that was asked for."""
Rows = Sequence[tuple[Mapping[str, str], float]]


@dataclass(frozen=True, slots=True)
class Server:
    """Where a server is and how it is spoken to. `token` is sent as a bearer's; `ca` is a file of certificates."""

    url: str
    token: str = field(default="", repr=False)
    ca: Path | None = None
    timeout: float = 5.0
    """Seconds of one query."""

    def __post_init__(self) -> None:
        """Raises Misconfigured for an address that is none, and for a token that would travel in the clear."""
        parts = urlsplit(self.url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username:
            raise Misconfigured("PROMETHEUS_URL must be http://host:port or https://host, without a user in it")
        if self.token and parts.scheme == "http" and not _loopback(parts.hostname):
            raise Misconfigured("PROMETHEUS_URL is http and PROMETHEUS_TOKEN would travel in the clear; use https")

    async def query(self, promql: str) -> tuple[float, Rows]:
        """The server's time of evaluation (0 where there is no row) and the rows of an instant query.

        Raises Unavailable (no answer, 429, 5xx, timeout), Denied (401, 403) and Misconfigured (what answers is no
        Prometheus, or refuses the query).
        """
        url = f"{self.url.rstrip('/')}/api/v1/query"
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        timeout = aiohttp.ClientTimeout(total=self.timeout)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout, headers=headers) as session,
                session.post(url, data={"query": promql}, ssl=self._trust(), allow_redirects=False) as answer,
            ):
                body = await answer.content.read(_MOST + 1)
                while body and len(body) <= _MOST and (more := await answer.content.read(_MOST)):
                    body += more
                _refuse(answer.status, answer.headers, body)
        except aiohttp.ClientConnectorCertificateError:
            fix = "set PROMETHEUS_CA_FILE to the authority that signed it"
            raise Misconfigured(f"PROMETHEUS_URL shows a certificate that is not trusted: {fix}") from None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unavailable(DOOR, f"no answer ({type(error).__name__})") from None
        return rows_of(body)

    def _trust(self) -> ssl.SSLContext | bool:
        if self.ca is None:
            return True
        try:
            return ssl.create_default_context(cafile=self.ca)
        except (OSError, ssl.SSLError):
            raise Misconfigured(f"PROMETHEUS_CA_FILE {self.ca} holds no certificates that can be read") from None


def rows_of(body: bytes) -> tuple[float, Rows]:
    """An answer of the query API. Raises Unavailable for one that is cut off, too long or another thing."""
    if len(body) > _MOST:
        raise Unavailable(DOOR, f"the answer is longer than {_MOST} bytes")
    try:
        data = json.loads(body)["data"]
        if data["resultType"] != "vector":
            raise Unavailable(DOOR, "the answer is no vector")
        found = [({str(k): str(v) for k, v in row["metric"].items()}, _sample(row["value"])) for row in data["result"]]
    except (ValueError, KeyError, TypeError, IndexError, AttributeError):
        raise Unavailable(DOOR, "the answer is not what the query API gives") from None
    evaluated = max((at for _labels, (at, _value) in found), default=0.0)
    return evaluated, [(labels, value) for labels, (_at, value) in found if math.isfinite(value)]


def _sample(pair: Any) -> tuple[float, float]:
    at, value = pair
    return float(at), float(value)


def _refuse(status: int, headers: Mapping[str, str], body: bytes) -> None:
    if status == 200:
        return
    if status in {401, 403}:
        raise Denied(f"{DOOR} answers {status}: PROMETHEUS_TOKEN is missing, wrong or may not query; renew it")
    if status == 429 or status >= 500:
        wait = headers.get("Retry-After", "")
        raise Unavailable(DOOR, f"it answers {status}", retry_after=float(wait) if wait.isdigit() else None)
    if status in {400, 422}:
        raise Misconfigured(f"{DOOR} refuses the query ({status}): {_reason(body)}; see PROMETHEUS_LABELS")
    raise Misconfigured(f"PROMETHEUS_URL answers {status} below /api/v1/query: give the address of a Prometheus server")


def _reason(body: bytes) -> str:
    try:
        return one_line(str(json.loads(body)["error"]), 200)
    except (ValueError, KeyError, TypeError):
        return "no reason given"


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
