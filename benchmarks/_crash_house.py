"""The small house of the crash benchmark: a source repository, its charter, and a controller that is the real one.

Real: engine, policy, forge, git, records, audit log, switch, and, where asked for, deployer, router and scraping.
Light: the gate's verdict (a function of the idea's name, for speed) and an author that writes one file.
"""

import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any, Protocol, cast

from bot.adapters import crash
from bot.adapters.git.inverse import prove_inverse
from bot.adapters.git.repository import GitRepository
from bot.adapters.localdeploy.deployer import LocalDeployer
from bot.adapters.localdeploy.state import Board
from bot.adapters.localforge.forge import LocalForge
from bot.adapters.scrape.source import ScrapeSource
from bot.adapters.store.audit import FileAuditLog
from bot.adapters.store.records import SqliteRecords
from bot.adapters.store.switch import FileSwitch
from bot.app.home import Home
from bot.app.poll_book import PollBook
from bot.core.change import Claim, Finding, Idea, Kind, Origin, Patch, Refusal, Severity
from bot.core.health import Reading, Rollout
from bot.core.ids import ProposalId, PullNumber, Sha
from bot.core.ports import Deployer, Forge, HealthSource
from bot.core.verdict import Status, Verdict, worst
from bot.improve.context import Asked, Context
from bot.improve.doors import Profile, Workspace
from bot.improve.engine import Engine
from bot.improve.ideas import Workshop
from bot.improve.reviews.revision import Revision
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
minimum = 2
"""
MAINTAINER = "maintainer"
BAD = PurePosixPath("notes/bad.txt")
FAILS, DOUBTFUL = "fails", "doubtful"
"""Names of files whose change the light gate passes at first, and not when it is validated again on a new base."""


def now() -> datetime:
    return datetime.now(UTC)


def git(folder: Path, *words: str) -> str:
    identity = ["-c", "user.name=A person", "-c", "user.email=p@example.invalid"]
    done = subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def build(home: Home) -> Home:
    """Make the source repository and a forge from it. The repository's `bot` is the tiny program."""
    source = home.path / "source"
    for folder in (".github", "notes", "bot"):
        (source / folder).mkdir(parents=True)
    (source / ".github" / "charter.toml").write_text(CHARTER)
    (source / "notes" / "old.txt").write_text("old\n")
    (source / "bot" / "__init__.py").write_text('"""A tiny bot."""\n')
    (source / "bot" / "__main__.py").write_text(Path(__file__).with_name("_crash_bot.py").read_text())
    git(source, "init", "-q", "-b", "main")
    git(source, "add", ".")
    git(source, "commit", "-q", "-m", "begin")
    home.create()
    LocalForge.create(home.forge, source)
    return home


class Missing:
    """Finds each wanted file missing as long as it is."""

    name = "missing"

    def __init__(self, wanted: Sequence[str]) -> None:
        self.wanted = wanted

    async def find(self, work: Workspace, _profile: Profile) -> Sequence[Finding]:
        paths = [PurePosixPath(path) for path in self.wanted if not (work.path / path).exists()]
        return [Finding("missing", path, 1, 1, Severity.LOW, f"no {path}", self.name) for path in paths]


class Notes:
    """An author that writes one file."""

    name, kind, claim = "notes", Kind.DOCS, Claim.NONE

    def ideas(self, findings: Sequence[Finding]) -> Sequence[Idea]:
        return [
            Idea(ProposalId(f.fingerprint), f"write {f.path}", "why", self.kind, Origin.ANALYST, self.name, (f,))
            for f in findings
        ]

    async def write(self, idea: Idea, work: Workspace, _profile: Profile) -> Patch | Refusal:
        return Patch(work.sha, {idea.findings[0].path: b"a note\n"}, "one note")


class Readers(Notes):
    """The same, who reads what reviewers write."""

    async def revise(self, revision: Revision, work: Workspace, _profile: Profile) -> Patch | Refusal:
        name = revision.idea.title.partition(" ")[2]
        return Patch(work.sha, {PurePosixPath(name): b"a note that says which it is\n"}, "says which note it is")


def light_gate(repo: GitRepository) -> Callable[[Asked], Awaitable[Verdict]]:
    """PASS, but for two names when they are validated again (a pull request's number is then the label).

    The tests of a replay fail with the bad note.
    """

    async def validate(asked: Asked) -> Verdict:
        stems = {change.path.stem for change in repo.changes(asked.base, asked.head)}
        status = Status.PASS
        if asked.label.startswith("#"):
            status = Status.FAIL if FAILS in stems else Status.INCONCLUSIVE if DOUBTFUL in stems else Status.PASS
        if asked.label == "replay":
            tests = Status.FAIL if BAD.stem in stems else Status.PASS
            return worst("gate", (Verdict("tests", tests, "as the scenario says"),))
        scope = Verdict("scope", status, "as the scenario says")
        return Verdict("gate", status, "as the scenario says", (scope,))

    return validate


