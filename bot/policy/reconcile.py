"""Going back without git: when a deployer may, what is remembered of it, and how git catches up afterwards."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.core.case import Page, Revert, Wait
from bot.core.change import Proposal
from bot.core.health import Rollout
from bot.core.ids import Sha
from bot.core.verdict import Status, Verdict, worst
from bot.policy.rollouts import Applied, Seen

TABLE = "rolled_back"
"""Records: one row for each rollback that git does not know of yet, keyed by application and the commit left."""
PATIENCE = timedelta(seconds=60)
"""A forge that is away for less is waited for: git is the better way back."""


@dataclass(frozen=True, slots=True)
class RolledBack:
    """What was left, what was gone back to, and why."""

    bad: Sha
    good: Sha
    reason: str
    at: datetime
    done: bool = False
    """Whether the deployer took it: a row without that may be of a call that never arrived."""

    def row(self) -> dict[str, Any]:
        return {"bad": self.bad, "good": self.good, "reason": self.reason, "at": self.at.isoformat(), "done": self.done}

    @classmethod
    def read(cls, row: Mapping[str, Any]) -> "RolledBack":
        """Inverse of `row`. Raises KeyError or ValueError on another shape."""
        at = datetime.fromisoformat(str(row["at"]))
        return cls(Sha(str(row["bad"])), Sha(str(row["good"])), str(row["reason"]), at, bool(row.get("done", False)))


@dataclass(frozen=True, slots=True)
class RollBack:
    """Hold the deployer, then let it go back to this commit."""

    to: Sha
    because: Verdict


@dataclass(frozen=True, slots=True)
class Release:
    """Git has caught up: the deployer may follow it again."""

    because: Verdict


@dataclass(frozen=True, slots=True)
class Merged:
    """A merge as far as it matters here."""

    sha: Sha
    at: datetime
    in_bad: bool
    """Whether the commit that was left contains it."""
    in_good: bool
    reverted_by: Sha | None = None
    """The merge commit of its revert."""
    revert_open: bool = False
    is_revert: bool = False


def row_to(seen: Seen, to: Sha) -> Applied | None:
    """The newest row of the history that ran this product."""
    return next((row for row in reversed(seen.applied) if row.version.product == to), None)


def may_roll_back(seen: Seen, to: Sha, *, forge_answers: bool) -> Verdict:
    """Whether the deployer may be told to run `to` whatever git says. FAIL names the first thing to mend.

    Refused while auto-sync is on: it would undo the rollback at once, and Argo CD refuses it as well.
    """
    row = row_to(seen, to)
    running = seen.attempt is not None and seen.attempt.runs
    checks = (
        (forge_answers, "forge", "the forge answers: revert there, so that git says what runs"),
        (seen.auto_sync, "auto-sync", "auto-sync is on and would undo it: hold first"),
        (not seen.hold, "hold", "auto-sync is off, but not by our hold: what people switched off is theirs"),
        (row is None, "history", f"{to[:12]} is not in the history of {seen.application}"),
        (running, "operation", "another operation is under way: wait for its end, or terminate it"),
    )
    found = [
        Verdict(name, Status.FAIL if wrong else Status.PASS, because if wrong else "as it must be")
        for wrong, name, because in checks
    ]
    return worst("rollback", found)


def without_forge(
    rollout: Rollout, health: Verdict, *, away: timedelta, good: Sha | None, spent: int, budget: int
) -> RollBack | Page | Wait:
    """What to do about what runs while the forge is out of reach.

    `health` is the judge's verdict on what runs, from readings that need no forge; `away` is how long the forge has
    been silent; `good` the last commit known healthy (the warm previous one comes first); `spent` of `budget`
    automatic ways back of this day are used. Nothing but a FAIL of a guard goes back: no answer is not bad health.
    """
    if health.status is not Status.FAIL:
        return Wait(None, f"the forge is away, and health gives no reason to go back: {health.because}")
    if away < PATIENCE:
        return Wait(None, f"the forge has been away for {away.total_seconds():.0f} s: a revert there is the better way")
    to = rollout.previous or good
    if to is None or to == rollout.running:
        because = "the forge is away and health is bad, but no earlier commit is known to be well"
        return Page(Verdict("rollback", Status.FAIL, because, (health,)))
    if spent >= budget:
        because = f"the {budget} automatic reverts of a day are spent"
        return Page(Verdict("rollback", Status.FAIL, because, (health,)))
    return RollBack(to, Verdict("rollback", Status.FAIL, f"the forge is away and {health.because}", (health,)))


def merges_of(
    proposals: Iterable[Proposal], left: RolledBack, contains: Callable[[Sha, Sha], bool]
) -> tuple[Merged, ...]:
    """What was merged, as seen from a rollback. `contains(old, new)`: whether a commit contains another."""
    known = tuple(proposals)
    reverts = {p.reverts: p for p in known if p.reverts is not None and not p.closed}
    found = []
    for proposal in known:
        sha, at = proposal.merged_as, proposal.merged_at
        if sha is None or at is None:
            continue
        revert = reverts.get(sha)
        found.append(
            Merged(
                sha,
                at,
                in_bad=contains(sha, left.bad),
                in_good=contains(sha, left.good),
                reverted_by=revert.merged_as if revert is not None else None,
                revert_open=revert is not None and revert.merged_as is None,
                is_revert=proposal.reverts is not None,
            )
        )
    return tuple(found)


def reconcile(
    left: RolledBack, merges: Sequence[Merged], *, running: Sha | None, promised_well: bool
) -> Revert | Release | Wait:
    """The next step by which git catches up with a rollback, now that the forge answers again.

    Every merge between the two commits is taken back, newest first, one open revert at a time, since nobody knows
    yet which was the culprit. `promised_well` is whether what git asks to deploy contains all those reverts: before,
    a release would bring the bad image back. Asked again at every look, and done when it says Release.
    """
    if not left.done and running != left.good:
        return Release(Verdict("reconcile", Status.PASS, "the rollback never happened: nothing to take back"))
    between = sorted((m for m in merges if m.in_bad and not m.in_good and not m.is_revert), key=lambda m: m.at)
    if any(m.revert_open for m in between):
        return Wait(None, "git catches up with the rollback: a revert is open")
    still = [m for m in between if m.reverted_by is None]
    if still:
        because = f"rolled back to {left.good[:12]} while the forge was away: {left.reason}"
        return Revert(still[-1].sha, Verdict("reconcile", Status.FAIL, because))
    if not promised_well:
        return Wait(None, "git has taken it back; the deployer is held until the image without it is promoted")
    return Release(
        Verdict("reconcile", Status.PASS, f"git says the same as what runs since the rollback: {left.reason}")
    )
