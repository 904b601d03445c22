"""What is beside the work is put together so that it costs nothing where it is not wanted."""

import asyncio
import json
import logging
import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
import structlog
from aiohttp import web

from bot.adapters.otlp.turns import Turns
from bot.adapters.prometheus.loop import LoopMetrics
from bot.app import logs
from bot.app.bot_wiring import Unobserved
from bot.app.telemetry import (
    KnownRules,
    Process,
    bot_turns,
    controller_beside,
    denied,
    open_exporter,
    shipping,
    telling,
    watch,
)
from bot.core.case import Stop
from bot.core.errors import Misconfigured, Unavailable
from bot.core.ids import Sha
from bot.core.verdict import Status, Verdict
from bot.improve.doors import Profile
from bot.improve.engine import Engine
from bot.improve.ideas import Workshop
from bot.policy.charter import parse
from bot.sdk.testing import DictRecords
from tests.improve.conftest import World, world  # noqa: F401  (the engine's own small house)

ROOT = Path(__file__).parent.parent.parent


def test_people_figures_and_traces_hear_of_an_event_and_people_read_its_trace() -> None:
    said: list[tuple[str, dict[str, object]]] = []
    counted: list[str] = []
    tell = telling(
        lambda event, facts: said.append((event, dict(facts))),
        lambda event, _facts: counted.append(event),
        lambda event, _facts: "t1" if event == "merged" else "",
    )
    tell("merged", {"pull": 7})
    tell("wait", {"pull": 8})
    tell("round", {"whole": True})
    assert said == [("merged", {"pull": 7, "trace_id": "t1"}), ("wait", {"pull": 8})]
    assert counted == ["merged", "wait", "round"], "a round is counted and not told to people"


def test_without_figures_and_traces_people_read_what_they_read_before() -> None:
    said: list[tuple[str, Mapping[str, object]]] = []
    telling(lambda event, facts: said.append((event, facts)))("merged", {"pull": 7})
    assert said == [("merged", {"pull": 7})]


def test_what_the_sandbox_denied_is_counted_in_a_stages_verdict() -> None:
    bad = Verdict("connections", Status.FAIL, "tried to reach out")
    good = Verdict("connections", Status.PASS, "none")
    other = Verdict("boots", Status.FAIL, "no ready line")
    assert denied(Verdict("runtime", Status.FAIL, "x", (bad, other, good))) == 1
    assert denied(Verdict("runtime", Status.FAIL, "x", (other, good))) == 0
    assert denied(None) == 0
    counted = Verdict("tests", Status.PASS, "held", facts={"denied": {"network": "3", "file": "1"}})
    assert denied(counted) == 4, "whatever the stage said of the change"
    assert denied(Verdict("runtime", Status.FAIL, "x", (bad,), facts=counted.facts)) == 4, "not told twice"
    kept = Verdict("tests", Status.PASS, "held", facts={**counted.facts, "cached": True})
    assert denied(kept) == 0, "told of when it was made"


def test_the_rules_are_those_of_the_charter_that_was_read_last() -> None:
    known = KnownRules(parse)
    assert known.rules() == ()
    charter = known.parse((ROOT / ".github/charter.toml").read_text())
    assert known.rules() == charter.health.rules
    with pytest.raises(Misconfigured):
        known.parse("broken = ")
    assert known.rules() == charter.health.rules, "a charter that does not hold changes nothing"


class Figures:
    def __init__(self) -> None:
        self.seen: list[str] = []
        self.enough = asyncio.Event()

    def stopped(self, *, stopped: bool) -> None:
        self.seen.append(f"stopped {stopped}")

    def audited(self, *, whole: bool) -> None:
        self.seen.append(f"whole {whole}")
        self.enough.set()


class Log:
    def __init__(self, verdict: Verdict | Exception) -> None:
        self.verdict = verdict

    def verify(self) -> Verdict:
        if isinstance(self.verdict, Exception):
            raise self.verdict
        return self.verdict


class Set:
    def state(self) -> Stop | None:
        raise Unavailable("the switch")


@pytest.mark.parametrize(
    ("verdict", "whole"),
    [
        (Verdict("audit", Status.PASS, "whole"), "whole True"),
        (Verdict("audit", Status.FAIL, "entry 3"), "whole False"),
        (Misconfigured("line 2 is no entry"), "whole False"),
        (PermissionError("no"), "whole False"),
    ],
)
async def test_the_audit_log_is_looked_at_and_what_cannot_be_read_is_not_whole(
    verdict: Verdict | Exception, whole: str
) -> None:
    figures = Figures()
    task = asyncio.create_task(watch(figures, Log(verdict), Set()))  # type: ignore[arg-type]
    await asyncio.wait_for(figures.enough.wait(), 5)
    task.cancel()
    assert figures.seen == [whole], "a switch that cannot be read says nothing"


