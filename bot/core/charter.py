"""The constitution as data: read from the base branch, never from the change that it judges."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.core.health import HealthPolicy
from bot.core.tier import Tier
from bot.core.votes import Quorum


@dataclass(frozen=True, slots=True)
class Ward:
    """A part of the tree and the consent it asks for. The last ward that matches wins."""

    pattern: str
    """In CODEOWNERS' pattern language."""
    tier: Tier
    owners: tuple[str, ...] = ()
    only_adds: bool = False
    """Speaks only for files and lines that are added (tests); of any other change the ward before it speaks."""


@dataclass(frozen=True, slots=True)
class Freeze:
    """A time without merges. Reverts still go through."""

    starts: datetime
    ends: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Quotas:
    """How much the engine may do. Every number is an upper bound; 0 forbids."""

    in_flight: int = 10
    per_hour: int = 2
    per_day: int = 12
    per_kind: int = 4
    """Open at once of one kind."""
    per_path: int = 1
    """Open at once that touch the same file."""
    max_lines: int = 400
    max_files: int = 20
    min_between_deploys: timedelta = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class RedTeam:
    """The switch over merges without people: what the nightly measurement of the gate has to show."""

    floor: float = 0.95
    """Least share of bad changes, 0 to 1, that must be shown to be caught."""
    max_age: timedelta = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Promotion:
    """Whose pull requests may write a new image into which environments without owners."""

    promoter: str
    """The promotion App's login, as the forge shows it."""
    environments: tuple[str, ...]
    """Folders below deploy/environments."""


@dataclass(frozen=True, slots=True)
class BackupRule:
    """Before which merges a verified backup is made."""

    max_age: timedelta = timedelta(hours=1)
    """Older ones do not count: what was written since would be lost."""
    keep: int = 5
    """So many backups stay; the oldest make room."""
    migrations: tuple[str, ...] = ("migrations/", "audit_migrations/")
    """Changes of these paths ask for one whatever their tier: they change what is stored. In CODEOWNERS' patterns."""


@dataclass(frozen=True, slots=True)
class Charter:
    """Everything people decided about what the engine may do."""

    wards: tuple[Ward, ...]
    quorum: Quorum = field(default_factory=Quorum)
    quotas: Quotas = field(default_factory=Quotas)
    health: HealthPolicy = field(default_factory=HealthPolicy)
    freezes: tuple[Freeze, ...] = ()
    stages: tuple[str, ...] = ()
    """Stages that must pass, by name; settings may only add. Empty: all."""
    maintainers: tuple[str, ...] = ()
    """Forge logins whose approval carries tier 2."""
    teams: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Logins by team (`org/team`), for owners that are teams."""
    home_guild: str = ""
    base_branch: str = "main"
    red_team: RedTeam | None = None
    """None: merges without people do not hang on a measurement."""
    promotion: Promotion | None = None
    """None: an image is promoted as any other change."""
    backup: BackupRule | None = None
    """None: no backup is asked for before a merge."""
