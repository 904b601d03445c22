"""Pull requests as the engine sees them, rebuilt from git and the database at every look."""

import json
from pathlib import PurePosixPath
from typing import Any

from bot.adapters.git.contents import Contents
from bot.adapters.localforge.desk import ENGINE, Desk, moment, number
from bot.core.change import Claim, Kind, Origin, Proposal
from bot.core.ids import ProposalId, Sha, UserId


def listed(desk: Desk, contents: Contents, *, everything: bool) -> list[Proposal]:
    """Open proposals, or all of them, oldest first."""
    where = "" if everything else "WHERE state = 'open' "
    rows = desk.ledger.rows(f"SELECT * FROM pulls {where}ORDER BY number")  # noqa: S608  (two constants)
    labels: dict[int, set[str]] = {}
    for row in desk.ledger.rows("SELECT pull, label FROM labels"):
        labels.setdefault(int(row["pull"]), set()).add(str(row["label"]))
    main = desk.main()
    return [_proposal(desk, contents, row, frozenset(labels.get(row["number"], ())), main) for row in rows]


def _paths(text: str) -> frozenset[PurePosixPath]:
    return frozenset(map(PurePosixPath, json.loads(text))) if text else frozenset()


def _proposal(desk: Desk, contents: Contents, row: dict[str, Any], labels: frozenset[str], main: Sha) -> Proposal:
    head = desk.head(row)
    merged = Sha(row["merged_as"]) if row["merged_as"] else None
    before = desk.repo.ref(f"{merged}^1") if merged else None
    content = contents.of(before or main, head)
    ours = row["author"] == ENGINE
    return Proposal(
        pull=number(row["number"]),
        branch=row["branch"],
        title=row["title"],
        head=head,
        head_tree=content.tree,
        base=content.base,
        paths=content.paths,
        author=row["author"],
        opened=moment(row["opened"]),
        kind=Kind(row["kind"]) if ours else Kind.OTHER,
        origin=Origin(row["origin"]) if ours else Origin.PERSON,
        idea=ProposalId(row["idea"]) if ours and row["idea"] else None,
        asked_by=UserId(row["asked_by"]) if row["asked_by"] else None,
        claim=Claim(row["claim"]) if ours else Claim.NONE,
        labels=labels,
        merged_as=merged,
        merged_at=moment(row["merged_at"]) if row["merged_at"] else None,
        closed=row["state"] == "closed",
        reverts=Sha(row["reverts"]) if ours and row["reverts"] else None,
        reverts_only=_paths(row["only_paths"]) if ours else frozenset(),
        draft=bool(row["draft"]),
    )
