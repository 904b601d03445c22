"""Pull requests as the engine sees them, rebuilt from git and the database at every look."""

import json
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from bot.adapters.localforge.desk import ENGINE, Desk, moment, number
from bot.core.change import Claim, Kind, Origin, Proposal
from bot.core.errors import Denied
from bot.core.ids import ProposalId, Sha, Tree, UserId


@dataclass(frozen=True, slots=True)
class Content:
    """What a head brings, seen from the base branch. It depends on the two commits alone, so it is kept."""

    base: Sha
    tree: Tree
    paths: frozenset[PurePosixPath]


class Contents:
    """Remembers what was read from git: a look at twenty proposals that did not move costs no git command each."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._known: dict[tuple[Sha, Sha], Content] = {}

    def of(self, main: Sha, head: Sha) -> Content:
        """What `head` brings to `main`."""
        key = (main, head)
        if key not in self._known:
            if len(self._known) > 2000:
                self._known.clear()
            self._known[key] = self._read(main, head)
        return self._known[key]

    def _read(self, main: Sha, head: Sha) -> Content:
        repo = self._desk.repo
        try:
            base = repo.merge_base(main, head)
        except Denied:  # pushed over with a history that is not ours: everything in it counts as changed
            base = main
        paths = frozenset(path for change in repo.changes(base, head) for path in change.paths)
        return Content(base, repo.tree(head), paths)


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
