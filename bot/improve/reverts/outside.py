"""What a person took back elsewhere, by hand or by a pull request of their own, is noticed and ends the watch."""

from functools import lru_cache
from pathlib import PurePosixPath

from bot.core.change import Proposal
from bot.core.errors import Denied
from bot.core.ids import Sha
from bot.core.ports import Repository
from bot.core.verdict import Status, Verdict
from bot.improve.context import HEALTH, Context
from bot.improve.knowledge import Result
from bot.improve.knowledge_noting import remember
from bot.improve.look import View
from bot.improve.reverts import shunned

WHY = "a person took it back: nothing of it is left on the base branch"


def gone(repo: Repository, proposal: Proposal, main: Sha) -> bool:
    """Whether every file that a merge changed is again as it was before it, on the base branch as it is now."""
    merged = proposal.merged_as
    if merged is None or merged == main or not proposal.paths:
        return False
    # A door is hashed by its identity, which its protocol does not say.
    return _as_before(repo, (proposal.base, merged, main), proposal.paths)  # type: ignore[arg-type]


@lru_cache(maxsize=200)
def _as_before(repo: Repository, commits: tuple[Sha, Sha, Sha], paths: frozenset[PurePosixPath]) -> bool:
    """Asked at every look, and never answered otherwise: before the merge, with it, now."""
    before, then, now = (repo.files(commit) for commit in commits)
    changed = [path for path in paths if before.get(path) != then.get(path)]
    return bool(changed) and all(now.get(path) == before.get(path) for path in changed)


async def noticed(ctx: Context, seen: View, proposal: Proposal) -> bool:
    """End the watch of a merge that people took back; a revert of ours that is open is closed: nothing is left to do.

    Nothing happens under a stop, for reverts, and where our own revert did it.
    """
    merged = proposal.merged_as
    if merged is None or proposal.reverts is not None or ctx.switch.state() is not None:
        return False
    revert = seen.taking(merged)
    if (revert is not None and revert.merged_as is not None) or not gone(ctx.repo, proposal, seen.main):
        return False
    if revert is not None:
        await _close(ctx, revert)
    remember(ctx, proposal, Result.REVERTED, WHY)
    shunned.shun(ctx.records, ctx.repo, proposal, WHY)
    ctx.crash_point("outside.shunned")
    await ctx.forge.comment(proposal.pull, f"{WHY[0].upper()}{WHY[1:]}. The watch ends here.", marker="outside")
    ctx.audit.append("controller", "noticed", f"#{proposal.pull}", WHY)
    ctx.crash_point("outside.audited")
    # Last, since this is what ends the watch: a kill before it repeats the rest.
    await ctx.forge.report(merged, HEALTH, Verdict("health", Status.FAIL, WHY))
    ctx.say("outside", {"pull": proposal.pull, "because": WHY})
    return True


async def _close(ctx: Context, revert: Proposal) -> None:
    try:
        await ctx.forge.close(revert.pull, WHY)
    except Denied as error:  # merged at this very moment: the next look sees it
        ctx.say("denied", {"pull": revert.pull, "because": str(error)})
