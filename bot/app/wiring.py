"""Puts the processes of the loop together from one home folder: embedded implementations of every door."""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bot.adapters import crash
from bot.adapters.git.inverse import prove_inverse
from bot.adapters.git.repository import GitRepository
from bot.adapters.localdeploy.deployer import LocalDeployer
from bot.adapters.localdeploy.state import Board
from bot.adapters.localforge.forge import LocalForge
from bot.adapters.sandbox import find
from bot.adapters.scrape.source import ScrapeSource, outcomes
from bot.adapters.store.audit import FileAuditLog
from bot.adapters.store.switch import FileSwitch
from bot.app.author_wiring import fed, open_agent, suggestions_of, wishes_of
from bot.app.gate_factory import Question, open_gate, profile_at, python_of
from bot.app.home import Home
from bot.app.improve_shop import readers
from bot.app.poll_book import PollBook
from bot.app.requests_book import RequestsBook
from bot.app.settings import load
from bot.app.stores import open_records
from bot.app.validate_cmd import refused
from bot.core.errors import Denied
from bot.core.ids import Sha
from bot.core.ports import Records, Repository, Sandbox
from bot.core.verdict import Verdict
from bot.improve.analysts.suggestions import Suggestions
from bot.improve.analysts.surviving_mutants import SurvivingMutants
from bot.improve.analysts.tuning import Tuning
from bot.improve.authors.agent.author import Agent
from bot.improve.authors.codemods.author import Codemods
from bot.improve.authors.mutant_tests import MutantTests
from bot.improve.authors.phrases import Phrases
from bot.improve.authors.ruff_fixes import RuffFixes
from bot.improve.authors.tuner import Tuner
from bot.improve.context import Asked, Context, Say
from bot.improve.doors import Workspace
from bot.improve.engine import Engine
from bot.improve.gate import Plan, run_gate
from bot.improve.gate_cache import VerdictCache
from bot.improve.ideas import Workshop
from bot.improve.stages import all_stages
from bot.improve.workspace import SHELF, Checkout
from bot.policy import charter as charters
from bot.policy.limits import may_propose, stages_in_force
from bot.votes.service import Votes

OWN_PYTHON = Path(__file__).parent.parent.parent
"""The checkout that this program runs from: its `.venv` has what the house's tests need."""


def now() -> datetime:
    """The one clock of the processes."""
    return datetime.now(UTC)


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
            self.say("stage", {"of": asked.label, "stage": stage, "status": status, "because": because})

        try:
            async with open_gate(question, self.sandbox, cache=self.cache) as gate:
                cache = VerdictCache(self.cache / "verdicts")
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


async def controller_of(
    home: Home, say: Say, *, on_request: bool = False, new_ideas: bool = True, rebuild: bool = False
) -> Engine:
    """The controller over one home folder. Raises Misconfigured if there is no forge or no sandbox.

    With `rebuild` damaged records are put aside; the engine's first round reads from the forge what became of every
    idea. Ballots, overrides and requests are not on the forge: they are asked for again.
    """
    home.create()
    settings = load()
    proposing = may_propose(self_editing=settings.enable_self_editing, security_checks=settings.code_security_checks)
    if not proposing.passed:
        say("ideas_off", {"because": proposing.because})
    forge = LocalForge(home.forge)
    repo = await asyncio.to_thread(_clone, home)
    records = await asyncio.to_thread(open_records, settings, home, rebuild=rebuild)
    board = Board(home.deploy)
    sandbox = find()
    python = python_of(OWN_PYTHON)
    context = Context(
        forge=forge,
        repo=repo,
        deployer=LocalDeployer(home.deploy, repo),
        health=ScrapeSource(lambda sha: _address(board, sha), now),
        records=records,
        audit=FileAuditLog(home.audit),
        switch=FileSwitch(home.switch),
        polls=PollBook(Votes(records), records),
        validate=Judge(repo, sandbox, home.cache, python, say, settings.validation_stages),
        checkout=checkouts(repo, sandbox, python, home.cache),
        inverse=lambda merged, head, base: prove_inverse(repo, merged, head, base),
        parse_charter=charters.parse,
        clock=now,
        say=say,
        elapsed=elapsed,
        crash_point=crash.point,
    )
    agent = open_agent(settings, repo, records, home.cache, now)
    shop = workshop(repo, records, board, home.cache, only_requested=on_request, agent=agent)
    orders = RequestsBook.of(context).take
    return Engine(context, shop, new_ideas=new_ideas and proposing.passed, orders=orders)


def _clone(home: Home) -> GitRepository:
    return GitRepository.mirror(home.forge / "repo.git", home.clone)


def _address(board: Board, sha: Sha) -> str | None:
    state = board.state()
    found = next((i for i in (state.current, state.previous) if i is not None and i.sha == sha), None)
    return f"http://127.0.0.1:{found.port}" if found else None


FEEDS = {
    "tuning": "tuner", "suggestions": "phrases", "surviving_mutants": "mutant_tests", "codemod_findings": "codemods",
    "ruff_findings": "ruff_fixes",
    **dict.fromkeys(("complexity", "dead_code", "duplication", "missing_types", "coverage_gaps", "imports"), "nobody"),
}  # fmt: skip
"""Author by analyst. What nobody here can act on is not looked for when one author was asked for."""


def workshop(
    repo: Repository, records: Records, board: Board, cache: Path, *, only_requested: bool, agent: Agent | None = None
) -> Workshop:
    """Analysts and authors, in the order in which they are asked; the model last, after those that follow rules."""

    async def counts() -> Mapping[str, float]:
        state = board.state()
        addresses = [f"http://127.0.0.1:{i.port}" for i in (state.current, state.previous) if i is not None]
        return await outcomes(addresses)

    suggestions = Suggestions(suggestions_of(records))
    wishes = (wishes_of(records),) if agent is not None else ()
    models = (agent,) if agent is not None else ()
    return Workshop(
        analysts=(Tuning(counts), suggestions, *wishes, SurvivingMutants(cache), *readers(cache)),
        authors=(Tuner(), Phrases(), MutantTests(cache), Codemods(), RuffFixes(), *models),
        profile=lambda sha: profile_at(repo, sha),
        only_requested=only_requested,
        feeds=fed(FEEDS, agent),
    )
