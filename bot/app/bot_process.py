"""The bot as a process: start, serve, drain."""

import asyncio
import json
import os
import signal
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from bot.adapters.web.controls import connection
from bot.adapters.web.endpoint import State, serve
from bot.adapters.web.metrics import Metrics
from bot.app.bot_house import BotHouse, open_house
from bot.app.bot_wiring import Assembled, now, product_version
from bot.app.home import Home
from bot.app.keeping import Keeping
from bot.app.memories import scrubber
from bot.app.settings import Settings
from bot.app.telemetry import Process, bot_turns
from bot.app.vital import Vital
from bot.core.errors import MegawattsError, Misconfigured

if TYPE_CHECKING:
    from bot.app.on_discord import OnDiscord

log = structlog.get_logger()
_FLUSH_EVERY = 1.0
_DRAIN_WITHIN = 4.0


@dataclass(frozen=True, slots=True)
class Launch:
    """How the process is started. `port` 0 takes a free one."""

    host: str
    port: int
    revision: str
    home: Home
    settings: Settings


async def run(launch: Launch) -> None:
    """Serve until SIGTERM or SIGINT, then finish what is under way and write what is new."""
    started = time.monotonic()
    metrics = Metrics(launch.revision, product_version())
    vital = Vital(launch.revision, started)
    metrics.allowed(launch.settings.ai_daily_usd)
    process = Process("bot", launch.revision, product_version(), launch.settings.otel_exporter_otlp_endpoint)
    async with (
        bot_turns(metrics, process) as turns,
        open_house(
            launch.settings, launch.home, status=vital.status, observer=turns, turn=turns.turn, revision=launch.revision
        ) as house,
    ):
        vital.house = house
        await _serve(launch, house, metrics, vital)
    log.info("stopped")


async def _serve(launch: Launch, house: BotHouse, metrics: Metrics, vital: Vital) -> None:
    state = State(
        conversation=house.assembled.service,
        metrics=metrics,
        revision=launch.revision,
        health=vital.health,
        ready=vital.ready,
        reply_within=max(15.0, launch.settings.ai_timeout / 1000 + 5 if house.thinker else 0),
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
    discord = await _discord(launch, house, vital)
    if discord is not None:
        metrics.control("discord", connection(discord.state))
    _announce(port, launch.revision)
    keeping = Keeping(house.records, house.assembled.memory, house.book, now, scrubber(house.records))
    beside = (asyncio.create_task(_keep_flushing(house.assembled)), asyncio.create_task(keeping.run()))
    await stop.wait()
    state.draining = True
    log.info("draining", in_flight=house.assembled.service.in_flight)
    if discord is not None:
        await discord.close()
    await _drain(house.assembled)
    for task in beside:
        task.cancel()
    await asyncio.gather(*beside, return_exceptions=True)
    await runner.cleanup()
    await _flush(house.assembled)


async def _discord(launch: Launch, house: BotHouse, vital: Vital) -> "OnDiscord | None":
    """The bot on Discord, where there is a token; the endpoint serves in either case."""
    if not launch.settings.discord_bot_token.reveal():
        return None
    from bot.app.on_discord import OnDiscord  # noqa: PLC0415  (discord.py only where it is used)

    found = await OnDiscord.start(launch.settings, house)
    vital.discord = found.state
    return found


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
