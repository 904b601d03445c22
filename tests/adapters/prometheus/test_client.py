"""Whatever a server answers becomes rows or one of three errors, and the token goes to nobody else."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.adapters.prometheus.client import Server, rows_of
from bot.adapters.prometheus.source import PrometheusSource
from bot.core.errors import Denied, Misconfigured, Unavailable
from bot.core.health import MetricRule
from bot.core.ids import Sha

TOKEN = "prom-token-1234567890"
RULES = (MetricRule("memory", "level"),)


def vector(*rows: tuple[dict[str, str], str], at: float = 100.0) -> dict[str, Any]:
    result = [{"metric": labels, "value": [at, value]} for labels, value in rows]
    return {"status": "success", "data": {"resultType": "vector", "result": result}}


@asynccontextmanager
async def peer(answer: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.05)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def test_a_query_is_posted_with_the_token_and_its_rows_are_read() -> None:
    seen: list[Any] = []

    async def answer(request: web.Request) -> web.Response:
        seen.extend([request.method, request.path, (await request.post())["query"], request.headers["Authorization"]])
        return web.json_response(vector(({"__name__": "x"}, "1.5"), ({"__name__": "y"}, "NaN")))

    async with peer(answer) as url:
        assert await Server(f"{url}/", TOKEN).query("up") == (100.0, [({"__name__": "x"}, 1.5)])
    assert seen == ["POST", "/api/v1/query", "up", f"Bearer {TOKEN}"]


@pytest.mark.parametrize(
    ("status", "body", "error", "says"),
    [
        (401, "", Denied, "PROMETHEUS_TOKEN"),
        (403, "no", Denied, "PROMETHEUS_TOKEN"),
        (429, "", Unavailable, "429"),
        (503, "", Unavailable, "503"),
        (400, '{"error": "parse error\\u001b[31m at char 3"}', Misconfigured, "parse error"),
        (422, "not json", Misconfigured, "no reason given"),
        (404, "<html>", Misconfigured, "PROMETHEUS_URL"),
        (302, "", Misconfigured, "PROMETHEUS_URL"),
        (200, "<html>", Unavailable, "not what the query API gives"),
        (200, '{"status": "success", "data": {"resultType": "vector", "result": [{"metric"', Unavailable, "not what"),
        (200, '{"data": {"resultType": "matrix", "result": []}}', Unavailable, "no vector"),
        (200, '{"data": {"resultType": "vector", "result": [{"metric": {}, "value": [1]}]}}', Unavailable, "not what"),
        (200, "[]", Unavailable, "not what"),
    ],
)
async def test_what_is_no_answer_is_an_error_that_says_so(
    status: int, body: str, error: type[Exception], says: str
) -> None:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(status=status, text=body, headers={"Location": "http://elsewhere.invalid/"})

    async with peer(answer) as url:
        with pytest.raises(error, match=says) as caught:
            await Server(url, TOKEN).query("up")
    assert TOKEN not in str(caught.value)
    assert "\x1b" not in str(caught.value)


async def test_how_long_to_wait_is_handed_on() -> None:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(status=429, headers={"Retry-After": "7"})

    async with peer(answer) as url:
        with pytest.raises(Unavailable) as caught:
            await Server(url).query("up")
    assert caught.value.retry_after == 7


async def test_a_redirect_is_not_followed_with_the_token() -> None:
    asked: list[str] = []

    async def other(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.json_response(vector())

    async with peer(other) as elsewhere:

        async def answer(_request: web.Request) -> web.Response:
            return web.Response(status=307, headers={"Location": f"{elsewhere}/api/v1/query"})

        async with peer(answer) as url:
            with pytest.raises(Misconfigured):
                await Server(url, TOKEN).query("up")
    assert asked == []


@pytest.mark.slow
async def test_nobody_there_and_nobody_in_time_is_unavailable(unused_tcp_port: int) -> None:
    with pytest.raises(Unavailable, match="no answer"):
        await Server(f"http://127.0.0.1:{unused_tcp_port}").query("up")

    async def never(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        await answer.write(b'{"status"')
        await request.content.wait_eof()
        await answer.write(b" " * 10)
        await asyncio.Event().wait()
        return answer

    async with peer(never) as url:
        with pytest.raises(Unavailable, match="Timeout"):
            await Server(url, timeout=0.2).query("up")


def test_an_answer_without_end_is_refused() -> None:
    with pytest.raises(Unavailable, match="longer than"):
        rows_of(b" " * (8 * 2**20 + 1))


@pytest.mark.parametrize("url", ["prometheus:9090", "ftp://x", "", "http://user:pw@host:9090", "http://"])
def test_an_address_that_is_none_is_refused_before_anything_is_sent(url: str) -> None:
    with pytest.raises(Misconfigured, match="PROMETHEUS_URL") as caught:
        Server(url)
    assert "pw" not in str(caught.value)


def test_a_token_never_travels_in_the_clear() -> None:
    with pytest.raises(Misconfigured, match="in the clear"):
        Server("http://prometheus.example:9090", TOKEN)
    assert Server("https://prometheus.example", TOKEN).token == TOKEN
    assert Server("http://localhost:9090", TOKEN).token == TOKEN
    assert Server("http://prometheus.example:9090").token == ""
    assert TOKEN not in repr(Server("https://prometheus.example", TOKEN))


async def test_certificates_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("none")
    for path in (tmp_path / "ca.pem", tmp_path / "missing.pem"):
        with pytest.raises(Misconfigured, match=path.name):
            await Server("https://127.0.0.1:1", ca=path).query("up")


async def test_a_revision_that_was_not_scraped_lately_is_silent_and_its_mark_stays() -> None:
    ages = iter([1.0, 70.0, 1.0])

    async def answer(_request: web.Request) -> web.Response:
        at = 1000.0
        target = {"job": "bot", "instance": "a:1"}
        gauge = ({**target, "__name__": "process_resident_memory_bytes"}, "5e7")
        return web.json_response(vector(gauge, ({**target, "revision": "x"}, str(at - next(ages))), at=at))

    async with peer(answer) as url:
        source = PrometheusSource(Server(url), lambda: RULES, lambda: datetime(2026, 1, 1, tzinfo=UTC))
        looks = [[reading.value for reading in await source.read(Sha("x"))] for _ in range(3)]
    assert looks == [[], [None], []], "a mark, silence, and nothing new since the mark"


async def test_no_process_at_all_is_silence_and_never_health() -> None:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(text=json.dumps(vector()), content_type="application/json")

    async with peer(answer) as url:
        source = PrometheusSource(Server(url), lambda: RULES, lambda: datetime(2026, 1, 1, tzinfo=UTC))
        assert [(r.metric, r.value) for r in await source.read(Sha("x"))] == [("memory", None)]


async def test_only_so_many_revisions_are_remembered() -> None:
    async def answer(_request: web.Request) -> web.Response:
        return web.json_response(vector(({"job": "b", "instance": "a", "revision": "x"}, "999"), at=1000.0))

    async with peer(answer) as url:
        source = PrometheusSource(Server(url), lambda: RULES, lambda: datetime(2026, 1, 1, tzinfo=UTC))
        for number in range(20):
            await source.read(Sha(f"{number:040d}"))
    assert len(source._last) == 16
