"""The members of the demo: they write all the time, and some of them suggest and vote."""

import asyncio
import time

import aiohttp

from bot.app.demo.model import Second
from bot.app.traffic import CALM, Habit, Traffic
from bot.core.errors import Unavailable

PASTE = Habit(burst=(9, 11), gap=(0.1, 0.25), rest=(2.6, 3.4))
"""Members who paste a list line by line, then rest: within the limit that the product ships with."""
RATE = 8.0
"""Messages a second of all members while they paste."""


class Members:
    """Traffic from the first deploy to the end. Recorded is what members met, not what the bot says of itself."""

    def __init__(self) -> None:
        self._traffic: Traffic | None = None
        self._task: asyncio.Task[object] | None = None
        self._url = ""
        self._offset = 0.0

    def begin(self, url: str, started: float) -> None:
        """Begin to write. `started` is the demo's start in monotonic seconds."""
        self._url, self._offset = url, time.monotonic() - started
        self._traffic = Traffic(url, rate=RATE, habit=PASTE)
        self._traffic.habit = CALM
        self._task = asyncio.create_task(self._traffic.run())

    def rush(self) -> None:
        """From now on members paste."""
        if self._traffic is not None:
            self._traffic.habit = PASTE

    def calm(self) -> None:
        if self._traffic is not None:
            self._traffic.habit = CALM

    async def say(self, user: str, text: str) -> str:
        """One member says one thing and hears the answer. Raises Unavailable if there is none."""
        body = {"user": user, "name": user.title(), "channel": "council", "text": text}
        timeout = aiohttp.ClientTimeout(total=10)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.post(f"{self._url}/chat", json=body) as answer,
            ):
                found = await answer.json()
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise Unavailable("the bot", f"it did not answer {user}: {error}") from error
        return str(found.get("text", found.get("error", "")))

    async def end(self) -> None:
        """Stop writing."""
        if self._traffic is not None and self._task is not None:
            self._traffic.stop()
            await self._task

    def seconds(self) -> list[Second]:
        """What members met, second by second since the demo began."""
        if self._traffic is None:
            return []
        by_second = self._traffic.tally.by_second
        return [Second(self._offset + second, dict(counts)) for second, counts in sorted(by_second.items())]
