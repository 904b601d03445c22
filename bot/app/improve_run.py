"""`megawatts improve`: find, rank, write, validate, and leave what was accepted as branches; no more."""

import asyncio
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from bot.adapters.git.repository import GitRepository
from bot.adapters.sandbox import find
from bot.adapters.store.records import SqliteRecords
from bot.app.author_wiring import AGENT, asked_agent
from bot.app.gate_factory import Question, cache_of, charter_at, open_gate, profile_at, python_of
from bot.app.improve_ground import survey
from bot.app.improve_shop import shop
from bot.app.improve_view import Teller
from bot.core.change import Finding, Idea, Kind, Patch, Refusal
from bot.core.errors import Denied, MegawattsError, Misconfigured
from bot.core.ids import ProposalId, Sha
from bot.core.ports import Records, Sandbox
from bot.core.verdict import Status, Verdict
from bot.improve.context import commit_message
from bot.improve.doors import Analyst, Author, Profile, Workspace
from bot.improve.exposure import Ground, of_ideas
from bot.improve.gate import Plan, run_gate
from bot.improve.gate_cache import VerdictCache
from bot.improve.ideas import title_of
from bot.improve.knowledge import BAD, Knowledge, Outcome, Result, rank
from bot.improve.stages import all_stages
from bot.improve.workspace import SHELF, Checkout
from bot.policy.risk import Risk

