"""Puts the processes of the loop together from one home folder, over the doors that the settings name."""

import asyncio
import os
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.adapters import crash
from bot.adapters.git.inverse import prove_inverse
from bot.adapters.sandbox import find
from bot.app.author_wiring import fed, open_agent, suggestions_of, wishes_of
from bot.app.backups import open_backups
from bot.app.bot_wiring import now, product_version
from bot.app.gate_factory import Question, open_gate, profile_at, python_of
from bot.app.home import Home
from bot.app.improve_shop import LIVED, lived, readers
from bot.app.poll_book import PollBook
from bot.app.provenance_wiring import open_book
from bot.app.requests_book import RequestsBook
from bot.app.road import Counts, Road, hooks_of, open_road
from bot.app.road_settings import taken
from bot.app.settings import Settings, load
from bot.app.stores import open_audit, open_records, open_switch
from bot.app.telemetry import KnownRules, Process, controller_beside, denied
from bot.app.validate_cmd import refused
from bot.core.errors import Denied
from bot.core.ids import Sha
from bot.core.ports import Records, Repository, Sandbox
from bot.core.verdict import Verdict
from bot.improve.analysts.experiments import Experiments
from bot.improve.analysts.suggestions import Suggestions
from bot.improve.analysts.surviving_mutants import SurvivingMutants
from bot.improve.analysts.tuning import Tuning
from bot.improve.authors.agent.author import Agent
from bot.improve.authors.codemods.author import Codemods
from bot.improve.authors.experiments import Settler
from bot.improve.authors.mutant_tests import MutantTests
from bot.improve.authors.phrases import Phrases
from bot.improve.authors.ruff_fixes import RuffFixes
from bot.improve.authors.tuner import Tuner
from bot.improve.context import Asked, Context, Say
from bot.improve.doors import Workspace
from bot.improve.engine import Engine, Orders
from bot.improve.experiments import TABLE as EXPERIMENTS
from bot.improve.experiments import Conductor
from bot.improve.gate import Plan, run_gate
from bot.improve.gate_cache import VerdictCache
from bot.improve.ideas import Workshop
from bot.improve.look import View
from bot.improve.stages import ORDER, all_stages
from bot.improve.workspace import SHELF, Checkout
from bot.policy import charter as charters
from bot.policy.limits import may_propose, stages_in_force
from bot.votes.service import Votes

OWN_PYTHON = Path(__file__).parent.parent.parent
"""The checkout that this program runs from: its `.venv` has what the house's tests need."""


def elapsed() -> float:
    """Seconds since the machine started, sleep included: a machine that slept has not had its clock set."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


@dataclass(frozen=True, slots=True)
class Judge:
    """Runs the gate for the controller: every stage, cached by content, with progress told as events."""

    repo: Repository
    sandbox: Sandbox
    cache: Path
    python: Path
    say: Say
    stages: str = ""
    """The setting VALIDATION_STAGES: it may only add to the charter's."""

    async def __call__(self, asked: Asked) -> Verdict:
        """The gate's verdict. A head that cannot even be laid out fails V-1."""
        question = Question(
            self.repo, asked.base, asked.head, asked.claim, asked.kind, asked.by_engine, python=self.python
        )

        def watch(stage: str, verdict: Verdict | None) -> None:
            status = "runs" if verdict is None else verdict.status.name.lower()
            because = "" if verdict is None else verdict.because
            facts = {"of": asked.label, "stage": stage, "status": status, "because": because}
            self.say("stage", {**facts, "denied": denied(verdict)})

        try:
            async with open_gate(question, self.sandbox, cache=self.cache) as gate:
                cache = VerdictCache(self.cache / "verdicts", anew=asked.anew)
                names = stages_in_force(self.stages, gate.charter)
                return await run_gate(gate, all_stages(names), (), cache, Plan(watch=watch))
        except Denied as error:
            return refused(str(error), asked.base, asked.head, ())


