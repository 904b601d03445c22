"""The bot as a process: start, serve, drain."""

import asyncio
import json
import os
import signal
import sys
import time
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import structlog

from bot.adapters.web.controls import connection
from bot.adapters.web.endpoint import State, serve
from bot.adapters.web.metrics import Metrics
from bot.app.bot_house import BotHouse, open_house
from bot.app.bot_living import Living, Open, Tenant
from bot.app.bot_wiring import DATA, product_version
from bot.app.home import Home
from bot.app.mounted_data import Mounted
from bot.app.reloading import Reloading
from bot.app.settings import Settings
from bot.app.telemetry import Process, bot_turns
from bot.app.vital import Vital
from bot.core.errors import Misconfigured

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Launch:
    """How the process is started. `port` 0 takes a free one. `data`: folder whose data is read instead of that beside
    the code, as long as it holds."""

    host: str
    port: int
    revision: str
    home: Home
    settings: Settings
    data: Path | None = None


async def run(launch: Launch) -> None:
    """Serve until SIGTERM or SIGINT, then finish what is under way and write what is new."""
    metrics = Metrics(launch.revision, product_version())
    vital = Vital(launch.revision, time.monotonic())
    metrics.allowed(launch.settings.ai_daily_usd)
    process = Process(
        "bot", launch.revision, product_version(),
        launch.settings.otel_exporter_otlp_endpoint, launch.settings.otel_exporter_otlp_logs_endpoint,
    )  # fmt: skip
    async with bot_turns(metrics, process) as turns:

        def opened(revision: str, data: Path | None) -> AbstractAsyncContextManager[BotHouse]:
            return open_house(
                launch.settings, launch.home, status=vital.status, observer=turns, turn=turns.turn, revision=revision,
                data=data or DATA, tally=metrics.flags,
            )  # fmt: skip

        await _Serving(launch, metrics, vital).run(opened)
        log.info("stopped")


class _Serving:
    """The endpoint, over the house that members are answered by now."""

    def __init__(self, launch: Launch, metrics: Metrics, vital: Vital) -> None:
        self._launch, self._metrics, self._vital = launch, metrics, vital
        self._state: State | None = None

    async def run(self, opened: Open) -> None:
        stop, loop = asyncio.Event(), asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        launch, living = self._launch, Living(self._launch.settings, opened, self._moved)
        mounted = Mounted(living, launch.data, launch.revision, self._metrics.refused) if launch.data else None
        async with AsyncExitStack() as stack:
            if mounted is not None:
                stack.push_async_callback(mounted.close)
            stack.push_async_callback(living.leave)
            await (mounted.start() if mounted is not None else living.move(launch.revision))
            if mounted is not None:
                self._vital.reload = mounted.state
                stack.callback(asyncio.create_task(mounted.run()).cancel)
            await self._serve(living, stop)

    async def _serve(self, living: Living, stop: asyncio.Event) -> None:
        state, launch, reloading = self._state, self._launch, Reloading(living)
        assert state is not None  # noqa: S101  (a house is open)
        try:
            runner, port = await serve(state, launch.host, launch.port)
        except OSError as error:
            raise Misconfigured(
                f"port {launch.port} on {launch.host} cannot be used ({error.strerror}); choose another with --port"
            ) from error
        if launch.data is None and reloading.listen(asyncio.get_running_loop()):
            self._vital.reload = reloading.state
        _announce(port, state.revision)
        await stop.wait()
        state.draining = True
        log.info("draining", in_flight=living.in_flight)
        await living.quiet()
        await runner.cleanup()

    def _moved(self, tenant: Tenant) -> None:
        """All that names the house or its revision, in one step: nothing is awaited in between."""
        house, settings = tenant.house, self._launch.settings
        if self._state is None:
            self._state = State(
                conversation=house.assembled.service,
                metrics=self._metrics,
                revision=tenant.revision,
                health=self._vital.health,
                ready=self._vital.ready,
                reply_within=max(15.0, settings.ai_timeout / 1000 + 5 if house.thinker else 0),
            )
        self._state.conversation, self._state.revision = house.assembled.service, tenant.revision
        self._vital.house = house
        self._vital.runs(tenant.revision)
        self._metrics.runs(tenant.revision)
        if tenant.discord is not None:
            self._vital.discord = tenant.discord.state
            self._metrics.control("discord", connection(tenant.discord.state))


def _announce(port: int, revision: str) -> None:
    row = {"ready": True, "port": port, "revision": revision, "pid": os.getpid()}
    sys.stdout.write(json.dumps(row) + "\n")
    sys.stdout.flush()
    log.info("ready", port=port)