AUTHOR = "megawatts[bot]"
PATIENCE = 300.0
"""Seconds that one analyst may take."""
TRIES = 4
"""Ideas tried for each one that may be accepted."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The command line of one run."""

    repo: Path
    kinds: tuple[Kind, ...] = ()
    most: int = 5
    dry_run: bool = False
    python: Path | None = None
    authors: tuple[str, ...] = ()
    """Names of those who may write; empty: all but the model, which costs money and is asked only by name."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """How one idea went. `head` is None where nothing could be written."""

    idea: Idea
    verdict: Verdict
    files: tuple[str, ...] = ()
    head: Sha | None = None

    @property
    def accepted(self) -> bool:
        return self.head is not None and self.verdict.status is Status.PASS

    @property
    def branch(self) -> str:
        return f"megawatts/{self.idea.id}"


@dataclass(slots=True)
class Report:
    """What one run found and did."""

    repo: Path
    base: Sha
    notes: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    ideas: list[Idea] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)


class Improvement:
    """One run over one repository. Doors are opened here and closed when the run ends, however it ends."""

    def __init__(self, asked: Asked, tell: Teller) -> None:
        self._asked, self._tell = asked, tell
        self._repo = GitRepository(asked.repo)
        self._sandbox: Sandbox = find()
        self._python = asked.python.absolute() if asked.python else python_of(asked.repo)
        self._cache = cache_of(self._repo)
        self.report = Report(asked.repo, self._repo.resolve("HEAD"))
        self._risks: Mapping[ProposalId, Risk] = {}

    async def run(self) -> Report:
        """Raises Misconfigured where the repository gives no ground to stand on."""
        with tempfile.TemporaryDirectory(prefix="megawatts-improve-", ignore_cleanup_errors=True) as folder:
            scratch = Path(folder)
            scratch.chmod(0o755)
            await self._run(scratch)
        return self.report

    async def _run(self, scratch: Path) -> None:
        base = self.report.base
        shelf = self._cache / SHELF
        work = await Checkout.make(self._repo, base, scratch / "tree", self._sandbox, self._python, shelf=shelf)
        profile = await asyncio.to_thread(profile_at, self._repo, base)
        (scratch / "tests").mkdir()
        self._tell.step("reads the repository and runs its tests at HEAD")
        self._cache.mkdir(parents=True, exist_ok=True)
        ground = await survey(self._repo, work, profile, scratch / "tests", self._cache)
        self._note(*ground.notes)
        records = SqliteRecords(scratch / "records.db" if self._asked.dry_run else self._cache.parent / "records.db")
        analysts, authors = self._shop(records)
        await self._find(analysts, work, profile)
        kinds = self._asked.kinds
        ideas = [idea for author in authors for idea in author.ideas(self.report.findings)]
        offered = {idea.id: idea for idea in ideas if not kinds or idea.kind in kinds}
        knowledge = Knowledge(records)
        self._settle(knowledge)
        waiting = self._new(list(offered.values()), knowledge)
        charter = charter_at(self._repo, base)
        measured = await asyncio.to_thread(Ground.of, work, profile, self._cache, charter.quotas.max_lines)
        self._risks = of_ideas(waiting, measured, charter)
        self.report.ideas = list(self._ranked(waiting, knowledge))
        if not self._asked.dry_run:
            await self._work_off(authors, knowledge, work, profile)

    def _shop(self, records: Records) -> tuple[tuple[Analyst, ...], tuple[Author, ...]]:
        """Who finds and who writes. Misconfigured for an author that is not there."""
        analysts, authors = shop(self._cache, self._asked.kinds)
        wanted = self._asked.authors
        if AGENT in wanted:
            authors = (*authors, asked_agent(self._repo, records, self._cache))
        if unknown := sorted(set(wanted) - {author.name for author in authors}):
            there = ", ".join([*(author.name for author in authors), AGENT])
            raise Misconfigured(f"--author {unknown[0]}: nobody of that name writes here; there are {there}")
        return analysts, tuple(author for author in authors if not wanted or author.name in wanted)

    async def _find(self, analysts: Sequence[Analyst], work: Workspace, profile: Profile) -> None:
        """One broken analyst is named and skipped: the others' findings still count."""
        for analyst in analysts:
            self._tell.step(f"{analyst.name} looks")
            try:
                found = await asyncio.wait_for(analyst.find(work, profile), PATIENCE)
            except Exception as error:  # noqa: BLE001  (one broken analyst must not end the run)
                because = "it took too long" if isinstance(error, TimeoutError) else f"{type(error).__name__}: {error}"
                self._note(f"{analyst.name} found nothing: {because}")
                continue
            self._tell.found(analyst.name, len(found))
            self.report.findings += found

    def _settle(self, knowledge: Knowledge) -> None:
        """What became of earlier branches: merged ones count for their strategy, deleted ones against it."""
        for outcome in knowledge.outcomes():
            if outcome.result is Result.OPEN:
                head = self._repo.ref(f"refs/heads/megawatts/{outcome.idea}")
                merged = head is not None and self._repo.is_ancestor(head, self.report.base)
                if head is None or merged:
                    self._remember(knowledge, outcome, Result.MERGED if merged else Result.REJECTED)

    def _remember(self, knowledge: Knowledge, outcome: Outcome, result: Result) -> None:
        told = (outcome.idea, outcome.author, outcome.rule, outcome.kind, result, outcome.because)
        knowledge.remember(Outcome(*told, datetime.now(UTC), outcome.title, base=outcome.base))

    def _new(self, ideas: Sequence[Idea], knowledge: Knowledge) -> list[Idea]:
        """Ideas that have no branch yet, and that were not refused on this very commit or by people."""
        outcomes = {o.idea: o for o in knowledge.everything()}
        known = [i for i in ideas if self._repo.ref(f"refs/heads/megawatts/{i.id}") is not None]
        refused = [
            i
            for i in ideas
            if (o := outcomes.get(i.id)) is not None
            and (
                o.result in {Result.REJECTED, Result.MERGED}
                or (o.result in BAD | {Result.UNWRITTEN} and o.base == self.report.base)
            )
        ]
        if known:
            self._note(f"{len(known)} ideas have a branch already and are not proposed again")
        if refused:
            self._note(
                f"{len(refused)} ideas were refused before, on this commit or by people, and are not tried again"
            )
        return [i for i in ideas if i not in known and i not in refused]

    def _ranked(self, ideas: Sequence[Idea], knowledge: Knowledge) -> tuple[Idea, ...]:
        """By what is known now."""
        now = datetime.now(UTC)
        return rank(ideas, knowledge.active(now), now, self._risks)

    async def _work_off(
        self, authors: Sequence[Author], knowledge: Knowledge, work: Workspace, profile: Profile
    ) -> None:
        """The best idea first; every refusal is learned from before the next is chosen."""
        most = self._asked.most
        waiting = list(self.report.ideas)
        accepted = 0
        for _try in range(most * TRIES):
            if accepted >= most or not waiting:
                return
            idea = self._ranked(waiting, knowledge)[0]
            waiting = [other for other in waiting if other.id != idea.id]
            attempt = await self._carry_out(idea, authors, work, profile)
            self.report.attempts.append(attempt)
            accepted += attempt.accepted
            self._learn(knowledge, attempt)
            self._tell.done(idea.title, attempt.accepted, attempt.verdict.because)

    async def _carry_out(self, idea: Idea, authors: Sequence[Author], work: Workspace, profile: Profile) -> Attempt:
        self._tell.step(f"writes: {idea.title}")
        patch = await _write(idea, authors, work, profile)
        if isinstance(patch, Refusal):
            return Attempt(idea, Verdict("write", Status.FAIL, patch.because))
        files = tuple(sorted(str(path) for path in patch.files))
        try:
            head = self._repo.commit(
                patch, commit_message(title_of(idea), patch.summary, idea.id, patch), author=AUTHOR
            )
            verdict = await self._judge(idea, head)
            if verdict.status is Status.ERROR:  # a stage could not run: what was answered is kept, so ask once more
                verdict = await self._judge(idea, head)
            attempt = Attempt(idea, verdict, files, head)
            if attempt.accepted:
                self._keep(attempt, patch)
        except MegawattsError as error:
            return Attempt(idea, Verdict("gate", Status.ERROR, str(error)), files)
        return attempt

    async def _judge(self, idea: Idea, head: Sha) -> Verdict:
        question = Question(self._repo, self.report.base, head, idea.claim, idea.kind, python=self._python)
        with self._tell.watching(idea.title) as watch:
            async with open_gate(question, self._sandbox, cache=self._cache) as gate:
                return await run_gate(gate, all_stages(), (), VerdictCache(self._cache / "verdicts"), Plan(watch=watch))

    def _keep(self, attempt: Attempt, patch: Patch) -> None:
        """The evidence first: a branch without it would be a claim without proof."""
        if attempt.head is None:
            return
        note = {
            "idea": attempt.idea.id,
            "author": attempt.idea.author,
            "title": attempt.idea.title,
            "why": attempt.idea.why,
            "facts": dict(patch.facts),
            "verdict": attempt.verdict.to_dict(),
        }
        self._repo.note(attempt.head, json.dumps(note, indent=1))
        self._repo.branch(attempt.branch, attempt.head)

    def _learn(self, knowledge: Knowledge, attempt: Attempt) -> None:
        idea, status = attempt.idea, attempt.verdict.status
        result = Result.OPEN if attempt.accepted else Result.REFUSED if attempt.head else Result.UNWRITTEN
        if status in {Status.ERROR, Status.INCONCLUSIVE} and attempt.head is not None:
            return  # nothing was learned about the strategy: the next run may try again
        rule = idea.findings[0].rule if idea.findings else idea.kind.value
        told = (idea.id, idea.author, rule, idea.kind.value, result, attempt.verdict.because[:500])
        knowledge.remember(Outcome(*told, datetime.now(UTC), idea.title, base=self.report.base))

    def _note(self, *texts: str) -> None:
        for text in texts:
            self.report.notes.append(text)
            self._tell.note(text)


async def _write(idea: Idea, authors: Sequence[Author], work: Workspace, profile: Profile) -> Patch | Refusal:
    author = next(a for a in authors if a.name == idea.author)
    try:
        return await author.write(idea, work, profile)
    except (Denied, Exception) as error:  # noqa: BLE001  (one broken author must not end the run)
        return Refusal(f"{idea.author} broke: {type(error).__name__}: {error}")