class GitDeployer:
    """What was merged runs at once; all of it read from git, so that a killed controller finds it as it was."""

    def __init__(self, forge: Forge, repo: GitRepository) -> None:
        self._forge, self._repo = forge, repo

    async def rollout(self, sha: Sha) -> Rollout:
        main = await self._forge.main()
        at = int(self._repo.git.run("show", "-s", "--format=%ct", main).line)
        before = self._repo.ref(f"{main}^1")
        return Rollout(
            sha, main, self._repo.is_ancestor(sha, main), True, datetime.fromtimestamp(at, UTC), previous=before
        )

    async def promote(self, sha: Sha) -> None:
        """All traffic goes to it already."""

    async def read(self, revision: Sha) -> Sequence[Reading]:
        """Two hundred messages a look; half of them fail where the tree holds the bad note."""
        bad = 100.0 if self._repo.read(revision, BAD) is not None else 0.0
        return (Reading("messages", revision, now(), bad, 200.0),)


class Hands(Protocol):
    """What people do on the forge."""

    async def review(self, pull: PullNumber, head: Sha, *, approves: bool, reason: str = "") -> None:
        """A maintainer's review."""

    async def commit(self, patch: Patch) -> None:
        """Straight to the base branch, unless it says so already."""


@dataclass(frozen=True, slots=True)
class LocalHands:
    """On the embedded forge."""

    home: Home

    async def review(self, pull: PullNumber, head: Sha, *, approves: bool, reason: str = "") -> None:
        await LocalForge(self.home.forge).review(pull, MAINTAINER, head, approves=approves, reason=reason)

    async def commit(self, patch: Patch) -> None:
        forge = GitRepository(self.home.forge / "repo.git")
        if any(forge.read(patch.base, path) != content for path, content in patch.files.items()):
            made = forge.commit(patch, "docs: by hand", author="A person")
            forge.move("refs/heads/main", made, expecting=patch.base)


@dataclass(frozen=True, slots=True)
class Ground:
    """The forge that a house stands on, and the people there."""

    forge: Forge
    repo: GitRepository
    people: Hands


def embedded(home: Home) -> Ground:
    """The forge of the home folder."""
    repo = GitRepository.mirror(home.forge / "repo.git", home.clone)
    return Ground(LocalForge(home.forge), repo, LocalHands(home))


@dataclass(frozen=True, slots=True)
class House:
    """One controller over one home."""

    home: Home
    forge: Forge
    people: Hands
    repo: GitRepository
    records: SqliteRecords
    context: Context
    engine: Engine


def _address(board: Board, sha: Sha) -> str | None:
    state = board.state()
    found = next((i for i in (state.current, state.previous) if i is not None and i.sha == sha), None)
    return f"http://127.0.0.1:{found.port}" if found else None


def _checkouts(repo: GitRepository) -> Callable[[Sha], AbstractAsyncContextManager[Workspace]]:
    @asynccontextmanager
    async def checkout(sha: Sha) -> AsyncIterator[Workspace]:
        with TemporaryDirectory(prefix="megawatts-crash-") as folder:
            repo.materialise(sha, Path(folder))
            # No analyst or author here runs a program: a path and names are all of a workspace that they use.
            yield cast("Workspace", SimpleNamespace(path=Path(folder), sha=sha, tree=repo.tree(sha)))

    return checkout


def open_house(
    home: Home,
    wanted: Sequence[str],
    say: Callable[[str, Mapping[str, Any]], None],
    *,
    deployed: bool = False,
    only_requested: bool = False,
    revises: bool = False,
    ground: Ground | None = None,
) -> House:
    """The controller. `deployed`: beside a real deployer and its bots, else what was merged counts as running."""
    ground = ground or embedded(home)
    forge, repo = ground.forge, ground.repo
    records = SqliteRecords(home.records)
    board, light = Board(home.deploy), GitDeployer(forge, repo)
    scrape = ScrapeSource(lambda sha: _address(board, sha), now)
    context = Context(
        forge=forge,
        repo=repo,
        deployer=LocalDeployer(home.deploy, repo) if deployed else cast("Deployer", light),
        health=scrape if deployed else cast("HealthSource", light),
        records=records,
        audit=FileAuditLog(home.audit),
        switch=FileSwitch(home.switch),
        polls=PollBook(Votes(records)),
        validate=light_gate(repo),
        checkout=_checkouts(repo),
        inverse=lambda merged, head, base: prove_inverse(repo, merged, head, base),
        parse_charter=charters.parse,
        clock=now,
        say=say,
        crash_point=crash.point,
    )
    shop = Workshop(
        (Missing(wanted),), (Readers() if revises else Notes(),), lambda _sha: Profile((), (), (), None), only_requested
    )
    return House(home, forge, ground.people, repo, records, context, Engine(context, shop))
