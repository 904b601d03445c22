"""The engine over GitHub alone: what was merged runs at once and is well. Its clock is the test's, so are GitHub's."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import patch

from git.cmd import Git

from bot.adapters.git.commits import commit_tree
from bot.adapters.git.inverse import prove_inverse
from bot.adapters.git.repository import GitRepository
from bot.adapters.github import marks
from bot.adapters.github.desk import Rules
from bot.adapters.github.forge import GitHubForge
from bot.adapters.github.opening import ASKED
from bot.adapters.store.audit import FileAuditLog
from bot.adapters.store.records import SqliteRecords
from bot.adapters.store.switch import FileSwitch
from bot.app.home import Home
from bot.app.poll_book import PollBook
from bot.core.change import Claim, Finding, Idea, Kind, Origin, Patch, Refusal, Severity
from bot.core.health import Reading, Rollout
from bot.core.ids import ProposalId, Sha, Tree
from bot.core.verdict import Status, Verdict
from bot.improve.context import GATE, Asked, Context
from bot.improve.doors import Profile, Workspace
from bot.improve.engine import Engine
from bot.improve.ideas import Workshop
from bot.policy import charter as charters
from bot.votes.service import Votes
from tests.servers.github.front import ME
from tests.servers.github.peer import GitHub, Place

P = PurePosixPath
BOT = "token bot-megawatts"
CHARTER = """
maintainers = ["ada"]
stages = ["scope"]
[[wards]]
patterns = ["*"]
tier = "sealed"
owners = ["@ada"]
[[wards]]
patterns = ["/owned/"]
tier = "critical"
owners = ["@ada"]
[[wards]]
patterns = ["/safe/"]
tier = "safe"
[health]
warm_up = "0s"
[[health.rules]]
name = "messages"
kind = "rate"
worse = "up"
minimum = 2
"""
"""Quotas are the defaults."""


@dataclass
class Moment:
    """A clock that is set."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now

    def elapsed(self) -> float:
        """Seconds, from any beginning."""
        return self.now.timestamp()


@dataclass
class Runs:
    """What is on the base branch runs, and every message is answered."""

    repo: GitRepository
    clock: Moment
    since: dict[Sha, datetime] = field(default_factory=dict)

    async def rollout(self, sha: Sha) -> Rollout:
        main = self.repo.resolve("refs/heads/main")
        at = self.since.setdefault(main, self.clock())
        before = self.repo.ref(f"{main}^1")
        return Rollout(sha, main, self.repo.is_ancestor(sha, main), ready=True, at=at, previous=before)

    async def promote(self, sha: Sha) -> None:
        """All traffic goes to it already."""

    async def read(self, revision: Sha) -> Sequence[Reading]:
        return (Reading("messages", revision, self.clock(), 0.0, 200.0),)


@dataclass
class Flood:
    """Finds and writes one file for each name in a list, as long as it is not there."""

    folder: str
    kind: Kind
    count: int
    claim: Claim = Claim.NONE
    severity: Severity = Severity.LOW
    name: str = ""

    def __post_init__(self) -> None:
        self.name = f"{self.folder}-{self.kind.value}"

    async def find(self, work: Workspace, _profile: Profile) -> Sequence[Finding]:
        paths = [P(self.folder) / f"{self.kind.value}{number}.txt" for number in range(self.count)]
        return [
            Finding("missing", path, 1, 1, self.severity, f"no {path}", self.name)
            for path in paths
            if not (work.path / path).exists()
        ]

    def ideas(self, findings: Sequence[Finding]) -> Sequence[Idea]:
        mine = [f for f in findings if f.analyst == self.name]
        return [
            Idea(ProposalId(f.fingerprint), f"write {f.path}", "why", self.kind, Origin.ANALYST, self.name, (f,))
            for f in mine
        ]

    async def write(self, idea: Idea, work: Workspace, _profile: Profile) -> Patch | Refusal:
        path = idea.findings[0].path
        return Patch(work.sha, {path: f"{path}\n".encode()}, "one file")


