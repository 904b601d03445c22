"""A small house for the engine: a real forge and real stores, with a deployer and health that tests steer."""

import subprocess
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path, PurePosixPath
from types import SimpleNamespace
from typing import Any

import pytest

from bot.adapters.git.inverse import prove_inverse
from bot.adapters.git.repository import GitRepository
from bot.adapters.localforge.forge import LocalForge
from bot.adapters.store.audit import FileAuditLog
from bot.adapters.store.records import SqliteRecords
from bot.adapters.store.switch import FileSwitch
from bot.app.poll_book import PollBook
from bot.core.change import Claim, Finding, Idea, Kind, Origin, Patch, Refusal, Severity
from bot.core.health import Reading, Rollout
from bot.core.ids import ProposalId, Sha
from bot.core.verdict import Status, Verdict
from bot.improve.context import Asked, Context
from bot.improve.doors import Profile, Workspace
from bot.improve.engine import Engine
from bot.improve.ideas import Workshop
from bot.policy import charter as charters
from bot.votes.service import Votes

CHARTER = """
maintainers = ["maintainer"]
stages = ["scope"]
[[wards]]
patterns = ["*"]
tier = "sealed"
owners = ["@maintainer"]
[[wards]]
patterns = ["/notes/"]
tier = "safe"
[[wards]]
patterns = ["/said/"]
tier = "validated"
[quotas]
per_hour = 20
per_day = 20
min_between_deploys = "0s"
[health]
warm_up = "0s"
deadline = "10m"
interval = "1s"
[[health.rules]]
name = "messages"
kind = "rate"
worse = "up"
"""


@dataclass
class World:
    """What a test steers: the time, what runs, what is read, and what the gate says."""

    forge: LocalForge
    repo: GitRepository
    ctx: Context = field(init=False)
    time: datetime = datetime(2026, 6, 1, 12, tzinfo=UTC)
    bad: float = 0.0
    """Bad messages of every ten on the new revision."""
    gate: Status = Status.PASS
    asked: list[Asked] = field(default_factory=list)
    events: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    previous: Sha | None = None
    running: Sha | None = None
    path: str = "notes/new.txt"
    origin: Origin = Origin.ANALYST

    def saw(self, event: str) -> list[Mapping[str, Any]]:
        return [facts for name, facts in self.events if name == event]

    # the deployer: what was merged runs at once, and the one before is kept
    async def rollout(self, sha: Sha) -> Rollout:
        main = await self.forge.main()
        if self.running != main:
            self.previous, self.running, self.since = self.running, main, self.time
        return Rollout(sha, main, self.repo.is_ancestor(sha, main), True, self.since, previous=self.previous)

    async def promote(self, sha: Sha) -> None:
        self.events.append(("promote", {"sha": sha}))

    # the health source: ten messages a look
    async def read(self, revision: Sha) -> Sequence[Reading]:
        bad = self.bad if revision == self.running and not self._is_revert() else 0.0
        return (Reading("messages", revision, self.time, bad, 10.0),)

    def _is_revert(self) -> bool:
        return self.repo.tree(Sha(str(self.running))) == self.first_tree

    async def validate(self, asked: Asked) -> Verdict:
        self.asked.append(asked)
        scope = Verdict("scope", self.gate, "as the test says")
        return Verdict("gate", self.gate, "as the test says", (scope,))

    def __post_init__(self) -> None:
        self.since = self.time
        self.running = self.repo.resolve("refs/heads/main")
        self.first_tree = self.repo.tree(self.running)


class Notes:
    """An author that writes one file."""

    name, kind, claim = "notes", Kind.DOCS, Claim.NONE

    def __init__(self, world: World) -> None:
        self.world = world

    def ideas(self, findings: Sequence[Finding]) -> Sequence[Idea]:
        return [
            Idea(
                ProposalId(f.fingerprint),
                "write a note",
                "it is missing",
                self.kind,
                self.world.origin,
                self.name,
                (f,),
            )
            for f in findings
        ]

    async def write(self, idea: Idea, work: Workspace, profile: Profile) -> Patch | Refusal:
        return Patch(work.sha, {PurePosixPath(self.world.path): b"a note\n"}, "one note")


class Missing:
    """An analyst that finds the file missing as long as it is."""

    name = "missing"

    def __init__(self, world: World) -> None:
        self.world = world

    async def find(self, work: Workspace, profile: Profile) -> Sequence[Finding]:
        path = PurePosixPath(self.world.path)
        if (work.path / path).exists():
            return ()
        return (Finding("missing", path, 1, 1, Severity.LOW, "no note", self.name),)


def git(folder: Path, *words: str) -> None:
    identity = ["-c", "user.name=A maintainer", "-c", "user.email=m@example.invalid"]
    subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True)


async def offered(world: World) -> list[Any]:
    """Every proposal but drafts: after a revert that helped, its change comes again as one."""
    return [p for p in await world.forge.proposals(everything=True) if not p.draft]


@pytest.fixture
def world(tmp_path: Path) -> World:
    source = tmp_path / "source"
    (source / ".github").mkdir(parents=True)
    (source / "notes").mkdir()
    (source / ".github" / "charter.toml").write_text(CHARTER)
    (source / "notes" / "old.txt").write_text("old\n")
    git(source, "init", "-q", "-b", "main")
    git(source, "add", ".")
    git(source, "commit", "-q", "-m", "begin")
    clock: Callable[[], datetime] = lambda: made.time  # noqa: E731  (the world is made below)
    forge = LocalForge.create(tmp_path / "forge", source, clock=clock)
    repo = GitRepository.mirror(tmp_path / "forge" / "repo.git", tmp_path / "clone.git")
    made = World(forge, repo)
    records = SqliteRecords(tmp_path / "records.db")

    @asynccontextmanager
    async def checkout(sha: Sha) -> AsyncIterator[Any]:
        folder = tmp_path / f"work-{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        repo.materialise(sha, folder)
        yield SimpleNamespace(path=folder, sha=sha, tree=repo.tree(sha))

    made.ctx = Context(
        forge=forge,
        repo=repo,
        deployer=made,  # type: ignore[arg-type]  # a double with what the engine calls
        health=made,
        records=records,
        audit=FileAuditLog(tmp_path / "audit.jsonl"),
        switch=FileSwitch(tmp_path / "stop.json"),
        polls=PollBook(Votes(records)),
        validate=made.validate,
        checkout=checkout,
        inverse=partial(prove_inverse, repo),
        parse_charter=charters.parse,
        clock=clock,
        say=lambda event, facts: made.events.append((event, facts)),
    )
    return made


@pytest.fixture
def engine(world: World) -> Engine:
    return Engine(world.ctx, Workshop((Missing(world),), (Notes(world),), lambda _sha: Profile((), (), (), None)))


@pytest.fixture
def go(world: World, engine: Engine) -> Callable[[int], Any]:
    """Reconcile that many times, a second apart, each with its long work done."""

    async def rounds(count: int) -> None:
        for _ in range(count):
            await engine.reconcile()
            await engine.settle_tasks()
            world.time += timedelta(seconds=1)

    return rounds
