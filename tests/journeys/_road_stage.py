"""The stage of a whole transaction: GitHub, Argo CD, Prometheus, bots and members; and the controller's engine."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.adapters.git.inverse import prove_inverse
from bot.adapters.git.repository import GitRepository
from bot.adapters.github.hook_server import HookServer
from bot.adapters.prometheus.serving import serving
from bot.adapters.sandbox import find
from bot.adapters.store.audit import FileAuditLog
from bot.adapters.store.records import SqliteRecords
from bot.adapters.store.switch import FileSwitch
from bot.app.backups import open_backups
from bot.app.bot_wiring import now
from bot.app.environment import Secret
from bot.app.gate_factory import python_of
from bot.app.home import Home
from bot.app.poll_book import PollBook
from bot.app.road import Road, hooks_of, open_road
from bot.app.road_settings import RoadSettings
from bot.app.settings import load
from bot.app.wiring import Judge, checkouts, elapsed
from bot.core.change import Finding, Severity
from bot.core.charter import Charter
from bot.core.ids import PullNumber, Sha
from bot.improve.authors.tuner import Tuner
from bot.improve.context import Context
from bot.improve.doors import Profile, Workspace
from bot.improve.engine import Engine
from bot.improve.ideas import Workshop
from bot.policy import charter as charters
from bot.votes.service import Votes
from tests.journeys._road_cluster import Pods
from tests.journeys._road_events import SECRET, Events
from tests.journeys._road_ground import PATIENCE, ROOT, TUNING, Journal
from tests.journeys._road_named import on_github
from tests.servers.argocd.cluster import Cluster
from tests.servers.argocd.house import APPLICATION, application
from tests.servers.argocd.peer import Peer
from tests.servers.github.front import ME, SECOND
from tests.servers.github.hosted import Rules
from tests.servers.github.peer import GitHub, Place
from tests.servers.prometheus import Prometheus


class Wanted:
    """The analyst of the stage: people name a value in a request, and it is found missing."""

    name = "tuning"

    def __init__(self, records: SqliteRecords) -> None:
        self._records = records

    async def find(self, work: Workspace, _profile: Profile) -> Sequence[Finding]:
        found = []
        for _key, row in self._records.scan("requests"):
            evidence = {"value": 12, "try": row["try"], "why": "somebody asked for it"}
            said = f"try {row['try']}"
            found.append(Finding("tuning", TUNING, 1, 1, Severity.MEDIUM, said, self.name, row["symbol"], evidence))
        return found


class RolloutsPeer(Peer):
    """Argo CD with the action of Argo Rollouts that ends a canary."""

    async def _act_v2(self, request: web.Request) -> web.Response:
        done = await super()._act_v2(request)
        if (await request.json())["action"] == "promote-full":
            assert isinstance(self.controller, Pods)
            await self.controller.promoted()
        return done


@dataclass
class Brain:
    """One controller: its engine over the real doors, and its webhook."""

    engine: Engine
    road: Road
    records: SqliteRecords
    hooks: HookServer
    context: Context


@dataclass(frozen=True)
class Change:
    """A merged pull request; `t` is when the controller told of the merge, `opened` of the revert's opening."""

    pull: PullNumber
    head: Sha
    merge: Sha
    t: float
    opened: float = 0.0