@dataclass
class Quiet:
    """One controller over one repository on the hub."""

    place: Place
    forge: GitHubForge
    repo: GitRepository
    records: SqliteRecords
    engine: Engine
    clock: Moment
    told: list[tuple[str, Mapping[str, object]]]
    stamped: set[tuple[int, str]] = field(default_factory=set)

    @classmethod
    def on(cls, hub: GitHub, folder: Path, floods: Sequence[Flood] = ()) -> "Quiet":
        """The controller, and a repository that holds its charter and nothing else."""
        place = hub.repository(_template(folder))
        home, clock = Home(folder / "home").create(), Moment()
        repo, records = GitRepository.begin(home.clone), SqliteRecords(home.records)
        forge = place.forge(repo, rules=Rules(), elapsed=clock.elapsed)
        runs, told = Runs(repo, clock), list[tuple[str, Mapping[str, object]]]()
        context = Context(
            forge=forge,
            repo=repo,
            deployer=cast("Any", runs),
            health=cast("Any", runs),
            records=records,
            audit=FileAuditLog(home.audit),
            switch=FileSwitch(home.switch),
            polls=PollBook(Votes(records)),
            validate=_passes,
            checkout=lambda sha: _checkout(repo, sha),
            inverse=lambda *asked: prove_inverse(repo, *asked),
            parse_charter=charters.parse,
            clock=clock,
            say=lambda event, facts: told.append((event, facts)),
        )
        shop = Workshop(tuple(floods), tuple(floods), lambda _sha: Profile((), (), (), None))
        return cls(place, forge, repo, records, Engine(context, shop), clock, told)

    async def look(self) -> None:
        """One round with all its long work. What GitHub stamps, it stamps by the test's clock."""
        assert await self.engine.reconcile() is not None, self.told[-1]
        await self.engine.settle_tasks()
        self._stamp()

    def _stamp(self) -> None:
        front, house = self.place.hub.front, self.place.house
        moment = self.clock.now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        with front.lock:
            house.tell(front._peer)
            fresh = [
                (row["number"], key)
                for row in house.rows["pullRequests"]
                for key in ("created_at", "merged_at")
                if row.get(key) and (row["number"], key) not in self.stamped
            ]
            front._peer({"repo": house.name, "pulls": [{"number": number, key: moment} for number, key in fresh]})
        self.stamped |= set(fresh)

    async def settled(self) -> None:
        """Rounds until one changes nothing on GitHub."""
        while True:
            since = len(self.place.hub.front.asked)
            await self.look()
            asked = self.place.hub.front.asked[since:]
            if not any(a.verb != "GET" and a.path != "/graphql" and a.status < 300 for a in asked):
                return

    @property
    def pulls(self) -> Sequence[Mapping[str, Any]]:
        """GitHub's own rows."""
        return tuple(self.place.house.rows["pullRequests"])

    async def propose(self, count: int) -> None:
        """So many proposals of the engine's that are green and wait for a code owner, put there by few requests."""
        base, there = await self.forge.main(), GitRepository(self.place.house.git_dir)
        heads: dict[str, Sha] = {}
        for number in range(count):
            patch = Patch(base, {P(f"owned/{number}.txt"): b"x\n"})
            branch = f"megawatts/{number + 1:012x}"
            heads[branch] = there.commit(patch, f"feat: {number}", author="x")
            there.branch(branch, heads[branch])
        await self.forge.branch("main")  # the peer hears of the branches
        for branch, head in heads.items():
            self._opened(branch, head, base, there.tree(head))

    def _opened(self, branch: str, head: Sha, base: Sha, tree: Tree) -> None:
        house, front = self.place.house, self.place.hub.front
        idea = Idea(ProposalId(branch[-12:]), "t", "w", Kind.FEATURE, Origin.ANALYST, "x")
        text = marks.signed_body("b", marks.about_idea(idea))
        body = {"title": f"feat: {branch}", "head": branch, "base": "main", "body": text}
        assert front.ask("POST", f"/repos/{house.name}/pulls", BOT, body)[0] == 201
        scope = Verdict("scope", Status.PASS, "as the stage says")
        gate = Verdict("gate", Status.PASS, "well", (scope,), facts={"tree": tree, "base": base, "head": head})
        block, seal = marks.written(gate, head, GATE)
        me = {"creator": {"login": "megawatts[bot]"}, "state": "success"}
        house.statuses[head] = [
            {**me, "context": GATE, "description": marks.description(gate, seal)},
            {**me, "context": ASKED, "description": "asked @ada"},
        ]
        run = {"name": GATE, "head_sha": head, "status": "completed", "conclusion": "success"}
        status, row, _headers = front.ask(
            "POST", f"/repos/{house.name}/check-runs", BOT, {**run, "output": {"text": block}}
        )
        assert status == 201
        house.apps[row["id"]] = ME


@contextmanager
def git_commands() -> Iterator[list[str]]:
    """The git commands that this process starts meanwhile: its adapters start them all by this one method."""
    begun: list[str] = []
    start = Git.execute

    def counted(self: Git, command: Any, **options: Any) -> Any:
        words = list(command[command.index("git") + 1 :])
        while words[0] == "-c":
            words = words[2:]
        begun.append(words[0])
        return start(self, command, **options)

    with patch.object(Git, "execute", counted):
        yield begun


async def _passes(asked: Asked) -> Verdict:
    scope = Verdict("scope", Status.PASS, "as the stage says")
    return Verdict("gate", Status.PASS, f"{asked.head[:12]} is well", (scope,))


@asynccontextmanager
async def _checkout(repo: GitRepository, sha: Sha) -> AsyncIterator[Workspace]:
    with TemporaryDirectory(prefix="megawatts-quiet-") as folder:
        repo.materialise(sha, Path(folder))
        # No analyst or author here runs a program: a path and names are all of a workspace that they use.
        yield cast("Workspace", SimpleNamespace(path=Path(folder), sha=sha, tree=repo.tree(sha)))


def _template(folder: Path) -> Path:
    repo = GitRepository.begin(folder / "template.git")
    root = commit_tree(repo.git, Tree(repo.git.run("mktree").line), (), "root", author="someone")
    head = repo.commit(Patch(root, {P(".github/charter.toml"): CHARTER.encode()}), "first", author="someone")
    repo.branch("main", head)
    return repo.path
