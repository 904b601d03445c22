"""The stream of an application's changes: read line by line, resumed where it broke off, with growing pauses."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing, suppress

from pydantic import ValidationError

from bot.adapters.argocd.client import ArgoClient
from bot.adapters.argocd.errors import DOOR, Call, streamed
from bot.adapters.argocd.models import WatchEvent
from bot.adapters.argocd.transport import LARGEST
from bot.core.errors import Unavailable

QUIET = 90.0
"""Seconds without a word after which the stream is taken for dead: proxies drop idle ones without telling."""
PAUSES = (0.2, 1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds before the next try, by the number of tries that brought nothing."""
GONE = 410
"""Kubernetes' answer to a version that it no longer remembers."""

Sleep = Callable[[float], Awaitable[None]]


class Watch:
    """An endless iterator over changes. Ends only by an error that trying again cannot mend (token, permission).

    After a break it goes on from the last version seen; an event may come twice, none that still matters is lost,
    since each carries the whole application. Source: `ApplicationService_Watch`.
    """

    def __init__(self, client: ArgoClient, *, quiet: float = QUIET, sleep: Sleep = asyncio.sleep) -> None:
        self._client = client
        self._quiet = quiet
        self._sleep = sleep
        self._fruitless = 0
        self.version = ""
        """`resourceVersion` of the last event."""
        self.breaks = 0
        """How often the stream broke off."""

    async def events(self) -> AsyncGenerator[WatchEvent]:
        clock = asyncio.get_running_loop().time
        while True:
            began = clock()
            with suppress(Unavailable):
                async with aclosing(self._once()) as changes:
                    async for event in changes:
                        self._fruitless = 0
                        self.version = event.application.metadata.resource_version
                        yield event
            self.breaks += 1
            if clock() - began >= self._quiet:
                self._fruitless = 0  # it held: there was only nothing to say
            await self._sleep(PAUSES[min(self._fruitless, len(PAUSES) - 1)])
            self._fruitless += 1

    async def _once(self) -> AsyncGenerator[WatchEvent]:
        """One connection, until it ends."""
        target = self._client.target
        call = Call(f"watch {target.name}", "applications, get", target.name, target.project)
        asked = {"name": target.name, "appNamespace": target.namespace, "projects": target.project}
        params = {key: value for key, value in (*asked.items(), ("resourceVersion", self.version)) if value}
        async with self._client.transport.stream("/api/v1/stream/applications", call, params, self._quiet) as content:
            async for line in lines(content.iter_any()):
                event = self._event(line, call)
                if event is not None and event.application.metadata.name == target.name:
                    yield event

    def _event(self, line: bytes, call: Call) -> WatchEvent | None:
        """One event. A line that is none ends the connection: what follows it cannot be trusted to be whole."""
        try:
            row = json.loads(line)
        except ValueError:
            raise Unavailable(DOOR, "its stream broke within an event") from None
        error = row.get("error") if isinstance(row, dict) else None
        if isinstance(error, dict):
            if error.get("http_code") == GONE:
                self.version = ""
                raise Unavailable(DOOR, "it no longer knows the version to resume from")
            raise streamed(error, call)
        try:
            return WatchEvent.model_validate(row.get("result") if isinstance(row, dict) else None)
        except ValidationError:
            raise Unavailable(DOOR, "its stream says something that is no event") from None


async def lines(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The lines of a stream; the last one may be half of one. Unavailable for one that does not end."""
    rest = b""
    async for chunk in chunks:
        rest += chunk
        *whole, rest = rest.split(b"\n")
        for line in whole:
            if line.strip():
                yield line
        if len(rest) > LARGEST:
            raise Unavailable(DOOR, f"a line of its stream has more than {LARGEST} bytes")
    if rest.strip():
        yield rest
