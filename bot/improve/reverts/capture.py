"""What is kept of a failure when its change is taken back: why, by whom, and the verdict."""

from typing import Any

from bot.core.case import Case
from bot.core.change import Proposal
from bot.core.ids import Sha
from bot.core.ports import Records
from bot.core.verdict import Verdict
from bot.policy.reland import Captured, modules_of, recorded

TABLE = "failures"
ROLLBACK = "rollback"
"""Name of the verdict of a person's rollback: a decision, no failure that could be replayed."""


def keep(records: Records, case: Case, merged: Sha, because: Verdict, at: str) -> None:
    """Once for each merge: a repeated act finds the first capture, made when the failure ran."""
    rollout = case.rollout
    row: dict[str, Any] = {
        "pull": case.proposal.pull,
        "because": because.because,
        "by": "person" if because.name == ROLLBACK else "watch",
        "health": because.to_dict(),
        "could_not_start": bool(rollout is not None and rollout.failed and not rollout.contains),
        "at": at,
    }
    records.add(TABLE, merged, row)


def captured(records: Records, original: Proposal, gate: Verdict | None) -> Captured | None:
    """What was kept of a failure that the watch saw; None for a person's rollback, or where the note was lost."""
    row = records.get(TABLE, str(original.merged_as))
    if row is None or row.get("by") != "watch" or original.merged_as is None:
        return None
    return Captured(
        merged=original.merged_as,
        because=str(row["because"]),
        health=Verdict.from_dict(row["health"]),
        could_not_start=bool(row["could_not_start"]),
        modules=modules_of(original.paths),
        calls=recorded(gate),
    )
