"""The forge's merge queue: each group that it puts together is judged, and gets both statuses or is dropped."""

import asyncio

from bot.core.change import Proposal
from bot.core.errors import Misconfigured
from bot.core.ids import Sha, Tree
from bot.core.merge_queue import MergeGroup
from bot.core.ports import Repository
from bot.core.verdict import Status, Verdict
from bot.improve.context import CONSENT, GATE, Context
from bot.improve.look import View, look
from bot.policy.lifecycle import decide
from bot.policy.merge_queue import Judged, Made, admit, validated_base

ACT = "merge group"


async def tend(ctx: Context, seen: View) -> None:
    """Answer every merge group that has no answer yet. May be repeated; while everything is stopped, nothing is said.

    Without both statuses a queue waits until its time is up; with a failed one it drops the pull request at once.
    """
    for group in await ctx.forge.merge_groups():
        if await _answered(ctx, group.head):
            continue
        verdict = await judge(ctx, seen, group)
        if verdict.status is not Status.PENDING:
            await _answer(ctx, group, verdict)


async def judge(ctx: Context, seen: View, group: MergeGroup) -> Verdict:
    """The verdict on one group, from git, from what is on record of its pull request, and from what the loop decides
    of that pull request now."""
    judged = await _judged(ctx, seen, next((p for p in seen.proposals if p.pull == group.pull), None))
    return admit(group, await asyncio.to_thread(made, ctx.repo, group.head, judged), judged)


def made(repo: Repository, head: Sha, judged: Judged) -> Made:
    """What git says of the commit. One that is not here, or has no such parents, is made of nothing."""
    parents = tuple(sha for sha in (_commit(repo, f"{head}^{number}") for number in (1, 2, 3)) if sha is not None)
    base, proposal = validated_base(judged), judged.proposal
    wanted = repo.merged_tree(base, proposal.head) if base is not None and proposal is not None else None
    return Made(parents, repo.tree(head) if _commit(repo, head) else Tree(""), wanted)


def _commit(repo: Repository, rev: str) -> Sha | None:
    try:
        return repo.resolve(rev)
    except Misconfigured:
        return None


async def _judged(ctx: Context, seen: View, proposal: Proposal | None) -> Judged:
    stop = ctx.switch.state()
    stopped = (stop.reason or "by a person") if stop is not None else ""
    if proposal is None or proposal.closed or proposal.merged_as is not None:
        return Judged(proposal, None, None, stopped=stopped)
    now = ctx.clock()
    case = await look(ctx, seen, proposal, now)
    consent = await ctx.forge.reported(proposal.head, CONSENT)
    return Judged(proposal, case.gate, consent, decide(case, seen.charter, now), stopped)


async def _answered(ctx: Context, head: Sha) -> bool:
    """A kill between the two statuses leaves the second to be posted."""
    return all([await ctx.forge.reported(head, context) is not None for context in (GATE, CONSENT)])


async def _answer(ctx: Context, group: MergeGroup, verdict: Verdict) -> None:
    facts = {"group": str(group.head), "status": verdict.status.name.lower()}
    # On record before it is done: with both statuses the forge merges by itself. Once, whatever a kill left half done.
    if not any(entry.act == ACT and dict(entry.facts) == facts for entry in ctx.audit.entries()):
        ctx.audit.append("controller", ACT, f"#{group.pull}", verdict.because, facts)
    ctx.crash_point("queue.audited")
    await ctx.forge.report(group.head, GATE, verdict)
    ctx.crash_point("queue.gate")
    await ctx.forge.report(group.head, CONSENT, verdict)
    ctx.crash_point("queue.consent")
    ctx.say("merge_group", {"pull": group.pull, "status": facts["status"], "because": verdict.because})
