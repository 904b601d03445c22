"""The engine's inner doors: what an analyst, an author and a stage are, and what they are given."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Literal, Protocol

from bot.core.change import Claim, FileChange, Finding, Idea, Kind, Patch, Refusal
from bot.core.charter import Charter
from bot.core.ids import Sha, Tree
from bot.core.ports import Repository
from bot.core.sandbox import Finished, Limits
from bot.core.verdict import Status, Verdict
from bot.policy.dependency_audit import Advisory, Package, Release, Rules

Runner = Literal["pytest", "unittest"]


@dataclass(frozen=True, slots=True)
class Profile:
    """What kind of Python repository this is, read from one tree. Paths are relative to the root."""

    roots: tuple[PurePosixPath, ...]
    """Import roots: folders to put on sys.path (`.` or `src`, most often)."""
    packages: tuple[PurePosixPath, ...]
    """Top-level packages and modules that belong to the product."""
    tests: tuple[PurePosixPath, ...]
    """Folders and files that hold tests."""
    runner: Runner | None
    """None: the repository has no tests."""
    own: bool = False
    """Has a charter: the full rules of this house hold."""
    typed: bool = False
    """Has a mypy configuration of its own."""
    formatted: bool = False
    """Has a ruff or black configuration, or is formatted already at base."""

    def is_test(self, path: PurePosixPath) -> bool:
        """Whether a file belongs to the tests, helpers of tests and conftest included."""
        named = path.name.startswith("test_") or path.stem.endswith("_test") or path.name == "conftest.py"
        return named or any(path == t or t in path.parents for t in self.tests)


class Workspace(Protocol):
    """A disposable checkout without history, remotes, secrets or network. Programs in it run in the sandbox."""

    @property
    def path(self) -> Path: ...
    @property
    def sha(self) -> Sha: ...
    @property
    def tree(self) -> Tree: ...
    @property
    def python(self) -> Path: ...

    async def run(
        self,
        argv: Sequence[str],
        *,
        writable: Sequence[Path] = (),
        readable: Sequence[Path] = (),
        env: Mapping[str, str] | None = None,
        stdin: bytes = b"",
        limits: Limits | None = None,
    ) -> Finished:
        """Run argv with the checkout as working directory, read-only; `{python}` in argv is the interpreter."""
        ...


Progress = Callable[[str, str], None]
"""Called with a stage's name and what it does now; for people only."""


class Auditor(Protocol):
    """What the world knows of releases that a change wants to install. Asked outside of the sandbox."""

    async def advisories(self, packages: Sequence[Package]) -> Mapping[Package, Sequence[Advisory]]:
        """Known vulnerabilities of each. Raises Unavailable or Misconfigured: then nothing is known of any."""
        ...

    async def releases(self, packages: Sequence[Package]) -> Mapping[Package, Release | None]:
        """What the index says of each; None where it has no such release. Raises as `advisories` does."""
        ...


@dataclass(frozen=True, slots=True)
class Gate:
    """What a stage judges, and with what. Referee code, configuration and tests come from the base."""

    repo: Repository
    base: Workspace
    head: Workspace
    trial: Workspace
    """The head's product code with the base's tests and configuration: what the base's referee sees."""
    changes: tuple[FileChange, ...]
    profile: Profile
    charter: Charter
    claim: Claim
    kind: Kind
    scratch: Path
    """Evidence that stages leave for later ones, one folder per stage: `scratch / stage.name`."""
    cache: Path
    """Kept between gates, keyed by content: coverage maps and tool caches. Never writable from inside the sandbox."""
    progress: Progress = field(default=lambda _stage, _text: None)
    by_engine: bool = True
    """Made by the engine: sealed paths are refused, quotas hold."""
    auditor: Auditor | None = None
    """None: nobody can be asked about dependencies, and people decide about them."""
    audit: Rules = field(default_factory=Rules)

    @property
    def preserving(self) -> bool:
        """Whether the change promises to keep behaviour: by its claim, or by its kind, which implies it."""
        return self.claim is Claim.PRESERVING or self.kind is Kind.REFACTOR

    def changed(self, suffix: str = ".py") -> tuple[FileChange, ...]:
        """Changed files of that suffix that exist at head."""
        return tuple(c for c in self.changes if c.action != "delete" and c.path.suffix == suffix)


class Stage(Protocol):
    """One question put to a change. Never raises for a bad change: that is a FAIL with its reason."""

    @property
    def id(self) -> str:
        """SPEC's id: `V-1` to `V-13`."""
        ...

    @property
    def name(self) -> str: ...
    @property
    def needs(self) -> tuple[str, ...]:
        """Names of stages whose verdicts and evidence it reads; it runs as soon as these are done."""
        ...

    @property
    def alone(self) -> bool:
        """Runs with nothing beside it (measurements)."""
        ...

    async def run(self, gate: Gate, earlier: Mapping[str, Verdict]) -> Verdict: ...


NOT_APPLICABLE = "not_applicable"
"""Fact of a stage's verdict that says: this change, or this repository, has nothing that the stage could judge."""


def not_applicable(stage: str, because: str) -> Verdict:
    """A stage without a subject: the gate leaves it out of its verdict and lists it in `facts.not_applicable`."""
    return Verdict(stage, Status.PASS, because, facts={NOT_APPLICABLE: because})


class Analyst(Protocol):
    """One source of findings."""

    name: str

    async def find(self, work: Workspace, profile: Profile) -> Sequence[Finding]: ...


class Author(Protocol):
    """One strategy that turns findings into a patch."""

    name: str
    kind: Kind
    claim: Claim

    def ideas(self, findings: Sequence[Finding]) -> Sequence[Idea]:
        """The ideas that this author would take on. Pure: same findings, same ideas with the same ids."""
        ...

    async def write(self, idea: Idea, work: Workspace, profile: Profile) -> Patch | Refusal:
        """Carry the idea out on this checkout. The patch's base is the checkout's commit."""
        ...
