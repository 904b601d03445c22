"""The forge is back: git comes to say what runs since the deployer went back without it."""

from collections.abc import Iterable
from typing import Any

from bot.core.case import Page, Revert, Wait
from bot.core.errors import Denied
from bot.core.ids import Sha
from bot.core.verdict import Status, Verdict
from bot.improve.act import act, quarantine
from bot.improve.context import Context
from bot.improve.forgeless import OURS, note, pull_of, row_of
from bot.improve.knowledge import Result
from bot.improve.knowledge_noting import remember
from bot.improve.look import View, look
from bot.improve.reverts.taking import take_back
from bot.policy.reconcile import TABLE, Release, merges_of, reconcile
from bot.policy.watch import SECURITY

Step = Revert | Release | Wait


async def catch_up(ctx: Context, seen: View) -> bool:
    """One step by which git catches up with what runs; whether a revert was opened just now.

    What runs stays held until git is known to have caught up. Raises what the doors raise.
    """
    rows = ctx.records.scan(TABLE)
    if not rows or ctx.switch.state() is not None:
        return False
    steps = [await _next(ctx, seen, key, row) for key, row in rows]
    revert = next((step for step in steps if isinstance(step, Revert)), None)
    if revert is not None:
        return await _take_back(ctx, seen, revert)
    done = [step for step in steps if isinstance(step, Release)]
    if len(done) == len(rows):
        await _release(ctx, [key for key, _row in rows], done[0].because.because)
    return False


async def _next(ctx: Context, seen: View, key: str, row: dict[str, Any]) -> Step:
    left = row_of(key, row)
    rollout = await ctx.deployer.rollout(left.good)
    if left.done and not rollout.held and rollout.running != left.good:
        return Release(Verdict("reconcile", Status.PASS, "somebody ended the hold: what runs follows git again"))
    if not left.done and rollout.running == left.good and key.startswith(OURS):
        note(ctx, key, left, pull_of(row))  # it was killed between the deployer's answer and the note
    merges = merges_of(seen.proposals, left, ctx.repo.is_ancestor)
    reverts = [m.reverted_by for m in merges if m.reverted_by is not None and m.in_bad]
    return reconcile(left, merges, running=rollout.running, promised_well=await _promised(ctx, seen, reverts))


async def _promised(ctx: Context, seen: View, reverts: Iterable[Sha]) -> bool:
    """Whether what git asks to deploy contains all these."""
    promised = await ctx.promised(seen.main) if ctx.promised is not None else seen.main
    return promised is not None and all(ctx.repo.is_ancestor(revert, promised) for revert in reverts)


async def _take_back(ctx: Context, seen: View, step: Revert) -> bool:
    """Later edits in the way, a person's no and a security fix need a person: then it stays held as it is."""
    proposal = next(p for p in seen.proposals if p.merged_as == step.merged)
    case = await look(ctx, seen, proposal, ctx.clock())
    if SECURITY in proposal.labels:
        why = f"a security fix is not taken back without a person: {step.because.because}"
        await act(Page(Verdict("revert", Status.FAIL, why)), case, seen.charter, ctx)
        return False
    remember(ctx, proposal, Result.REVERTED, step.because.because, health=step.because)
    quarantine(ctx, proposal, step.because.because)
    ctx.crash_point("catchup.shunned")
    try:
        await take_back(ctx, case, step.merged, step.because)
    except Denied as error:
        await act(Page(Verdict("denied", Status.ERROR, str(error))), case, seen.charter, ctx)
        return False
    return True


async def _release(ctx: Context, keys: Iterable[str], because: str) -> None:
    await ctx.deployer.release()
    ctx.crash_point("catchup.released")
    for key in keys:
        ctx.records.delete(TABLE, key)
        ctx.crash_point("catchup.forgotten")
    ctx.audit.append("controller", "release", "deployer", because)
    ctx.say("rollback", {"because": because})
