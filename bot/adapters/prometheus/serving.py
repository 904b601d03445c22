"""The controller's `/metrics` and `/healthz`."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from aiohttp import web

from bot.adapters.prometheus.loop import LoopMetrics
from bot.core.errors import Misconfigured

STUCK = 900.0
"""Seconds without a round after which the controller counts as stuck."""


def pages(figures: LoopMetrics, *, stuck: float = STUCK) -> Sequence[web.RouteDef]:
    """Routes for whichever application serves the controller.

    `/healthz` answers 503 when no round ended for `stuck` seconds: a liveness probe then starts the process anew,
    which loses nothing.
    """

    async def metrics(_request: web.Request) -> web.Response:
        return web.Response(body=figures.page(), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})

    async def healthz(_request: web.Request) -> web.Response:
        idle = figures.idle
        state = {"status": "ok" if idle < stuck else "stuck", "idle_seconds": round(idle, 1)}
        return web.json_response(state, status=200 if idle < stuck else 503)

    return (web.get("/metrics", metrics), web.get("/healthz", healthz))


@asynccontextmanager
async def serving(routes: Sequence[web.RouteDef], host: str, port: int) -> AsyncIterator[int]:
    """Serve until the end of the block; the port that was taken. Raises Misconfigured if it is not free."""
    app = web.Application(client_max_size=2**21)
    app.add_routes(routes)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await _listen(runner, host, port)
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()


async def _listen(runner: web.AppRunner, host: str, port: int) -> None:
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        raise Misconfigured(
            f"port {port} on {host} cannot be used by the controller ({error.strerror}); set CONTROLLER_PORT"
        ) from error
