"""Open the proposal that takes a merge back, or a part of it, with its evidence; and keep it up to date."""

from pathlib import PurePosixPath

from bot.core.case import Case
from bot.core.change import Proposal
from bot.core.ids import PullNumber, Sha
from bot.core.verdict import Verdict
from bot.improve.body import plain, tree
from bot.improve.context import Context
from bot.improve.look import View
from bot.improve.reverts import capture

LABELS = ("megawatts", "revert")
Paths = frozenset[PurePosixPath]


async def take_back(ctx: Context, case: Case, merged: Sha, because: Verdict, only: Paths = frozenset()) -> PullNumber:
    """The number of the revert. Repeatable at every point; Denied where later edits or a person's no are in the way."""
    proposal = case.proposal
    capture.keep(ctx.records, case, merged, because, ctx.clock().isoformat())
    ctx.crash_point("act.revert.captured")
    what = f"a part of it: {_named(only)}" if only else "all of it"
    text = f"Being taken back, {what}.\n\n{tree(because)}"
    await ctx.forge.comment(proposal.pull, text, marker="reverted")
    ctx.crash_point("act.revert.remembered")
    pull = await ctx.forge.revert(merged, _body(case, merged, because, only), only=only)
    ctx.crash_point("act.revert.opened")
    await ctx.forge.edit(pull, add=LABELS)
    ctx.crash_point("act.revert.labelled")
    ctx.audit.append("controller", "revert", f"#{proposal.pull}", because.because, {"revert": str(pull)})
    ctx.say("revert", {"pull": proposal.pull, "kind": proposal.kind.value, "revert": pull, "because": because.because})
    return pull


async def renewed(ctx: Context, seen: View, proposal: Proposal) -> bool:
    """Make an open revert anew when something was merged in between: it is merged on the base branch as it is."""
    behind = proposal.reverts is not None and proposal.merged_as is None and proposal.base != seen.main
    if not behind or proposal.reverts is None or ctx.switch.state() is not None:
        return False
    before = await ctx.forge.branch(proposal.branch)
    because, only = f"Brought up to date with {seen.main}.", proposal.reverts_only
    await ctx.forge.revert(proposal.reverts, because, only=only)
    return await ctx.forge.branch(proposal.branch) != before


def _body(case: Case, merged: Sha, because: Verdict, only: Paths) -> str:
    why = "a person ordered it" if because.name == capture.ROLLBACK else "health went bad after its deploy"
    bounds = f"\n\nOnly these paths: {_named(only)}." if only else ""
    return (
        f"Takes back #{case.proposal.pull} `{merged}`, because {why}.\n\n{tree(because)}{bounds}\n\n"
        "This is the exact inverse; nothing else changes."
    )


def _named(only: Paths) -> str:
    return ", ".join(f"`{plain(str(path))}`" for path in sorted(only))
