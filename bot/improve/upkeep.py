"""What a round does beside its decisions: boxes, the forge's merge queue, late releases, old lessons, the dashboard."""

from collections.abc import Mapping

from bot.core.ids import PullNumber
from bot.core.ports import Records
from bot.improve import board, merge_queue, releases, retries
from bot.improve.context import Context
from bot.improve.knowledge_keeping import Keeper
from bot.improve.look import View


class Upkeep:
    """One for each engine. It writes the dashboard only when it would say something else."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._shown = ""
        self._keeper = Keeper(ctx)

    async def round(self, seen: View, why: Mapping[PullNumber, str]) -> None:
        """After the decisions of a round, of which `why` tells the last for each pull request."""
        ctx = self._ctx
        if await retries.heed(ctx, seen):
            self._shown = ""  # the boxes are empty again once it is written
        await merge_queue.tend(ctx, seen)
        await releases.catch_up(ctx, seen)
        self._keeper.round()
        stop = ctx.switch.state()
        text = board.text(ctx.records, seen, why, stop.reason if stop else "")
        if text != self._shown:
            await ctx.forge.dashboard(text)
            self._shown = text


def asked(records: Records) -> str:
    """What people asked for and what experiments came to, as one word that changes with it: new ground for ideas."""
    rows = [*records.scan("requests"), *((key, {"times": row["times"]}) for key, row in records.scan(retries.TABLE))]
    rows += [(key, {"times": row["state"]}) for key, row in records.scan("experiments") if row["state"] != "running"]
    return ",".join(f"{key} {row.get('times', '')}" for key, row in rows)
