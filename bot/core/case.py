"""Everything known about one proposal at one instant, and the one thing to do about it."""

from dataclasses import dataclass
from datetime import datetime

from bot.core.change import Proposal
from bot.core.health import Reading, Rollout
from bot.core.ids import PullNumber, Sha
from bot.core.tier import Tier
from bot.core.verdict import Verdict
from bot.core.votes import Approval, Poll


@dataclass(frozen=True, slots=True)
class Stop:
    """The emergency stop: nothing moves until a person resumes."""

    reason: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Override:
    """A person's decision against the rules, for one head, with a reason; always audited."""

    head: Sha
    by: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What goes on beside one proposal, as far as a decision needs it."""

    main: Sha
    last_merge: datetime | None = None
    last_deploy: datetime | None = None
    awaiting_health: PullNumber | None = None
    """Another merged proposal whose health is not settled: nothing else merges meanwhile."""
    reverts_today: int = 0
    stop: Stop | None = None
    red_team: Verdict | None = None
    """What the gate catches, as last measured; read only where the charter asks for it."""
    red_team_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """One look at one proposal. `gate` and `checks` are bound to this head and its tree, or None if there are none."""

    proposal: Proposal
    around: Surroundings
    only_adds: frozenset[str] = frozenset()
    """Paths of the proposal that only gain lines or are new."""
    gate: Verdict | None = None
    gate_base: Sha | None = None
    """The base commit that the gate compared with."""
    checks: Verdict | None = None
    """The forge's required checks, where the forge runs its own; None: it has none."""
    conflicts: bool = False
    approvals: tuple[Approval, ...] = ()
    asker_logins: frozenset[str] = frozenset()
    """Forge logins linked to the member who asked for the change: their approval does not count."""
    poll: Poll | None = None
    override: Override | None = None
    asked_on: Sha | None = None
    inverse: Verdict | None = None
    """For a revert: the proof that it is the exact inverse of what it takes back."""
    promotion: Verdict | None = None
    """For a pull request of the promoter: the proof that it brings an image and nothing else."""
    backup: Verdict | None = None
    """What was reported of the backup made before this head may merge; None: none was made for it."""
    rollout: Rollout | None = None
    readings: tuple[Reading, ...] = ()
    settled: Verdict | None = None
    """The recorded end of the watch: healthy (PASS) or not."""
    reverted_by: PullNumber | None = None
    """The open or merged proposal that takes this one back."""
    revert_merged: bool = False


@dataclass(frozen=True, slots=True)
class Validate:
    """Run the gate on this head."""

    head: Sha


@dataclass(frozen=True, slots=True)
class Update:
    """Bring the head up to date with the base branch; a new head voids everything given on the old."""

    head: Sha
    onto: Sha


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask people: owners for tier 3, a maintainer or the members for tier 2."""

    head: Sha
    tier: Tier
    owners: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BackUp:
    """Make and verify a backup, and write its id on this head: without it, it does not merge."""

    head: Sha
    because: Verdict


@dataclass(frozen=True, slots=True)
class Merge:
    """Merge exactly this head."""

    head: Sha
    because: Verdict


@dataclass(frozen=True, slots=True)
class Observe:
    """Take readings of the running revision and the one before it."""

    merged: Sha
    previous: Sha | None


@dataclass(frozen=True, slots=True)
class Settle:
    """The watch is over and well: tag the version, remember the outcome."""

    merged: Sha
    because: Verdict


@dataclass(frozen=True, slots=True)
class Revert:
    """Open a proposal that takes this merge back."""

    merged: Sha
    because: Verdict


@dataclass(frozen=True, slots=True)
class Close:
    """Close without a merge, with the reason."""

    because: Verdict


@dataclass(frozen=True, slots=True)
class Page:
    """A person is needed; nothing is done."""

    because: Verdict


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to do now. `until` names the earliest time at which that can change by itself."""

    until: datetime | None
    because: str
    done: bool = False


Step = Validate | Update | Ask | BackUp | Merge | Observe | Settle | Revert | Close | Page | Wait
