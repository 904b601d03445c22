"""Chat, feedback, health and metrics over HTTP."""

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog
from aiohttp import web

from bot.adapters.web.answers import StreamSink, body_of_answer, respond
from bot.adapters.web.callers import loopback, refused
from bot.adapters.web.metrics import Metrics
from bot.adapters.web.requests import (
    BODY,
    Bad,
    body_of,
    command_of,
    feedback_of,
    identifier,
    message_of,
    press_of,
)
from bot.core.chat import Answer, Listener, Sink
from bot.core.errors import Unavailable
from bot.core.ids import UserId

log = structlog.get_logger()
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_BESIDE = 5.0
"""Seconds of a request beside its answer."""
_LATE = "The answer took too long; please try again."
_TOO_MUCH = "Too much is going on; please try again in a moment."
_BROKEN = "Something went wrong on our side."
_STATE: web.AppKey["State"] = web.AppKey("state")


@dataclass(slots=True)
class State:
    """What the handlers share. `health` must be quick; `ready` says whether new messages are welcome."""

    conversation: Listener
    metrics: Metrics
    revision: str
    health: Callable[[], Mapping[str, Any]]
    ready: Callable[[], bool] = field(default=lambda: True)
    draining: bool = False
    reply_within: float = 15.0
    """Seconds that an answer may take."""


def build(state: State, *, talks: bool = True) -> web.Application:
    """The application, without a server. `talks`: whether members are answered, or only probes and scrapes."""
    app = web.Application(client_max_size=BODY, middlewares=[_shield])
    app[_STATE] = state
    if talks:
        app.add_routes(
            [
                web.post("/chat", _here(_chat)),
                web.post("/command", _here(_command)),
                web.post("/press", _here(_press)),
                web.post("/feedback", _here(_feedback)),
                web.get("/outbox", _here(_outbox)),
            ]
        )
    app.add_routes(
        [
            web.get("/healthz", _healthz),
            web.get("/readyz", _readyz),
            web.get("/health", _health),
            web.get("/metrics", _metrics),
        ]
    )
    return app


async def serve(state: State, host: str, port: int) -> tuple[web.AppRunner, int]:
    """Start listening; the runner to clean up and the port that was taken. Raises OSError if the port is not free.

    Members are answered on a loopback address alone: whoever reaches the port can speak as any of them.
    """
    app = build(state, talks=loopback(host))
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=5.0, keepalive_timeout=30.0)
    await runner.setup()
    site = web.TCPSite(runner, host, port, backlog=256)
    await site.start()
    return runner, int(runner.addresses[0][1])


def _here(handler: Handler) -> Handler:
    """For programs on this machine only."""

    async def guarded(request: web.Request) -> web.StreamResponse:
        because = refused(request.headers)
        return _error(403, because) if because else await handler(request)

    return guarded


@web.middleware
async def _shield(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every error has a JSON body with one sentence, and none of them tells of the inside."""
    try:
        async with asyncio.timeout(request.app[_STATE].reply_within + _BESIDE):
            answer = await handler(request)
    except Bad as error:
        answer = _error(400, str(error))
    except web.HTTPRequestEntityTooLarge:
        answer = _error(413, f"The body must be at most {BODY} bytes.")
    except web.HTTPException as error:
        answer = _error(error.status, error.reason)
        if "Allow" in error.headers:
            answer.headers["Allow"] = error.headers["Allow"]
    except Unavailable as error:
        answer = _busy(error.retry_after or 1.0)
    except TimeoutError:
        answer = _error(504, _LATE)
    except Exception as error:  # noqa: BLE001  (whatever breaks, the caller hears one sentence)
        log.error("request failed", path=request.path[:80], error=type(error).__name__)  # noqa: TRY400  (no traceback)
        answer = _error(500, _BROKEN)
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Server"] = "megawatts"
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _error(status: int, text: str) -> web.Response:
    return web.json_response({"error": text}, status=status)


def _busy(seconds: float) -> web.Response:
    answer = _error(503, _TOO_MUCH)
    answer.headers["Retry-After"] = str(math.ceil(seconds))
    return answer


async def _chat(request: web.Request) -> web.StreamResponse:
    data = body_of(await request.read())
    message = message_of(data)
    return await _answered(request, data, lambda sink: _conversation(request).answer(message, sink))


async def _command(request: web.Request) -> web.StreamResponse:
    data = body_of(await request.read())
    command = command_of(data)
    return await _answered(request, data, lambda sink: _conversation(request).command(command, sink))


async def _press(request: web.Request) -> web.StreamResponse:
    press = press_of(body_of(await request.read()))
    return await _answered(request, {}, lambda _sink: _conversation(request).press(press))


def _conversation(request: web.Request) -> Listener:
    return request.app[_STATE].conversation


async def _answered(
    request: web.Request, data: Mapping[str, Any], ask: Callable[[Sink | None], Awaitable[Answer]]
) -> web.StreamResponse:
    """One answer, or with `"stream": true` JSON lines that end with it."""
    state = request.app[_STATE]
    if state.draining:
        return _busy(1.0)
    if data.get("stream") is not True:
        revision = state.revision  # what answers, whatever takes its place meanwhile
        async with asyncio.timeout(state.reply_within):
            return respond(await ask(None), revision)
    sink = StreamSink(request)
    await sink.open()
    try:
        async with asyncio.timeout(state.reply_within):
            last: dict[str, Any] = {"answer": body_of_answer(await ask(sink), state.revision)}
    except Unavailable:
        last = {"error": _TOO_MUCH}
    except TimeoutError:
        last = {"error": _LATE}
    except Exception as error:  # noqa: BLE001  (the head is sent: what breaks now is told in the last line)
        log.error("request failed", path=request.path[:80], error=type(error).__name__)  # noqa: TRY400  (no traceback)
        last = {"error": _BROKEN}
    return await sink.end(last)


async def _feedback(request: web.Request) -> web.Response:
    answer, user, voice = feedback_of(body_of(await request.read()))
    known = await request.app[_STATE].conversation.feedback(answer, user, voice)
    return web.json_response({"recorded": True}) if known else _error(404, "No recent answer has that id.")


async def _outbox(request: web.Request) -> web.Response:
    user = UserId(identifier(dict(request.query), "user"))
    due = await request.app[_STATE].conversation.pending(user)
    rows = [{"id": one.id, "channel": one.channel, "text": one.text, "due": one.due.isoformat()} for one in due]
    return web.json_response({"messages": rows})


async def _healthz(request: web.Request) -> web.Response:
    return web.json_response({"status": "alive", "revision": request.app[_STATE].revision})


async def _readyz(request: web.Request) -> web.Response:
    state = request.app[_STATE]
    ready = not state.draining and await asyncio.to_thread(state.ready)
    body = {"status": "ready" if ready else "not ready", "revision": state.revision}
    return web.json_response(body, status=200 if ready else 503)


async def _health(request: web.Request) -> web.Response:
    return web.json_response(dict(await asyncio.to_thread(request.app[_STATE].health)))


async def _metrics(request: web.Request) -> web.Response:
    page = request.app[_STATE].metrics.page()
    return web.Response(body=page, headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})