@dataclass
class Stage:
    """Everything outside of the controller, and the controller as long as `controlled` lasts."""

    folder: Path
    place: Place
    pods: Pods
    argo: Peer
    prometheus: Prometheus
    events: Events
    journal: Journal = field(default_factory=Journal)

    @property
    def home(self) -> Home:
        return Home(self.folder / "home").create()

    def settings(self) -> RoadSettings:
        """The road's settings, as the controller's environment has them."""
        return replace(
            on_github(self.place),
            github_webhook_secret=Secret(SECRET),
            controller_port=1,
            argocd_server=self.argo.url,
            argocd_auth_token=Secret("all-rights"),
            argocd_application=APPLICATION,
            argocd_project="megawatts",
            prometheus_url=self.prometheus.url,
        )

    @asynccontextmanager
    async def controlled(self, *, watched: bool = True) -> AsyncIterator[Brain]:
        """A controller, until the end of the block: then it is gone at once, wherever it was. `watched`: with what
        wakes it; without, it polls."""
        brain = await self._brain()
        tasks = [asyncio.create_task(brain.engine.run())]
        async with AsyncExitStack() as stack:
            stack.callback(brain.records.close)
            if watched:
                port = await stack.enter_async_context(serving(brain.hooks.routes(), "127.0.0.1", 0))
                self.events.controller = f"http://127.0.0.1:{port}/webhook"
                tasks += [asyncio.create_task(one(brain.engine.wake)) for one in brain.road.events]
            try:
                yield brain
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                self.events.controller = ""

    async def _brain(self) -> Brain:
        home, settings, sandbox, python = self.home, self.settings(), find(), python_of(ROOT)
        records, known = SqliteRecords(home.records), Known()
        road = await open_road(home, settings, records, lambda: known.charter.health.rules if known.charter else ())
        repo = road.repo
        context = Context(
            forge=road.forge,
            repo=repo,
            deployer=road.deployer,
            health=road.health,
            records=records,
            audit=FileAuditLog(home.audit),
            switch=FileSwitch(home.switch),
            polls=PollBook(Votes(records)),
            validate=Judge(repo, sandbox, home.cache, python, self.journal.say),
            checkout=checkouts(repo, sandbox, python, home.cache),
            inverse=lambda *asked: prove_inverse(repo, *asked),
            parse_charter=known.parse,
            clock=now,
            say=self.journal.say,
            elapsed=elapsed,
            backups=open_backups(load({}), home),
        )
        shop = Workshop((Wanted(records),), (Tuner(),), lambda _sha: Profile((), (), (), None), only_requested=True)
        engine = Engine(context, shop)
        hooks = hooks_of(settings, records, engine.wake)
        assert hooks is not None
        return Brain(engine, road, records, hooks, context)

    def ask_for(self, symbol: str, value: float) -> None:
        """Somebody asks for a value; the engine finds, writes, judges and proposes it."""
        records = SqliteRecords(self.home.records)
        records.put("requests", f"{time.time():.6f}", {"author": "tuner", "symbol": symbol, "try": value})
        records.close()

    async def carried(self, symbol: str, value: float) -> Change:
        """A value that somebody asked for, through the gate and the code owner's review, to its merge."""
        since = asyncio.get_running_loop().time()
        self.ask_for(symbol, value)
        proposed = await self.journal.wait("proposed", since=since)
        pull, head = PullNumber(proposed["pull"]), Sha(proposed["head"])
        await self.journal.wait("asked", pull=pull)
        await asyncio.to_thread(self.place.review, "ada", pull, "APPROVE", "fine", head)
        merged = await self.journal.wait("merged", pull=pull)
        return Change(pull, head, Sha(merged["merge"]), merged["t"])

    async def taken_back(self, change: Change) -> Change:
        """The revert of a change, as it is merged."""
        verdict = await self.journal.wait("revert", pull=change.pull)
        merged = await self.journal.wait("merged", pull=verdict["revert"])
        merge = Sha(merged["merge"])
        head = self.pods.repo.resolve(f"{merge}^2")
        return Change(PullNumber(verdict["revert"]), head, merge, merged["t"], verdict["t"])

    async def rounds(self, number: int) -> None:
        """Wait until the controller has looked so many times more."""
        for _ in range(number):
            await self.journal.wait("round", since=asyncio.get_running_loop().time())

    async def until(self, holds: Callable[[], Any], what: str) -> Any:
        """Wait for a condition outside of the controller; what it gave."""
        deadline = time.monotonic() + PATIENCE
        while not (found := holds()):
            assert not self.pods.broken, self.pods.broken
            assert time.monotonic() < deadline, f"not seen: {what}"
            await asyncio.sleep(0.05)
        return found

    async def runs(self, merge: Sha) -> float:
        """When the pods of that product commit were ready."""
        return float(await self.until(lambda: next((t for t, p in self.pods.ran if p == merge), 0.0), f"{merge} runs"))


@dataclass
class Known:
    """The charter as it was read last."""

    charter: Charter | None = None

    def parse(self, text: str) -> Charter:
        self.charter = charters.parse(text)
        return self.charter


@asynccontextmanager
async def stage(hub: GitHub, prometheus: Prometheus, template: Path, folder: Path) -> AsyncIterator[Stage]:
    """A repository on the hub whose first version runs, with members who talk to it."""
    place = hub.repository(template)
    place.house.rules = Rules(checks={"megawatts/consent": ME}, owners=True, bypass=frozenset({SECOND}))
    async with AsyncExitStack() as stack:
        cluster = await stack.enter_async_context(Cluster())
        pods = Pods(cluster, GitRepository(place.house.git_dir), APPLICATION, folder=folder, prometheus=prometheus)
        peer = RolloutsPeer(pods, actions=[{"name": "promote-full"}])
        server = await stack.enter_async_context(TestServer(peer.routes()))
        peer.url = str(server.make_url("")).rstrip("/")
        stack.push_async_callback(pods.end_all)
        events = Events(place, lambda: pods.reconcile(APPLICATION))
        stack.callback(events.listen())
        task = asyncio.create_task(events.run())
        stack.callback(task.cancel)
        await cluster.create(application())
        await pods.reconcile(APPLICATION)
        made = Stage(folder, place, pods, peer, prometheus, events)
        await made.until(lambda: pods.ran, "the first version runs")
        yield made
