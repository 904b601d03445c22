"""What people asked to be tried: which ideas that means, and that each request is granted once."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.core.change import Idea, Proposal
from bot.core.ports import Records


def requested(idea: Idea, row: Mapping[str, object]) -> bool:
    """Whether a person's request names this idea: by author and, where it says so, start of path and symbol."""
    start, symbol = str(row.get("path", "")), str(row.get("symbol", ""))
    if row.get("author") not in {idea.author, ""}:
        return False
    return all(str(f.path).startswith(start) and symbol in {"", f.symbol} for f in idea.findings)


def wished(ranked: Sequence[Idea], records: Records, *, only: bool) -> tuple[Idea, ...]:
    """Ideas that a person asked for (rows of the table `requests`) come first; with `only`, no others are tried."""
    rows = [row for _key, row in records.scan("requests")]
    asked = [idea for idea in ranked if any(requested(idea, row) for row in rows)]
    return tuple(asked if only else [*asked, *(idea for idea in ranked if idea not in asked)])


def granted(records: Records, idea: Idea) -> None:
    """Take away the first request that this idea answers."""
    for key, row in records.scan("requests"):
        if requested(idea, row):
            records.delete("requests", key)
            return


def pin(records: Records, idea: Idea, now: datetime) -> None:
    """Write down which idea a request is about to be granted by: after a kill it is not granted by a second one."""
    for key, row in records.scan("requests"):
        if requested(idea, row):
            records.put("requests", key, {**row, "idea": idea.id, "pinned": now.isoformat()})
            return


def unpin(records: Records, proposals: Sequence[Proposal]) -> None:
    """Settle what a kill left pinned: granted if that idea was proposed since, else open again."""
    for key, row in records.scan("requests"):
        if "idea" not in row:
            continue
        since = datetime.fromisoformat(str(row["pinned"]))
        if any(p.idea == row["idea"] and p.opened >= since for p in proposals):
            records.delete("requests", key)
        else:
            records.put("requests", key, {k: v for k, v in row.items() if k not in {"idea", "pinned"}})
