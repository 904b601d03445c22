"""Quarantine: the edits that were taken back, known again by patch and by syntax, until a person releases them."""

from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

from bot.core.change import Proposal
from bot.core.errors import Denied
from bot.core.ids import Sha
from bot.core.ports import AuditLog, Records, Repository
from bot.core.text import one_line
from bot.policy.quarantine import signature

TABLE = "quarantine"
SYNTAX = "syntax:"
Paths = frozenset[PurePosixPath]


def keys(repo: Repository, base: Sha, head: Sha, only: Paths = frozenset()) -> tuple[str, ...]:
    """The names of an edit: its patch id, and the digest of its syntax if it has one. With `only`, of these paths."""
    paths = {path for change in repo.changes(base, head) for path in change.paths}
    sides = {p: (repo.read(base, p), repo.read(head, p)) for p in sorted(paths) if not only or p in only}
    syntax = signature(sides)
    found = (SYNTAX + syntax,) if syntax else ()
    return found if only else (repo.patch_id(base, head), *found)


def shun(
    records: Records, repo: Repository, proposal: Proposal, because: str, *, only: Paths = frozenset()
) -> tuple[str, ...]:
    """Remember the edit of a change that was taken back. A person's release stands, unless it failed again since."""
    row = {"pull": proposal.pull, "because": because}
    names = keys(repo, proposal.base, proposal.head, only)
    for key in names:
        known = records.get(TABLE, key)
        if known is None:
            records.add(TABLE, key, row)
        elif "released" in known and known["pull"] != proposal.pull:
            records.put(TABLE, key, row)
    return names


def known(records: Records, repo: Repository, base: Sha, head: Sha) -> dict[str, Any] | None:
    """The row of an earlier change that was taken back and is the same edit, if it is still shunned."""
    rows = (records.get(TABLE, key) for key in keys(repo, base, head))
    return next((row for row in rows if row is not None and "released" not in row), None)


def release(records: Records, audit: AuditLog, pull: int, *, by: str, reason: str, at: datetime) -> int:
    """A person lets the edit of a pull request be proposed again; how many names it had. Denied if it is not shunned.

    On record before it is done. The row stays: what is read from the forge again does not shun it anew.
    """
    why = one_line(reason, 500)
    if not why:
        raise Denied("a reason is needed to release an edit that was taken back: say why in a few words")
    found = [(key, row) for key, row in records.scan(TABLE) if row.get("pull") == pull and "released" not in row]
    if not found:
        raise Denied(f"no edit of #{pull} is in quarantine")
    audit.append(by, "release", f"#{pull}", why)
    for key, row in found:
        records.put(TABLE, key, {**row, "released": {"by": by, "reason": why, "at": at.isoformat()}})
    return len(found)
