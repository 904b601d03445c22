"""A finding, the idea it leads to, the patch that carries it out, and the proposal that asks for it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import PurePosixPath

from bot.core.ids import ProposalId, PullNumber, Sha, Tree, UserId
from bot.core.verdict import Fact


class Kind(StrEnum):
    """What a change is, by what it does to the product."""

    REFACTOR = "refactor"
    FIX = "fix"
    FEATURE = "feature"
    TEST = "test"
    CONFIGURATION = "configuration"
    BEHAVIOUR = "behaviour"
    TOOL = "tool"
    DOCS = "docs"
    DEPENDENCY = "dependency"
    REVERT = "revert"
    OTHER = "other"


class Origin(StrEnum):
    """Where the wish came from. A member's words raise the tier to 2 at least."""

    ANALYST = "analyst"
    MEMBER = "member"
    PLUGIN = "plugin"
    REVERT = "revert"
    PERSON = "person"


class Claim(StrEnum):
    """What a change promises about behaviour."""

    NONE = "none"
    PRESERVING = "behaviour-preserving"


class Severity(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something worth improving, with its evidence."""

    rule: str
    path: PurePosixPath
    line: int
    end_line: int
    severity: Severity
    message: str
    analyst: str
    symbol: str = ""
    """Dotted name of the function or class, if the finding is about one."""
    evidence: Mapping[str, Fact] = field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        """Identity across runs: 12 hex digits, independent of line numbers."""
        key = "\0".join((self.rule, str(self.path), self.symbol or self.message))
        return hashlib.sha256(key.encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Idea:
    """What to try: a typed request. Members' words never travel in it unread into a decision or a prompt."""

    id: ProposalId
    title: str
    why: str
    kind: Kind
    origin: Origin
    author: str
    """Name of the strategy that is to write it."""
    findings: tuple[Finding, ...] = ()
    asked_by: UserId | None = None
    claim: Claim = Claim.NONE
    value: float = 0.0
    """Expected value from what was learned; higher goes first."""


@dataclass(frozen=True, slots=True)
class Patch:
    """Whole new contents by path; None deletes. Exact by construction: nothing is applied with fuzz."""

    base: Sha
    files: Mapping[PurePosixPath, bytes | None]
    summary: str = ""
    facts: Mapping[str, Fact] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refusal:
    """An author's honest no: why this idea cannot be written."""

    because: str
    later: bool = False
    """The reason lies outside (no model answers, the day's money is spent): the same may be tried again unchanged."""


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file between two trees. A rename counts at both ends: `old_path` and `path` differ."""

    path: PurePosixPath
    old_path: PurePosixPath
    action: str
    """`add`, `delete`, `modify`, `rename` or `type` (mode or kind of entry changed)."""
    mode: str = "100644"
    """Git mode at head, or at base for a deletion: 100644, 100755, 120000 (link), 160000 (submodule)."""
    added: int = 0
    removed: int = 0
    binary: bool = False
    lines: tuple[tuple[int, int], ...] = ()
    """Changed line ranges at head, 1-based, both ends included."""

    @property
    def paths(self) -> frozenset[PurePosixPath]:
        return frozenset({self.path, self.old_path})


@dataclass(frozen=True, slots=True)
class Proposal:
    """A pull request seen as a question. Rebuilt from the forge at every look; never stored."""

    pull: PullNumber
    branch: str
    title: str
    head: Sha
    head_tree: Tree
    base: Sha
    """The commit of the base branch that the head was made on (merge base)."""
    paths: frozenset[PurePosixPath]
    author: str
    """Forge login that opened it."""
    opened: datetime
    kind: Kind = Kind.OTHER
    origin: Origin = Origin.PERSON
    idea: ProposalId | None = None
    asked_by: UserId | None = None
    claim: Claim = Claim.NONE
    labels: frozenset[str] = frozenset()
    merged_as: Sha | None = None
    merged_at: datetime | None = None
    closed: bool = False
    """Closed without a merge."""
    reverts: Sha | None = None
    """The merge commit that this proposal takes back, if it is a revert."""
    reverts_only: frozenset[PurePosixPath] = frozenset()
    """For a selective revert: the paths of that merge that it takes back; empty: all of them."""
    draft: bool = False
    """Not offered for a merge until a person says that it is ready."""

    @property
    def by_engine(self) -> bool:
        """Whether the bot's own engine made it: then sealed paths are closed to it."""
        return self.origin is not Origin.PERSON