@pytest.mark.integration
def test_without_an_address_nothing_is_opened_and_nothing_is_imported() -> None:
    code = (
        "import sys, bot.app.telemetry as t, bot.adapters.otlp.turns, bot.adapters.otlp.loop;"
        "assert t.open_exporter(t.Process('bot', 'r', 'v')) is None;"
        "print([m for m in sys.modules if m.startswith(('opentelemetry', 'google', 'requests'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(Misconfigured, match="OTEL_EXPORTER_OTLP_ENDPOINT"):
        open_exporter(Process("bot", "r", "v", "collector:4318"))


@pytest.mark.integration
def test_spans_reach_a_collector_as_the_published_schema_says(monkeypatch: pytest.MonkeyPatch) -> None:
    from bot.adapters.otlp.span import Span
    from tests.servers.collector import collector

    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20abc")
    with collector() as peer:
        exporter = open_exporter(Process("controller", "c" * 40, "1.2.3", f"{peer.url}/"))
        assert exporter is not None
        root = Span("change", "1" * 32, "2" * 16, 100.5, 160.25, facts={"kind": "fix", "because": "x"}, failed=True)
        exporter.send(root)
        exporter.send(Span("merge", "1" * 32, "3" * 16, 110.0, 111.0, "2" * 16, {"pull": 7, "cost": 0.5}))
        exporter.close()
        change, merge = peer.wait(2)

    assert (change.name, change.trace_id.hex(), change.span_id.hex()) == ("change", "1" * 32, "2" * 16)
    assert (change.start_time_unix_nano, change.end_time_unix_nano) == (100_500_000_000, 160_250_000_000)
    assert (change.parent_span_id, change.status.code) == (b"", 2)
    assert [(a.key, a.value.string_value) for a in change.attributes] == [("megawatts.kind", "fix")]
    assert (merge.parent_span_id.hex(), merge.status.code) == ("2" * 16, 0)
    assert {a.key: a.value for a in merge.attributes}["megawatts.pull"].int_value == 7
    resource = peer.resources[0]
    assert resource["service.name"] == "megawatts-controller"
    assert (resource["service.version"], resource["megawatts.revision"]) == ("1.2.3", "c" * 40)
    assert peer.headers[0]["authorization"] == "Bearer abc"


@pytest.mark.integration
def test_the_lines_of_a_bot_reach_a_collector_whole_as_they_stand_on_its_stream(tmp_path: Path) -> None:
    from tests.servers.collector import collector

    with collector() as peer:
        env = {
            "PATH": os.environ["PATH"], "MEGAWATTS_HOME": str(tmp_path), "SENTIMENT_THRESHOLD": "0.5",
            "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": f"{peer.url}/v1/logs",
        }  # fmt: skip
        argv = [sys.executable, "-m", "bot", "bot", "--port", "0", "--revision", "c" * 40]
        with subprocess.Popen(argv, cwd=ROOT, env=env, stdout=-1, stderr=-1, text=True) as bot:
            assert bot.stdout is not None
            assert json.loads(bot.stdout.readline())["ready"] is True
            bot.terminate()
            _, written = bot.communicate(timeout=60)
        rows = [json.loads(line) for line in written.splitlines() if line.startswith("{")]
        lines = peer.wait_lines(len(rows))
    assert rows
    assert [json.loads(line.body.string_value) for line in lines] == rows
    assert peer.resources[0]["service.name"] == "megawatts-bot"
    assert peer.resources[0]["megawatts.revision"] == "c" * 40


async def test_an_address_for_lines_that_is_none_is_refused() -> None:
    with pytest.raises(Misconfigured, match=r"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT must begin with http"):
        async with shipping(Process("bot", "r", "v", logs="loki:3100")):
            raise AssertionError("it was opened")


@pytest.mark.integration
def test_a_collector_that_is_away_costs_spans_and_no_more(unused_tcp_port: int) -> None:
    code = (
        "import sys; from bot.app.telemetry import Process, open_exporter; from bot.adapters.otlp.span import Span\n"
        f"e = open_exporter(Process('bot', 'r', 'v', 'http://127.0.0.1:{unused_tcp_port}'))\n"
        "[e.send(Span('step', '1' * 32, '2' * 16, 1.0, 2.0)) for _ in range(5000)]\n"
        "e.close(0.2); print('went on')"
    )
    env = {"PATH": os.environ["PATH"], "OTEL_EXPORTER_OTLP_TIMEOUT": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True, env=env
    )
    assert done.stdout.strip() == "went on"


@pytest.mark.integration
async def test_each_round_of_the_loop_is_counted_and_one_that_a_door_held_names_the_door(
    world: World,  # noqa: F811
) -> None:
    figures = LoopMetrics("c" * 40, "1")
    rounds: list[Mapping[str, object]] = []
    enough = asyncio.Event()

    def heard(event: str, facts: Mapping[str, object]) -> None:
        figures.heard(event, facts)
        if event == "round":
            rounds.append(facts)
            enough.set()

    async def away() -> Sha:
        raise Unavailable("GitHub", "502")

    world.ctx = replace(world.ctx, say=telling(world.ctx.say, heard))
    loop = Engine(world.ctx, Workshop((), (), lambda _sha: Profile((), (), (), None)), new_ideas=False)
    for broken in (False, True):
        if broken:
            world.forge.main = away  # type: ignore[method-assign]
        enough.clear()
        task = asyncio.create_task(loop.run())
        await asyncio.wait_for(enough.wait(), 20)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    whole, held = rounds
    assert (whole["whole"], whole["open"], whole["watched"]) == (True, 0, 0)
    assert (held["whole"], held["open"]) == (False, None)
    page = figures.page().decode()
    assert 'megawatts_loop_rounds_total{result="held"} 1.0' in page
    assert 'megawatts_loop_troubles_total{door="GitHub",event="held"} 1.0' in page
    assert not world.saw("round"), "people are not told of every round"


def test_log_lines_of_one_message_carry_one_trace_and_libraries_lines_too(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        logs.set_up(process="bot")
        turns = Turns(Unobserved())
        for _ in range(2):
            with turns.turn():
                structlog.get_logger().info("first")
                logging.getLogger("library").warning("second")
        structlog.get_logger().info("outside")
    finally:
        structlog.reset_defaults()
        structlog.contextvars.clear_contextvars()
        logging.basicConfig(level=logging.WARNING, handlers=[], force=True)
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    traces = [line.get("trace_id", "") for line in lines]
    assert [line["event"] for line in lines] == ["first", "second", "first", "second", "outside"]
    assert traces[0] == traces[1] != traces[2] == traces[3]
    assert {len(trace) for trace in traces[:4]} == {32}
    assert traces[4] == ""
    assert all({"level", "timestamp", "process"} <= set(line) for line in lines), "what Loki makes labels and times of"


class Whole:
    """An audit log that holds, and a switch that is not set."""

    def verify(self) -> Verdict:
        return Verdict("audit", Status.PASS, "whole")

    def state(self) -> Stop | None:
        return None


@pytest.mark.integration
async def test_a_controller_with_all_of_it_beside_it(world: World) -> None:  # noqa: F811
    """Figures on a port, spans to a collector, events to people, and everything gone with the block."""
    from tests.servers.collector import collector

    people: list[tuple[str, Mapping[str, object]]] = []
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    hook = web.post("/webhook", _hook)
    with collector() as peer:
        process = Process("controller", "c" * 40, "1", peer.url)
        whole = Whole()
        async with (
            controller_beside(process, whole, whole, ("scope",), listen=("127.0.0.1", port), routes=(hook,)) as beside,  # type: ignore[arg-type]
            aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session,
        ):
            tell = beside.teller(lambda event, facts: people.append((event, facts)), world.ctx.records)
            tell("merged", {"pull": 7, "kind": "fix", "because": "x"})
            tell("revert", {"pull": 7, "kind": "fix", "revert": 8, "because": "x"})
            page = await (await session.get("/metrics")).text()
            assert 'modifications_total{result="reverted",type="fix"} 1.0' in page
            async with asyncio.timeout(30):  # the first look is made beside it, in threads
                while "megawatts_audit_whole 1.0" not in page:
                    page = await (await session.get("/metrics")).text()
            assert "megawatts_stopped 0.0" in page
            assert (await session.get("/healthz")).status == 200
            assert await (await session.post("/webhook")).text() == "woken"
        assert {span.name for span in peer.wait(4)} == {"merge", "health", "revert", "change"}
    traces = {str(facts["trace_id"]) for _event, facts in people}
    assert traces == {span.trace_id.hex() for span in peer.spans}
    with socket.socket() as again:
        again.bind(("127.0.0.1", port))
    assert len(asyncio.all_tasks()) == 1, "nothing goes on behind it"


async def _hook(_request: web.Request) -> web.Response:
    return web.Response(text="woken")


async def test_without_a_port_and_a_collector_events_are_still_counted() -> None:
    whole = Whole()
    async with controller_beside(Process("controller", "c" * 40, "1"), whole, whole, ()) as beside:  # type: ignore[arg-type]
        assert beside.send is None
        beside.teller(lambda _event, _facts: None, DictRecords())("revert", {"pull": 7, "revert": 8})
        assert b"megawatts_reverts_total 1.0" in beside.figures.page()


@pytest.mark.integration
async def test_a_bots_spans_are_sent_before_it_ends() -> None:
    from tests.servers.collector import collector

    with collector() as peer:
        async with bot_turns(Unobserved(), Process("bot", "b" * 40, "1", peer.url)) as turns:
            with turns.turn():
                turns.stepped("understand", 0.0)
        assert [span.name for span in peer.spans] == ["message", "step"], "not five seconds later"
    assert peer.resources[0]["service.name"] == "megawatts-bot"
