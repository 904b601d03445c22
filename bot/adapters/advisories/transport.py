"""JSON over HTTP from a public service, kept for a while, so that the same question is not asked at every gate."""

import hashlib
import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from bot.adapters.files import replace
from bot.core.errors import MegawattsError, Misconfigured, Unavailable

LARGEST = 16 * 2**20
"""Bytes of an answer; an index lists a thousand files of a release in two megabytes."""
KEPT = 6 * 3600.0
"""Seconds that an answer counts."""
MOST = 2_000
"""Answers kept; the oldest go first."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """Answers on disk. One that is too old or broken counts as absent."""

    folder: Path
    now: Callable[[], float] = time.time

    def get(self, question: str) -> Any:
        """None: there is none, or it is old, or it is of a time to come."""
        try:
            kept = json.loads(self._place(question).read_bytes())
            fresh = 0 <= self.now() - float(kept["at"]) < KEPT
            return kept["answer"] if fresh and kept["question"] == question else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def put(self, question: str, answer: Any) -> None:
        """A full disk only costs the memory."""
        with suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            row = {"at": self.now(), "question": question, "answer": answer}
            replace(self._place(question), json.dumps(row).encode())
            for old in sorted(self.folder.glob("*.json"), key=lambda path: path.stat().st_mtime)[:-MOST]:
                old.unlink(missing_ok=True)

    def _place(self, question: str) -> Path:
        return self.folder / f"{hashlib.sha256(question.encode()).hexdigest()}.json"


class Service:
    """One service. `name` is for people, `setting` is the variable that its address comes from."""

    def __init__(self, name: str, setting: str, url: str, shelf: Shelf | None = None, patience: float = 10.0) -> None:
        """`patience`: seconds of one question. Raises Misconfigured for an address that is none, or plain http."""
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.query:
            raise Misconfigured(f"{setting} must be https://host, with a path at most")
        if parts.scheme == "http" and not _loopback(parts.hostname):
            raise Misconfigured(f"{setting} is plain http: who is on the way could say that all is well; use https")
        self.name = name
        self._setting, self._url, self._shelf, self._patience = setting, url.rstrip("/"), shelf, patience
        self._proxied = not _loopback(parts.hostname)

    async def ask(self, path: str, body: Any = None) -> Any:
        """The JSON of an answer; None where there is nothing of that name (404). `body`: it is posted.

        Raises Unavailable, and Misconfigured where something else answers at that address.
        """
        question = f"{self._url}{path} {json.dumps(body, sort_keys=True)}"
        kept = self._shelf.get(question) if self._shelf else None
        if kept is not None:
            return kept
        try:
            found = await self._asked(path, body)
        except MegawattsError:
            raise
        except TimeoutError:
            raise Unavailable(self.name, f"no answer within {self._patience:g} s") from None
        except (aiohttp.ClientError, OSError) as error:
            raise Unavailable(self.name, f"no answer ({type(error).__name__})") from None
        if self._shelf and found is not None:
            self._shelf.put(question, found)
        return found

    async def _asked(self, path: str, body: Any) -> Any:
        within = aiohttp.ClientTimeout(total=self._patience)
        headers = {"accept": "application/json", "user-agent": "megawatts"}
        async with (
            # Machines behind a proxy name it in the environment; no secret is sent that it could read.
            aiohttp.ClientSession(timeout=within, headers=headers, trust_env=self._proxied) as session,
            session.request(
                "GET" if body is None else "POST", self._url + path, json=body, allow_redirects=False
            ) as answer,
        ):
            if answer.status == 404:
                return None
            self._refuse(answer)
            found = bytearray()
            async for chunk in answer.content.iter_any():
                found += chunk
                if len(found) > LARGEST:
                    raise Unavailable(self.name, f"its answer has more than {LARGEST} bytes")
        try:
            return json.loads(found)
        except (ValueError, RecursionError):
            raise Unavailable(self.name, "its answer is no JSON") from None

    def _refuse(self, answer: aiohttp.ClientResponse) -> None:
        if answer.status == 200:
            return
        if answer.status == 429 or answer.status >= 500:
            wait = answer.headers.get("Retry-After", "")
            told = f"it answered {answer.status}"
            raise Unavailable(self.name, told, retry_after=float(wait) if wait.isdecimal() else None)
        raise Misconfigured(f"{self._setting}: {self.name} answered {answer.status}; give the address of its API")


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
