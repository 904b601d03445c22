"""Whether Discord's REST interface answers, from what aiohttp tells of every call."""

import asyncio
import time
from collections.abc import Callable
from types import SimpleNamespace

import aiohttp

from bot.policy import breaker
from bot.policy.breaker import LONGEST_WAIT, Breaker


class Rest:
    """Told of each call by a trace (docs.aiohttp.org, "Tracing Reference"): discord.py takes one as `http_trace`."""

    def __init__(self, timer: Callable[[], float] = time.monotonic) -> None:
        self._timer = timer
        self._state = Breaker()
        self._at = 0.0

    @property
    def failing(self) -> bool:
        """Whether the last calls in a row got no answer, or one of 500 and above. Long ago counts no more."""
        return self._state.state(self._timer()) != "closed" and self._timer() - self._at < LONGEST_WAIT

    def trace(self) -> aiohttp.TraceConfig:
        """To be given to the client that makes the calls."""
        config = aiohttp.TraceConfig()
        config.on_request_end.append(self._ended)
        config.on_request_exception.append(self._broke)
        return config

    async def _ended(
        self, _session: aiohttp.ClientSession, _context: SimpleNamespace, told: aiohttp.TraceRequestEndParams
    ) -> None:
        self._note(well=told.response.status < 500)

    async def _broke(
        self, _session: aiohttp.ClientSession, _context: SimpleNamespace, told: aiohttp.TraceRequestExceptionParams
    ) -> None:
        if not isinstance(told.exception, asyncio.CancelledError):
            self._note(well=False)

    def _note(self, *, well: bool) -> None:
        self._at = self._timer()
        self._state = breaker.succeeded(self._state) if well else breaker.failed(self._state, self._at)
