"""What the engine holds: every door it may use, and nothing else of the house."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.core.backup import Backups
from bot.core.change import Claim, Kind, Patch, Proposal
from bot.core.charter import Charter
from bot.core.ids import PullNumber, Sha, UserId
from bot.core.ports import AuditLog, Clock, Deployer, Forge, HealthSource, Records, Repository, Switch
from bot.core.verdict import Verdict
from bot.core.votes import Poll, Quorum
from bot.improve.doors import Workspace
from bot.improve.provenance import Book

GATE = "megawatts/gate"
CONSENT = "megawatts/consent"
HEALTH = "megawatts/health"
CHARTER = ".github/charter.toml"

Say = Callable[[str, Mapping[str, object]], None]
"""Tells people what happens: an event name and its facts. Never carries authority."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One validation: what is compared, what it claims, and who made it."""

    base: Sha
    head: Sha
    claim: Claim = Claim.NONE
    kind: Kind = Kind.OTHER
    by_engine: bool = True
    label: str = ""
    """For people: what the progress lines name."""
    anew: bool = False
    """A person asked for it to be tried again: verdicts that are kept do not answer."""


class Polls(Protocol):
    """Community votes, kept where the bot process can add ballots."""

    def read(self, pull: PullNumber) -> Poll | None: ...
    def void(self, pull: PullNumber, new_head: Sha) -> bool: ...
    def open(
        self,
        proposal: Proposal,
        quorum: Quorum,
        now: datetime,
        *,
        summary: str,
        excluded: Sequence[UserId],
        guild: str = "",
        gate: Verdict | None = None,
    ) -> None:
        """Ask the members of one guild; `gate` is shown to them."""
        ...


@dataclass(frozen=True, slots=True)
class Context:
    """Doors by name. `validate` runs the gate; `checkout` gives a disposable tree of a commit."""

    forge: Forge
    repo: Repository
    deployer: Deployer
    health: HealthSource
    records: Records
    audit: AuditLog
    switch: Switch
    polls: Polls
    validate: Callable[[Asked], Awaitable[Verdict]]
    checkout: Callable[[Sha], AbstractAsyncContextManager[Workspace]]
    inverse: Callable[..., Verdict]
    """(merged, revert head, base, paths of a part) -> the proof that the head is the exact inverse; the paths are given
    only for a part of a merge."""
    parse_charter: Callable[[str], Charter]
    clock: Clock
    say: Say
    calm: float = 0.0
    """Seconds between two rounds at least while no health is watched: a forge elsewhere is not asked every moment."""
    elapsed: Callable[[], float] | None = None
    """Seconds of a clock that nobody sets, to notice when the wall clock is set; None: not watched."""
    crash_point: Callable[[str], None] = lambda _name: None
    """Named boundary between two effects; the crash tests end the process here."""
    chain: Book | None = None
    """The provenance of every proposal; None: none is kept."""
    promised: Callable[[Sha], Awaitable[Sha | None]] | None = None
    """The commit whose image git asks to deploy, at a commit of the base branch; None: that commit itself."""
    show: Callable[[Mapping[str, str]], Awaitable[None]] | None = None
    """Shows people lines (name, text) where they look at what runs; an empty text takes a line away."""
    backups: Backups | None = None
    """Makes the backup that a merge waits for; None: none can be made, and such a merge is held."""
    address: Callable[[PullNumber], str] = "#{}".format
    """How a pull request is named there: its web address, where it has one."""


def commit_message(title: str, body: str, idea: str, patch: Patch) -> str:
    """A conventional commit, signed off as the bot. The title comes from an author, never from a member's words."""
    trailers = f"Idea: {idea}\nSigned-off-by: megawatts[bot] <bot@megawatts.invalid>"
    return f"{title}\n\n{body.strip() or patch.summary}\n\n{trailers}\n"
