"""Ticked boxes: an idea that was turned down may be chosen again, because a person asked for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.core.change import Proposal
from bot.core.ids import ProposalId
from bot.core.ports import Records
from bot.improve.context import Context
from bot.improve.knowledge import Knowledge, Outcome, Result
from bot.improve.look import View
from bot.improve.reverts.shunned import TABLE as QUARANTINE

TABLE = "retries"
"""By idea: which end of it is forgiven. What was learned from it stays."""
WHY = "a person asked for it again"
_NOT_REJECTED = frozenset({Result.OPEN, Result.MERGED, Result.HEALTHY})


@dataclass(frozen=True, slots=True)
class Pardons:
    """What people asked to be tried again. Only the end that they saw is forgiven: a new one counts."""

    rows: Mapping[str, Mapping[str, Any]]

    def of(self, outcome: Outcome) -> bool:
        """Whether this very outcome is forgiven."""
        row = self.rows.get(outcome.idea)
        return row is not None and row["outcome"] == _name(outcome)

    def closed(self, proposal: Proposal) -> bool:
        """Whether the end of this closed proposal is forgiven."""
        return int(proposal.pull) in self.rows.get(str(proposal.idea), {}).get("pulls", ())


def pardons(records: Records) -> Pardons:
    return Pardons(dict(records.scan(TABLE)))


def trailer(records: Records, idea: ProposalId) -> str:
    """A line for the message of another try, which makes it another commit: a forge takes the same one for the
    proposal that was closed."""
    row = records.get(TABLE, idea)
    return f"Retry: {row['times']}\n" if row is not None else ""


def due(records: Records, idea: ProposalId) -> int:
    """Which time of asking for it has not led to a look of the gate's yet; 0: none. Only a person's tick makes one."""
    row = records.get(TABLE, idea)
    return int(row["times"]) if row is not None and int(row.get("judged", 0)) < int(row["times"]) else 0


def done(records: Records, idea: ProposalId, times: int) -> None:
    """The gate has looked again for this time of asking; from now on what it said then is kept like any answer."""
    row = records.get(TABLE, idea)
    if row is not None:
        records.put(TABLE, idea, {**row, "judged": times})


async def heed(ctx: Context, seen: View) -> int:
    """Read the ticked boxes, once each; how many there were. While everything is stopped they stay ticked."""
    if ctx.switch.state() is not None:
        return 0
    ticked = await ctx.forge.ticked()
    for idea in ticked:
        _heed(ctx, seen, idea)
        ctx.crash_point("retries.heeded")
    return len(ticked)


def _heed(ctx: Context, seen: View, idea: ProposalId) -> None:
    known = Knowledge(ctx.records).of(idea)
    tries = [p for p in seen.proposals if p.idea == idea]
    if known is None and not tries:
        ctx.say("retried", {"idea": idea, "status": "unknown", "because": "no idea of that name is known"})
        return
    why = _kept(ctx.records, known, tries)
    subject = f"#{tries[-1].pull}" if tries else str(idea)
    status, because = ("kept", why) if why else ("free", WHY)
    # On record before it is done: a restart hands the tick out again.
    ctx.audit.append("controller", "retry", subject, because, {"idea": str(idea), "status": status})
    if not why:
        _forgive(ctx.records, idea, known, tries, ctx.clock())
    ctx.say("retried", {"idea": idea, "status": status, "because": because})


def _kept(records: Records, known: Outcome | None, tries: list[Proposal]) -> str:
    """Why it is not to be tried again, though a person asked; empty if it may."""
    live = next((p for p in reversed(tries) if not p.closed), None)
    if live is not None and live.merged_as is None:
        return f"#{live.pull} is open for it already"
    if known is not None and known.result is Result.REVERTED:
        rows = [row for _key, row in records.scan(QUARANTINE) if row.get("pull") == known.pull]
        if not rows or any("released" not in row for row in rows):
            return f"#{known.pull} was taken back and its edit is in quarantine until a person releases it"
    elif known is not None and known.result in _NOT_REJECTED:
        closed = next((p for p in tries if p.pull == known.pull), None)
        return "" if closed is not None and closed.closed else "it was not turned down"
    return ""


def _forgive(records: Records, idea: ProposalId, known: Outcome | None, tries: list[Proposal], at: datetime) -> None:
    outcome, before = _name(known) if known else "", records.get(TABLE, idea) or {}
    pulls = [int(p.pull) for p in tries if p.closed]
    if before and (before["outcome"], before["pulls"]) == (outcome, pulls):
        return  # the same tick, handed out again after a restart
    times = {"times": int(before.get("times", 0)) + 1, "judged": int(before.get("judged", 0))}
    row = {"outcome": outcome, "pulls": pulls, **times, "at": at.isoformat()}
    records.put(TABLE, idea, row)


def _name(outcome: Outcome) -> str:
    return f"{outcome.result.value} {outcome.pull} {outcome.at.isoformat()}"
