"""Discord's REST interface counts as failing after calls in a row without an answer, and only then."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.adapters.discord.rest import Rest
from bot.policy.breaker import FAILURES, LONGEST_WAIT

pytestmark = pytest.mark.integration  # a server, as the other tests of this folder need one


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def url() -> AsyncIterator[str]:
    async def answer(request: web.Request) -> web.Response:
        status = int(request.match_info["status"])
        if status == 0:
            await asyncio.Event().wait()
        return web.Response(status=status)

    app = web.Application()
    app.router.add_get("/{status}", answer)
    async with TestServer(app) as server:
        yield str(server.make_url("/"))


async def called(rest: Rest, url: str, statuses: Sequence[int]) -> None:
    async with aiohttp.ClientSession(trace_configs=[rest.trace()]) as session:
        for status in statuses:
            async with session.get(f"{url}{status}"):
                pass


@pytest.mark.parametrize(
    ("statuses", "failing"),
    [
        ([], False),
        ([500] * (FAILURES - 1), False),
        ([500, 502, 503], True),
        ([500, 502, 503, 200], False),
        ([500, 500, 204, 500, 500], False),
        ([429] * 9, False),
        ([403] * 9, False),
    ],
)
async def test_answers(url: str, statuses: list[int], failing: bool) -> None:
    rest = Rest(Clock())
    await called(rest, url, statuses)
    assert rest.failing is failing


async def test_no_connection_and_an_outage_of_long_ago(unused_tcp_port: int) -> None:
    clock = Clock()
    rest = Rest(clock)
    for _ in range(FAILURES):
        with pytest.raises(aiohttp.ClientError):
            await called(rest, f"http://127.0.0.1:{unused_tcp_port}/", [200])
    assert rest.failing
    clock.now = LONGEST_WAIT
    assert not rest.failing


async def test_what_we_end_ourselves_says_nothing(url: str) -> None:
    rest = Rest(Clock())
    for _ in range(FAILURES):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(called(rest, url, [0]), 0.01)
    assert not rest.failing
