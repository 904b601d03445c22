"""Releases: each version's tag gets its part of the changelog on the forge, late rather than never."""

import asyncio
from datetime import datetime, timedelta

from bot.core.change import Proposal
from bot.core.errors import MegawattsError
from bot.improve.body import plain
from bot.improve.context import Context
from bot.improve.look import View
from bot.improve.release import Release, fragments, previous, section

TABLE = "releases"
"""Versions whose release the forge did not take yet."""
AGAIN = timedelta(hours=1)


async def publish(ctx: Context, version: str, proposal: Proposal) -> None:
    """Write the release of a version that is tagged; a second call changes nothing more.

    What goes wrong is said and tried again later: it ends no watch.
    """
    try:
        await ctx.forge.release(version, await _text(ctx, version, proposal))
    except (MegawattsError, OSError) as error:
        because = str(error) if isinstance(error, MegawattsError) else f"{type(error).__name__}: {error}"
        ctx.records.put(TABLE, version, {"pull": int(proposal.pull), "at": ctx.clock().isoformat()})
        ctx.say("release_late", {"pull": proposal.pull, "version": version, "because": because})
        return
    ctx.crash_point("releases.published")
    ctx.records.delete(TABLE, version)


async def catch_up(ctx: Context, seen: View) -> None:
    """Try again what the forge did not take, an hour after the last try at the earliest."""
    if ctx.switch.state() is not None:
        return
    for version, row in ctx.records.scan(TABLE):
        proposal = next((p for p in seen.proposals if p.pull == row["pull"]), None)
        if proposal is None:
            ctx.records.delete(TABLE, version)
        elif ctx.clock() - datetime.fromisoformat(str(row["at"])) >= AGAIN:
            await publish(ctx, version, proposal)


async def _text(ctx: Context, version: str, proposal: Proposal) -> str:
    """What this version brought. Where the repository keeps no changelog, the title of its pull request."""
    tags = await ctx.forge.tags()
    before = previous(tags, version)

    def cut() -> tuple[Release, Release]:
        older = fragments(ctx.repo, tags[before]) if before else {}
        return Release(before, "", older), Release(version, "", fragments(ctx.repo, tags[version]))

    older, newer = await asyncio.to_thread(cut)
    if not older.fragments and not newer.fragments:
        return f"- {plain(proposal.title)} (#{proposal.pull})\n"
    return section(older, newer)