def checkouts(
    repo: Repository, sandbox: Sandbox, python: Path, cache: Path
) -> Callable[[Sha], AbstractAsyncContextManager[Workspace]]:
    """A disposable checkout of a commit, gone at the end of the block."""

    @asynccontextmanager
    async def checkout(sha: Sha) -> AsyncIterator[Workspace]:
        with tempfile.TemporaryDirectory(prefix="megawatts-work-", ignore_cleanup_errors=True) as folder:
            yield await Checkout.make(repo, sha, Path(folder) / "tree", sandbox, python, shelf=cache / SHELF)

    return checkout


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a controller is started."""

    on_request: bool = False
    """Try only ideas that a person asked for."""
    new_ideas: bool = True
    rebuild: bool = False
    """Put damaged records aside; the engine's first round reads from the forge what became of every idea. Ballots,
    overrides and requests are not on the forge: they are asked for again."""
    revision: str = "unknown"


@asynccontextmanager
async def controller_of(home: Home, people: Say, wanted: Wanted = Wanted()) -> AsyncIterator[Engine]:
    """The controller over one home folder, with what it listens to, until the end of the block.

    Raises Misconfigured if there is no forge or no sandbox, or the settings are wrong.
    """
    home.create()
    settings, ways = load(), taken(os.environ)
    async with AsyncExitStack() as stack:
        records = await asyncio.to_thread(open_records, settings, home, rebuild=wanted.rebuild)
        stack.callback(records.close)
        audit = await asyncio.to_thread(open_audit, settings, home, records)
        switch = open_switch(settings, home, records)
        engine: Engine | None = None
        hooks = hooks_of(ways, records, lambda: engine.wake() if engine is not None else None)
        process = Process(
            "controller", wanted.revision, product_version(),
            settings.otel_exporter_otlp_endpoint, settings.otel_exporter_otlp_logs_endpoint,
        )  # fmt: skip
        listen = (ways.controller_host, ways.controller_port) if ways.controller_port else None
        routes = hooks.routes() if hooks is not None else ()
        beside = await stack.enter_async_context(
            controller_beside(process, audit, switch, ORDER, listen=listen, routes=routes)
        )
        say, rules = beside.teller(people, records), KnownRules(charters.parse)
        opened = await open_road(home, ways, records, rules.rules)
        python, sandbox = python_of(OWN_PYTHON), find()
        context = Context(
            forge=opened.forge,
            repo=opened.repo,
            deployer=opened.deployer,
            health=opened.health,
            records=records,
            audit=audit,
            switch=switch,
            polls=PollBook(Votes(records), records),
            validate=Judge(opened.repo, sandbox, home.cache, python, say, settings.validation_stages),
            checkout=checkouts(opened.repo, sandbox, python, home.cache),
            inverse=lambda *told: prove_inverse(opened.repo, *told),
            parse_charter=rules.parse,
            clock=now,
            say=say,
            calm=opened.calm,
            elapsed=elapsed,
            crash_point=crash.point,
            chain=open_book(opened.forge, opened.repo, ways.provenance_key_file),
            promised=opened.promised,
            show=opened.show,
            address=opened.address,
            backups=open_backups(settings, home),
        )
        engine = _engine(context, settings, home, wanted, opened)
        for events in opened.events:
            stack.callback(asyncio.create_task(events(engine.wake)).cancel)
        yield engine


def _engine(context: Context, settings: Settings, home: Home, wanted: Wanted, road: Road) -> Engine:
    proposing = may_propose(self_editing=settings.enable_self_editing, security_checks=settings.code_security_checks)
    if not proposing.passed:
        context.say("ideas_off", {"because": proposing.because})
    repo, records = context.repo, context.records
    agent = open_agent(settings, repo, records, home.cache, now, say=context.say)
    shop = workshop(repo, records, road.counts, home.cache, only_requested=wanted.on_request, agent=agent)
    orders = _heeding(RequestsBook.of(context).take, road, context)
    return Engine(context, shop, new_ideas=wanted.new_ideas and proposing.passed, orders=orders)


def _heeding(orders: Orders, road: Road, context: Context) -> Orders:
    """What admins ordered, and what experiments came to: both before a round decides anything."""
    if road.trials is None:
        return orders
    conductor = Conductor(context, road.trials)

    async def both(seen: View) -> None:
        await orders(seen)
        await conductor.round(seen)

    return both


FEEDS = {
    "experiments": "settler",
    "tuning": "tuner", "suggestions": "phrases", "surviving_mutants": "mutant_tests", "codemod_findings": "codemods",
    "ruff_findings": "ruff_fixes",
    **dict.fromkeys(("complexity", "dead_code", "duplication", "missing_types", "coverage_gaps", "imports"), "nobody"),
    **dict.fromkeys(LIVED, "nobody"),
}  # fmt: skip
"""Author by analyst. What nobody here can act on is not looked for when one author was asked for."""


def workshop(
    repo: Repository,
    records: Records,
    counts: Counts | None,
    cache: Path,
    *,
    only_requested: bool,
    agent: Agent | None = None,
) -> Workshop:
    """Analysts and authors, in the order in which they are asked; the model last, after those that follow rules.

    `counts`: what members met with what runs, which is what is tuned for.
    """
    suggestions = Suggestions(suggestions_of(records))
    wishes = (wishes_of(records),) if agent is not None else ()
    models = (agent,) if agent is not None else ()
    tuning = (Tuning(counts),) if counts is not None else ()
    return Workshop(
        analysts=(
            Experiments(lambda: records.scan(EXPERIMENTS)),
            *tuning,
            suggestions,
            *wishes,
            *lived(repo, records),
            SurvivingMutants(cache),
            *readers(cache),
        ),
        authors=(Settler(), Tuner(), Phrases(), MutantTests(cache), Codemods(), RuffFixes(), *models),
        profile=lambda sha: profile_at(repo, sha),
        only_requested=only_requested,
        cache=cache,
        feeds=fed(FEEDS, agent),
    )
