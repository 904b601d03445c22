"""The stages run again on a part of a range: which merge is the first with which they refuse the whole."""

from bot.core.ids import Sha
from bot.core.ports import Records
from bot.core.verdict import Verdict
from bot.improve.context import Asked, Context
from bot.policy.ranges import Replay

TABLE = "replays"


def known(records: Records, start: Sha, prefix: Sha) -> Verdict | None:
    """The verdict of an earlier replay."""
    row = records.get(TABLE, _key(start, prefix))
    return Verdict.from_dict(row["verdict"]) if row is not None else None


async def run(ctx: Context, asked: Replay) -> None:
    """Ask the gate and keep its verdict. Flakes are told from failures by the stages themselves; a stop holds it."""
    if ctx.switch.state() is not None or known(ctx.records, asked.start, asked.prefix) is not None:
        return
    ctx.say("replay", {"start": asked.start, "prefix": asked.prefix, "because": asked.because.because})
    # Not as the engine's own: what people merged may touch what is sealed, and that is no fault of how it runs.
    verdict = await ctx.validate(Asked(asked.start, asked.prefix, by_engine=False, label="replay"))
    ctx.crash_point("replay.judged")
    row = {"verdict": verdict.to_dict(), "at": ctx.clock().isoformat()}
    ctx.records.add(TABLE, _key(asked.start, asked.prefix), row)
    ctx.say("replayed", {"prefix": asked.prefix, "status": verdict.status.name.lower(), "because": verdict.because})


def _key(start: Sha, prefix: Sha) -> str:
    return f"{start}/{prefix}"
