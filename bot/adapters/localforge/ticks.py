"""The boxes that people tick on the dashboard to let an idea be tried again."""

import re

from bot.adapters.localforge.desk import ENGINE, Desk
from bot.core.errors import Denied
from bot.core.ids import ProposalId

_IDEA = re.compile(r"[0-9a-f]{12}")


def tick(desk: Desk, idea: ProposalId) -> None:
    """Ask for another try: a person's act, never the engine's. A second tick changes nothing."""
    if desk.actor == ENGINE:
        raise Denied("the engine does not tick boxes: a person asks for another try")
    if not _IDEA.fullmatch(idea):
        raise Denied(f"{idea[:80]!r} is no idea on the dashboard: give the 12 digits behind its box")
    with desk.ledger.change("tick") as db:
        values = (idea, desk.actor, desk.now())
        if db.execute("INSERT OR IGNORE INTO ticks VALUES (?, ?, ?)", values).rowcount:
            desk.log(db, "ticked", None, idea)


def ticks(desk: Desk) -> list[ProposalId]:
    """What is ticked now, in the order in which it was."""
    return [ProposalId(row["idea"]) for row in desk.ledger.rows("SELECT idea FROM ticks ORDER BY rowid")]


def untick(desk: Desk, ideas: frozenset[ProposalId]) -> None:
    """Empty the boxes of ideas that were heard."""
    if ideas:
        with desk.ledger.change("untick") as db:
            db.executemany("DELETE FROM ticks WHERE idea = ?", [(idea,) for idea in sorted(ideas)])
