"""What people see of the newest merge where they look at what runs: pull request, verdict, commit, why taken back."""

from collections.abc import Mapping

from bot.core.change import Proposal
from bot.core.errors import MegawattsError
from bot.improve.context import Context
from bot.improve.look import View
from bot.improve.reverts.capture import TABLE as FAILURES

PULL, VERDICT, COMMIT, REVERT = "Pull request", "Verdict", "Commit", "Revert"


class Showing:
    """Shows it again only where it changed, so that a quiet look costs no call."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._shown: Mapping[str, str] | None = None

    async def show(self, seen: View) -> None:
        """Never stops the loop: nothing is decided from it, and the next look tries again."""
        lines = lines_of(self._ctx, seen) if self._ctx.show is not None else {}
        if self._ctx.show is None or not lines or lines == self._shown:
            return
        try:
            await self._ctx.show(lines)
        except (MegawattsError, OSError) as error:
            self._ctx.say("later", {"because": f"what runs could not be labelled for people: {error}"})
            return
        self._shown = lines


def lines_of(ctx: Context, seen: View) -> Mapping[str, str]:
    """The lines of the newest merge; none where nothing was merged yet."""
    merged = [(p.merged_at, p.pull, p) for p in seen.proposals if p.merged_as is not None and p.merged_at is not None]
    if not merged:
        return {}
    newest = max(merged)[2]
    return {
        PULL: ctx.address(newest.pull),
        VERDICT: _verdict(ctx, seen, newest),
        COMMIT: str(newest.merged_as),
        REVERT: _revert(ctx, seen, newest),
    }


def _verdict(ctx: Context, seen: View, proposal: Proposal) -> str:
    """No figures while it is watched: they change with every look."""
    settled, revert = seen.settled.get(proposal.pull), seen.taking(proposal.merged_as)
    if settled is not None:
        return f"{'healthy' if settled.passed else 'not healthy'}: {settled.because}"
    return f"being taken back by {ctx.address(revert.pull)}" if revert is not None else "its health is watched"


def _revert(ctx: Context, seen: View, proposal: Proposal) -> str:
    """Why the newest merge is taken back, or what it takes back and why."""
    bad = proposal.reverts or (proposal.merged_as if seen.taking(proposal.merged_as) is not None else None)
    if bad is None:
        return ""
    row = ctx.records.get(FAILURES, bad)
    original = next((p for p in seen.proposals if p.merged_as == bad), None)
    what = ctx.address(original.pull) if original is not None else bad[:12]
    return f"{what} is taken back" + (f": {row['because']}" if row else "")
