"""What is counted, traced and watched beside the work: put together here, and never in the work's way."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING

from bot.adapters.otlp.loop import LoopTraces
from bot.adapters.otlp.span import Send
from bot.adapters.otlp.turns import Turns
from bot.app.events import relaying
from bot.core.charter import Charter
from bot.core.chat import Observer
from bot.core.errors import MegawattsError, Misconfigured
from bot.core.health import MetricRule
from bot.core.ports import AuditLog, Records, Switch
from bot.core.verdict import Status, Verdict
from bot.policy.sandbox_evidence import FACT, count_of

if TYPE_CHECKING:
    from aiohttp.web import RouteDef

    from bot.adapters.otlp.exporting import Exporter
    from bot.adapters.prometheus.loop import LoopMetrics

Say = Callable[[str, Mapping[str, object]], None]
LOUD = frozenset({"round"})
"""Events that are told at every round: counted, and left out of what people read."""
DENIED = frozenset({"connections"})
"""Verdicts within a stage whose failure says that the sandbox denied something."""


@dataclass(frozen=True, slots=True)
class Process:
    """What a process is, and where its spans and its lines go: `endpoint` and `logs` of a collector, or nothing."""

    name: str
    revision: str
    version: str
    endpoint: str = ""
    logs: str = ""

    @property
    def who(self) -> Mapping[str, str]:
        """The attributes of its resource."""
        return {
            "service.name": f"megawatts-{self.name}",
            "service.version": self.version,
            "megawatts.revision": self.revision,
        }


@dataclass(frozen=True, slots=True)
class Beside:
    """What hears of the loop beside people."""

    figures: "LoopMetrics"
    send: Send | None = None

    def teller(self, people: Say, records: Records) -> Say:
        """In place of the teller that only people hear."""
        return telling(people, self.figures.heard, LoopTraces(records, self.send).heard)


@asynccontextmanager
async def bot_turns(within: Observer, process: Process) -> AsyncIterator[Turns]:
    """The observer of a conversation, whose `turn` stands around each message. Raises as `open_exporter` does."""
    exporter = open_exporter(process)
    async with shipping(process):
        try:
            yield Turns(within, exporter.send if exporter is not None else None)
        finally:
            if exporter is not None:
                await asyncio.to_thread(exporter.close)


@asynccontextmanager
async def shipping(process: Process) -> AsyncIterator[None]:
    """Until the end of the block all lines of this process go to a collector too, if one is set for them.

    Raises Misconfigured as `open_exporter` does.
    """
    if not process.logs:
        yield
        return
    _need(process.logs, "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "http://loki:3100/otlp/v1/logs")
    from bot.adapters.otlp.lines import Lines  # noqa: PLC0415  (only where it is wanted)

    lines = Lines(process.logs, process.who)
    try:
        with relaying(lines.send):
            yield
    finally:
        await asyncio.to_thread(lines.close)


@asynccontextmanager
async def controller_beside(
    process: Process,
    audit: AuditLog,
    switch: Switch,
    stages: Sequence[str],
    *,
    listen: tuple[str, int] | None = None,
    routes: "Sequence[RouteDef]" = (),
) -> AsyncIterator[Beside]:
    """Figures, traces and the pages of a controller, until the end of the block.

    `listen`: host and port of `/metrics` and `/healthz`, with `routes` of others beside them; None: nothing is served.
    """
    from bot.adapters.prometheus.loop import LoopMetrics  # noqa: PLC0415  (only the controller counts so)
    from bot.adapters.prometheus.serving import pages, serving  # noqa: PLC0415

    figures = LoopMetrics(process.revision, process.version, stages)
    exporter = open_exporter(process)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(shipping(process))
        if exporter is not None:
            stack.push_async_callback(asyncio.to_thread, exporter.close)
        if listen is not None:
            await stack.enter_async_context(serving((*pages(figures), *routes), *listen))
        looking = asyncio.create_task(watch(figures, audit, switch))
        stack.callback(looking.cancel)
        yield Beside(figures, exporter.send if exporter is not None else None)


def open_exporter(process: Process) -> "Exporter | None":
    """Where spans go; None where no collector is configured: then nothing of OpenTelemetry is loaded.

    Raises Misconfigured where one is configured and the packages are missing.
    """
    endpoint = process.endpoint
    if not endpoint:
        return None
    _need(endpoint, "OTEL_EXPORTER_OTLP_ENDPOINT", "http://host:4318")
    from bot.adapters.otlp.exporting import Exporter  # noqa: PLC0415  (25 MB, only where it is wanted)

    return Exporter(endpoint, process.who)


def _need(address: str, setting: str, example: str) -> None:
    """The address is one, and OpenTelemetry is installed."""
    if not address.startswith(("http://", "https://")):
        raise Misconfigured(f"{setting} must begin with http:// or https://, such as {example}")
    if find_spec("opentelemetry") is None or find_spec("opentelemetry.exporter") is None:
        raise Misconfigured(f"{setting} is set and opentelemetry is missing: pip install 'megawatts[telemetry]'")


def telling(
    people: Say, counted: Say | None = None, traced: Callable[[str, Mapping[str, object]], str] | None = None
) -> Say:
    """One teller out of several: people read the event with its `trace_id`, figures and traces hear of it."""

    def told(event: str, facts: Mapping[str, object]) -> None:
        if counted is not None:
            counted(event, facts)
        trace = traced(event, facts) if traced is not None else ""
        if event not in LOUD:
            people(event, {**facts, "trace_id": trace} if trace else facts)

    return told


def denied(verdict: Verdict | None) -> int:
    """How many attempts of a stage the sandbox denied: the fact `denied` of the event `stage`."""
    if verdict is None or verdict.facts.get("cached"):
        return 0  # one that is kept was told of when it was made
    failed = sum(one.name in DENIED and one.status is Status.FAIL for one in verdict.walk())
    return max(failed, count_of(verdict.facts.get(FACT)))


@dataclass(slots=True)
class KnownRules:
    """Reads charters, and remembers the health rules of the last one: what the health source asks for."""

    read: Callable[[str], Charter]
    _rules: tuple[MetricRule, ...] = field(default=())

    def parse(self, text: str) -> Charter:
        """In place of the reader itself."""
        charter = self.read(text)
        self._rules = charter.health.rules
        return charter

    def rules(self) -> Sequence[MetricRule]:
        """Those of the base branch, as it was looked at last."""
        return self._rules


async def watch(
    figures: "LoopMetrics", audit: AuditLog, switch: Switch, *, every: float = 15.0, audit_every: float = 300.0
) -> None:
    """Look at the emergency stop, and less often at the whole audit log, until cancelled. Times in seconds."""
    loop = asyncio.get_running_loop()
    due = 0.0
    while True:
        with suppress(MegawattsError, OSError):
            figures.stopped(stopped=await asyncio.to_thread(switch.state) is not None)
        if loop.time() >= due:
            due = loop.time() + audit_every
            figures.audited(whole=await asyncio.to_thread(_whole, audit))
        await asyncio.sleep(every)


def _whole(audit: AuditLog) -> bool:
    """A log that cannot be read is not whole."""
    try:
        return audit.verify().passed
    except (MegawattsError, OSError):
        return False
