"""A person's rollback, carried out by reverts through the forge: step by step, each watched before the next."""

from pathlib import PurePosixPath
from typing import Any

from bot.core.case import Page
from bot.core.change import Proposal
from bot.core.errors import Denied
from bot.core.ids import Sha
from bot.core.verdict import Status, Verdict
from bot.improve.act import act, quarantine
from bot.improve.context import Context
from bot.improve.knowledge import Result
from bot.improve.knowledge_noting import remember
from bot.improve.look import View, look
from bot.improve.reverts.batch import shared
from bot.improve.reverts.capture import ROLLBACK
from bot.improve.reverts.outside import gone
from bot.improve.reverts.taking import take_back
from bot.policy.gradual import Done, Hold, Merged, Order, Take, Watch, next_step
from bot.policy.lifecycle import decide

TABLE = "rollbacks"


async def roll_back(ctx: Context, seen: View, key: str, row: dict[str, Any]) -> bool:
    """One look at one order; whether it is over. What is written down in between makes a kill harmless."""
    order = order_of(row)
    tags = await ctx.forge.tags()
    if order.version and order.version not in tags:
        known = ", ".join(sorted(tags)) or "none"
        ctx.say("rollback", {"because": f"no version {order.version}; known: {known}"})
        return True
    merges = [await _merged(ctx, seen, p, order, tags.get(order.version)) for p in _newest_first(seen)]
    opened = seen.open_revert()
    step = next_step(order, merges, open_revert=opened.pull if opened is not None else None)
    if isinstance(step, Hold):
        return False
    if isinstance(step, Done):
        if step.because != "done":
            ctx.say("rollback", {"because": step.because})
        return True
    if not order.version:
        # Which one is the newest is written down first: after a kill the one before it must not be taken for it.
        ctx.records.put(TABLE, key, {**row, "merged": step.merged.commit})
    ctx.crash_point("rollback.chosen")
    await _take(ctx, seen, step, row)
    return not order.version


def order_of(row: dict[str, Any]) -> Order:
    """The row of the table `rollbacks`: version, or pull and paths, as the command or an admin's order wrote them."""
    only = row.get("only") or []
    return Order(
        version=str(row.get("version", "")),
        pull=int(row.get("pull") or 0),
        only=frozenset(PurePosixPath(str(path)) for path in only),
        merged=Sha(str(row["merged"])) if row.get("merged") else None,
    )


def _newest_first(seen: View) -> list[Proposal]:
    merged = [p for p in seen.proposals if p.merged_as and not p.reverts and p.merged_at]
    return sorted(merged, key=lambda p: (p.merged_at, p.pull), reverse=True)


async def _merged(ctx: Context, seen: View, proposal: Proposal, order: Order, keep: Sha | None) -> Merged:
    commit = Sha(str(proposal.merged_as))
    kept = keep is not None and ctx.repo.is_ancestor(commit, keep)
    revert = seen.reverting(commit)
    part = next((p for p in seen.proposals if p.reverts == commit and p.reverts_only and not p.closed), None)
    return Merged(
        pull=proposal.pull,
        commit=commit,
        paths=proposal.paths,
        kept=kept,
        revert=await _watch(ctx, seen, revert),
        part=await _watch(ctx, seen, part) if order.only else "none",
        gone=revert is None and not kept and gone(ctx.repo, proposal, seen.main),
    )


async def _watch(ctx: Context, seen: View, revert: Proposal | None) -> Watch:
    """What is known of a revert: while it is watched, what the watch would do now."""
    if revert is None:
        return "none"
    if revert.merged_as is None:
        return "open"
    settled = seen.settled.get(revert.pull)
    if settled is not None:
        return "well" if settled.passed else "bad"
    now = ctx.clock()
    case = await shared(ctx, seen, await look(ctx, seen, revert, now))
    step = decide(case, seen.charter, now)
    return "bad" if isinstance(step, Page) and step.because.status is Status.FAIL else "watched"


async def _take(ctx: Context, seen: View, step: Take, row: dict[str, Any]) -> None:
    """Take it back. Later edits in the way, or a person's no, need a person: said where that merge is talked about."""
    proposal = next(p for p in seen.proposals if p.merged_as == step.merged.commit)
    why = f"rolled back by {row.get('by', 'a person')}: {row.get('reason', '')}"
    reason = Verdict(ROLLBACK, Status.FAIL, why)
    case = await look(ctx, seen, proposal, ctx.clock())
    if not step.only:
        remember(ctx, proposal, Result.REVERTED, why)
        quarantine(ctx, proposal, why)
    try:
        await take_back(ctx, case, step.merged.commit, reason, step.only)
    except Denied as error:
        await act(Page(Verdict("denied", Status.ERROR, str(error))), case, seen.charter, ctx)
        raise
