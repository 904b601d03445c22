"""Recall: what the forge shows to be done, and the records or the audit log do not hold, is written there again.

A process may be killed, or a disk be full, between an effect on the forge and the note about it; a damaged store may
have been begun anew. The forge is the memory: everything here is read from it, and writing it twice changes nothing.
"""

from bot.core.change import Proposal
from bot.core.verdict import Status
from bot.improve.act import REVERT_LABELS, quarantine
from bot.improve.context import Context
from bot.improve.knowledge import Knowledge, Outcome, Result
from bot.improve.knowledge_noting import remember
from bot.improve.look import View

WHY = "found done on the forge; the note about it had been lost"
_ORDER = {result: place for place, result in enumerate(Result)}


async def recall(ctx: Context, seen: View) -> int:
    """Complete outcomes, quarantine, labels of reverts and audit entries; how many were missing.

    Raises Misconfigured if the audit log is damaged: nothing may be done that cannot be put on record.
    """
    audited = {(entry.act, entry.subject) for entry in ctx.audit.entries()}
    found = 0
    for proposal in seen.proposals:
        unknown = _unknown(ctx, proposal)
        found += _outcome(ctx, seen, proposal)
        found += await _labels(ctx, proposal, unknown=unknown)
        for act, subject, facts in _deeds(seen, proposal):
            if (act, subject) not in audited:
                ctx.audit.append("controller", act, subject, WHY, facts)
                found += 1
    return found


def result_of(seen: View, proposal: Proposal) -> Result:
    """How far a proposal has come, by the forge alone."""
    if proposal.closed:
        return Result.REJECTED
    if proposal.merged_as is None:
        return Result.OPEN
    if seen.reverting(proposal.merged_as) is not None:
        return Result.REVERTED
    settled = seen.settled.get(proposal.pull)
    if settled is None:
        return Result.MERGED
    return Result.HEALTHY if settled.status is Status.PASS else Result.REVERTED


def _outcome(ctx: Context, seen: View, proposal: Proposal) -> int:
    """1 if this proposal's outcome was unknown, or known as less far than it is."""
    if proposal.idea is None or proposal.reverts is not None:
        return 0
    result = result_of(seen, proposal)
    known = Knowledge(ctx.records).of(proposal.idea)
    if result is Result.REVERTED:
        quarantine(ctx, proposal, WHY)
    if known is not None and _says_more(known, proposal, result):
        return 0
    health = seen.settled.get(proposal.pull) if result is Result.HEALTHY else None
    remember(ctx, proposal, result, WHY, at=proposal.merged_at or proposal.opened, health=health)
    return 1


def _says_more(known: Outcome, proposal: Proposal, result: Result) -> bool:
    """Of one proposal the later result stands; of two tries at an idea, the later try."""
    if known.pull == proposal.pull:
        return _ORDER[known.result] >= _ORDER[result]
    return known.at > proposal.opened


def _unknown(ctx: Context, proposal: Proposal) -> bool:
    """Whether nothing is known of an open idea of ours: its opening may have ended half-way."""
    if proposal.idea is None or proposal.reverts is not None or proposal.merged_as is not None or proposal.closed:
        return False
    return Knowledge(ctx.records).of(proposal.idea) is None


async def _labels(ctx: Context, proposal: Proposal, *, unknown: bool) -> int:
    """Labels that a forge may take only after the opening; those that are there stay."""
    wanted = sorted(proposal.labels) if unknown else []
    if proposal.reverts is not None and not proposal.closed and not set(REVERT_LABELS) <= proposal.labels:
        wanted = list(REVERT_LABELS)
    if wanted:
        await ctx.forge.edit(proposal.pull, add=wanted)
    return len(wanted) > 0


def _deeds(seen: View, proposal: Proposal) -> list[tuple[str, str, dict[str, str]]]:
    """What the controller must have done for this proposal to be where it is: act, subject and facts of its entries."""
    subject, done = f"#{proposal.pull}", []
    if proposal.idea is not None and proposal.reverts is None:
        done.append(("propose", subject, {"head": str(proposal.head), "idea": str(proposal.idea)}))
    if proposal.merged_as is not None:
        done.append(("merge", subject, {"merge": str(proposal.merged_as)}))
        settled = seen.settled.get(proposal.pull)
        if settled is not None and settled.status is Status.PASS:
            done.append(("settle", subject, {"version": str(settled.facts.get("version", ""))}))
    if proposal.reverts is not None:
        original = next((p for p in seen.proposals if p.merged_as == proposal.reverts), None)
        if original is not None:
            done.append(("revert", f"#{original.pull}", {"revert": str(proposal.pull)}))
    return done
