"""The health gate over a real Prometheus: what is worse is seen at once, and nothing else is called worse."""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from bot.adapters.prometheus.client import Server
from bot.adapters.prometheus.source import PrometheusSource
from bot.adapters.web.metrics import Metrics
from bot.core.chat import Outcome
from bot.core.health import HealthPolicy, MetricRule, Reading, Rollout
from bot.core.ids import Sha, UserId
from bot.core.verdict import Status, Verdict
from bot.policy.health import assess
from tests.servers import prometheus as servers
from tests.servers.absent import absent

pytestmark = pytest.mark.integration  # Prometheus

PAIRS = {name: (Sha(name * 40), Sha(f"{name}e" * 20)) for name in "abc"}
"""Old and new revision, for each test its own: a change of targets takes Prometheus five seconds."""
RULES = (MetricRule("messages", "rate", minimum=6), MetricRule("tools", "rate", minimum=6))
FEEDBACK = MetricRule("feedback", "rate", minimum=6)


class Revision:
    """The figures of one process of a revision, and members who talk to it."""

    def __init__(self, sha: Sha) -> None:
        self.metrics = Metrics(sha, "1")
        self.members = 0
        self.metrics.tool_called("roll_dice", "ok")

    def talk(self, bad: int, good: int) -> None:
        for number in range(bad + good):
            self.members += 1
            outcome = Outcome.FAILED if number < bad else Outcome.ANSWERED
            self.metrics.answered(UserId(f"member-{self.members}"), outcome, 0.01)
            self.metrics.tool_called("roll_dice", "ok")


@contextmanager
def served(page: Callable[[], bytes]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(page())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the base class's name)
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class Ground:
    server: servers.Prometheus
    revisions: Mapping[Sha, Revision]


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    revisions = {sha: Revision(sha) for pair in PAIRS.values() for sha in pair}
    with ExitStack() as stack:
        try:
            server = stack.enter_context(servers.prometheus(tmp_path_factory.mktemp("gate"), interval="250ms"))
        except servers.Missing as error:
            absent(error)
        server.scrape(bot=[stack.enter_context(served(one.metrics.page)) for one in revisions.values()])
        servers.until(lambda: len(server.query("megawatts_build_info")) == len(revisions), "all are scraped")
        yield Ground(server, revisions)


class Watch:
    """A watch after a deploy, as the loop does it: read both, judge all that was read."""

    def __init__(self, ground: Ground, pair: str) -> None:
        self.server, self.shas = ground.server, PAIRS[pair]
        self.old, self.new = (ground.revisions[sha] for sha in self.shas)
        self.source = PrometheusSource(Server(self.server.url), lambda: (*RULES, FEEDBACK), lambda: datetime.now(UTC))
        self.policy = HealthPolicy(RULES, warm_up=timedelta())
        self.rollout = Rollout(
            self.shas[1], self.shas[1], contains=True, ready=True, at=datetime.now(UTC), previous=self.shas[0]
        )
        self.readings: list[Reading] = []

    def judged(self) -> Verdict:
        return assess(self.policy, self.readings, self.rollout, self.shas[1], datetime.now(UTC))

    async def look(self) -> None:
        since = time.time()
        old, new = self.shas
        both = f'min(timestamp(megawatts_build_info{{revision=~"{old}|{new}"}})) > {since}'
        await asyncio.to_thread(servers.until, lambda: self.server.query(both), "a scrape of both")
        for sha in (new, old):
            self.readings += await self.source.read(sha)

    async def talked(self, *, bad: int = 0, bad_old: int = 0) -> Verdict:
        """Ten messages to each revision, and a look after the scrape."""
        self.old.talk(bad_old, 10 - bad_old)
        self.new.talk(bad, 10 - bad)
        await self.look()
        return self.judged()


async def test_a_worse_revision_is_seen_at_the_look_that_fills_the_minimum(ground: Ground) -> None:
    watch = Watch(ground, "a")
    await watch.look()
    found = [await watch.talked(bad=5) for _ in range(6 + 2)]
    assert [one.status for one in found[:5]] == [Status.PENDING] * 5, "nothing is said before the minimum of six"
    assert found[-1].status is Status.FAIL, "within two scrapes after it"
    assert "messages" in found[-1].because


async def test_what_is_as_bad_in_the_old_revision_is_not_the_new_ones_doing(ground: Ground) -> None:
    watch = Watch(ground, "b")
    await watch.look()
    for _ in range(12):
        found = await watch.talked(bad=5, bad_old=5)
        assert found.status is not Status.FAIL, found


async def test_a_metric_that_is_not_there_is_never_health(ground: Ground) -> None:
    """The rule asks for a figure that neither revision shows: nobody gave feedback."""
    watch = Watch(ground, "c")
    watch.policy = HealthPolicy((*RULES, FEEDBACK), warm_up=timedelta())
    await watch.look()
    for _ in range(20):
        found = await watch.talked()
        assert found.status is Status.PENDING
    rules = {child.name: child.status for child in found.children}
    assert rules == {"messages": Status.PASS, "tools": Status.PASS, "feedback": Status.PENDING}
    late = watch.rollout.at + watch.policy.deadline
    assert assess(watch.policy, watch.readings, watch.rollout, watch.shas[1], late).status is Status.INCONCLUSIVE
