"""The bot as a process: start, serve, drain."""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import structlog

from bot.adapters.web.endpoint import State, serve
from bot.adapters.web.metrics import Metrics, cpu_seconds, resident_bytes
from bot.app.bot_wiring import Assembled, World, assemble, home_quorum, product_version
from bot.app.settings import Settings
from bot.core.errors import MegawattsError, Misconfigured
from bot.core.ports import Records, Switch

log = structlog.get_logger()
_FLUSH_EVERY = 1.0
_DRAIN_WITHIN = 4.0


@dataclass(frozen=True, slots=True)
class Launch:
    """How the process is started. `port` 0 takes a free one."""

    host: str
    port: int
    revision: str
    records: Records
    switch: Switch
    settings: Settings


async def run(launch: Launch) -> None:
    """Serve until SIGTERM or SIGINT, then finish what is under way and write what is new."""
    started = time.monotonic()
    metrics = Metrics(launch.revision, product_version())
    assembled = assemble(_world(launch, metrics, started))
    state = State(
        conversation=assembled.service,
        metrics=metrics,
        revision=launch.revision,
        health=lambda: health(launch, started),
        ready=lambda: not _failed(_records_check(launch.records)),
    )
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        runner, port = await serve(state, launch.host, launch.port)
    except OSError as error:
        raise Misconfigured(
            f"port {launch.port} on {launch.host} cannot be used ({error.strerror}); choose another with --port"
        ) from error
    _announce(port, launch.revision)
    flusher = asyncio.create_task(_keep_flushing(assembled))
    await stop.wait()
    state.draining = True
    log.info("draining", in_flight=assembled.service.in_flight)
    await _drain(assembled)
    flusher.cancel()
    with suppress(asyncio.CancelledError):
        await flusher
    await runner.cleanup()
    await _flush(assembled)
    log.info("stopped")


def _world(launch: Launch, metrics: Metrics, started: float) -> World:
    settings = launch.settings
    return World(
        records=launch.records,
        observer=metrics,
        status=lambda: _status(launch, started),
        rate_limits=settings.rate_limit_enabled,
        window=settings.conversation_memory_size,
        longest=settings.response_max_length,
        multilingual=settings.multilingual_support,
        quorum=home_quorum(),
    )


def _announce(port: int, revision: str) -> None:
    row = {"ready": True, "port": port, "revision": revision, "pid": os.getpid()}
    sys.stdout.write(json.dumps(row) + "\n")
    sys.stdout.flush()
    log.info("ready", port=port)


async def _drain(assembled: Assembled) -> None:
    deadline = time.monotonic() + _DRAIN_WITHIN
    while assembled.service.in_flight and time.monotonic() < deadline:  # noqa: ASYNC110  (a count, not an event)
        await asyncio.sleep(0.02)


async def _keep_flushing(assembled: Assembled) -> None:
    while True:
        await asyncio.sleep(_FLUSH_EVERY)
        await _flush(assembled)


async def _flush(assembled: Assembled) -> None:
    try:
        await asyncio.to_thread(assembled.memory.flush)
    except MegawattsError as error:
        log.warning("memory not written", error=type(error).__name__)


def _status(launch: Launch, started: float) -> Mapping[str, str]:
    """What a member may know."""
    minutes = int(time.monotonic() - started) // 60
    uptime = f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"
    return {"version": product_version(), "revision": launch.revision[:7], "up": uptime}


def health(launch: Launch, started: float) -> Mapping[str, Any]:
    """How the process is. `status` is `ok`, `stopped` (by people, the bot still answers) or `degraded`."""
    checks = [_records_check(launch.records), _switch_check(launch.switch)]
    stop = launch.switch.state()
    status = "degraded" if any(map(_failed, checks)) else "stopped" if stop else "ok"
    return {
        "status": status,
        "revision": launch.revision,
        "version": product_version(),
        "uptime_seconds": round(time.monotonic() - started, 1),
        "memory_bytes": int(resident_bytes()),
        "cpu_seconds": round(cpu_seconds(), 2),
        "pid": os.getpid(),
        "checks": checks,
    }


def _records_check(records: Records) -> dict[str, str]:
    return _check("records", lambda: records.get("health", "probe"))


def _switch_check(switch: Switch) -> dict[str, str]:
    return _check("emergency_stop", switch.state)


def _check(name: str, probe: Callable[[], object]) -> dict[str, str]:
    try:
        found = probe()
    except MegawattsError as error:
        return {"name": name, "status": "fail", "because": type(error).__name__}
    engaged = name == "emergency_stop" and found is not None
    return {"name": name, "status": "pass", "because": "engaged by people" if engaged else "answers"}


def _failed(check: Mapping[str, str]) -> bool:
    return check["status"] != "pass"
