"""What the forge showed last of what is merged, kept so that a controller that is restarted without it can go on."""

from pathlib import PurePosixPath
from typing import Any

from bot.core.change import Proposal
from bot.core.errors import MegawattsError
from bot.core.ids import PullNumber, Sha
from bot.core.verdict import Verdict
from bot.improve import commits
from bot.improve.context import CHARTER, Context
from bot.improve.look import View
from bot.policy.record import decode, encode

TABLE, KEY = "last_view", "merged"
MOST = 50
"""Merges that are kept, the newest. Going back past all of them would take more than one away, and is refused."""


def keep(ctx: Context, seen: View) -> None:
    """Write down the merges and what became of them; only where that has changed. Where it cannot be, that is said."""
    merged = sorted((p for p in seen.proposals if p.merged_as and p.merged_at), key=lambda p: (p.merged_at, p.pull))
    newest = merged[-MOST:]
    pulls = {p.pull for p in newest}
    row = {
        "main": str(seen.main),
        "proposals": [encode(p) for p in newest],
        "settled": {str(pull): verdict.to_dict() for pull, verdict in seen.settled.items() if pull in pulls},
    }
    try:
        if ctx.records.get(TABLE, KEY) != row:
            ctx.records.put(TABLE, KEY, row)
    except (MegawattsError, OSError) as error:
        ctx.say("later", {"because": f"what the forge showed is not kept: {error}"})


def view(ctx: Context) -> View | None:
    """The same as a view, with the charter that the clone has at that base; None where nothing usable was kept."""
    row = ctx.records.get(TABLE, KEY)
    if row is None:
        return None
    try:
        main, proposals, settled = _read(row)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        ctx.say("held", {"because": f"row {KEY} of {TABLE} cannot be read ({type(error).__name__}): it is left out"})
        return None
    text = commits.read(ctx.repo, main, PurePosixPath(CHARTER))
    if text is None:
        return None
    return View(main, ctx.parse_charter(text.decode("utf-8", errors="replace")), proposals, settled)


def _read(row: dict[str, Any]) -> tuple[Sha, tuple[Proposal, ...], dict[PullNumber, Verdict]]:
    proposals = tuple(decode(Proposal, one) for one in row["proposals"])
    settled = {PullNumber(int(pull)): Verdict.from_dict(one) for pull, one in row["settled"].items()}
    return Sha(str(row["main"])), proposals, settled
