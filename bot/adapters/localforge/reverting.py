"""Reverts: a proposal like any other, made by git, that takes back one merge and nothing else."""

import hashlib
from pathlib import PurePosixPath
from typing import Any

from bot.adapters.crash import point
from bot.adapters.git.commits import commit_tree
from bot.adapters.git.inverse import revert_tree
from bot.adapters.localforge.desk import ENGINE, Desk, number
from bot.adapters.localforge.opening import TITLE_LIMIT, Request, insert, spelled
from bot.core.change import Kind, Origin
from bot.core.errors import Denied
from bot.core.ids import PullNumber, Sha, Tree
from bot.core.text import one_line, plain


def revert(desk: Desk, merged: Sha, because: str, only: frozenset[PurePosixPath] = frozenset()) -> PullNumber:
    """The pull request that takes a merge back: the one there is, brought up to date, or a new one.

    With `only`, what the merge did to these paths alone.
    Denied for what this forge did not merge, for a revert, after a person's no, and where later edits are in the way.
    """
    point("revert.before")
    with desk.locked():
        original = _original(desk, merged)
        known = _existing(desk, merged, only)
        if known and known["state"] == "merged":
            return number(known["number"])
        branch, main = branch_of(merged, only), desk.main()
        message = _message(original, merged, desk.repo.ref(f"{merged}^1"), because, only)
        head = _publish(desk, branch, revert_tree(desk.repo, merged, main, only), main, message)
        with desk.ledger.change("revert") as db:
            title = one_line(f'Revert "{original["title"]}"', TITLE_LIMIT)
            request = Request(
                branch, title, because, ENGINE, Kind.REVERT, Origin.REVERT,
                labels=("revert",), reverts=merged, only=only,
            )  # fmt: skip
            found = number(known["number"]) if known else insert(desk, db, request, head)
        desk.keep(found, head)
        return found


def branch_of(merged: Sha, only: frozenset[PurePosixPath] = frozenset()) -> str:
    """The branch of a revert: one for each merge and set of paths."""
    if not only:
        return f"revert/{merged[:12]}"
    return f"revert/{merged[:12]}-{hashlib.sha256(spelled(only).encode()).hexdigest()[:8]}"


def _original(desk: Desk, merged: Sha) -> dict[str, Any]:
    rows = desk.ledger.rows("SELECT * FROM pulls WHERE merged_as = ?", merged)
    if not rows:
        raise Denied(f"{merged[:12]} is not a merge of this forge: a person must revert it")
    if rows[0]["reverts"]:
        raise Denied(f"#{rows[0]['number']} is itself a revert: a revert is not reverted without a person")
    return rows[0]


def _existing(desk: Desk, merged: Sha, only: frozenset[PurePosixPath]) -> dict[str, Any] | None:
    """The open or merged revert. Closed by a person means no; closed by the engine, it may come again."""
    rows = desk.ledger.rows(
        "SELECT * FROM pulls WHERE reverts = ? AND only_paths = ? ORDER BY number DESC", merged, spelled(only)
    )
    live = [row for row in rows if row["state"] != "closed"]
    if not live and rows and rows[0]["closed_by"] != ENGINE:
        raise Denied(f"{rows[0]['closed_by']} closed the revert #{rows[0]['number']}: a person decided")
    return live[0] if live else None


def _publish(desk: Desk, branch: str, tree: Tree, main: Sha, message: str) -> Sha:
    """The branch with the revert on the base branch as it is now. What a person pushed onto it is left alone."""
    ref = f"refs/heads/{branch}"
    there = desk.repo.ref(ref)
    if tree == desk.repo.tree(main):
        raise Denied(f"nothing is left to take back: {branch} would change no file")
    if there and (_made_on(desk, there, main) or not _ours(desk, there)):
        return there
    made = commit_tree(desk.repo.git, tree, (main,), message, author=desk.actor)
    point("revert.commit")
    desk.repo.move(ref, made, expecting=there)
    point("revert.ref")
    return made


def _made_on(desk: Desk, head: Sha, main: Sha) -> bool:
    return desk.repo.ref(f"{head}^1") == main


def _ours(desk: Desk, head: Sha) -> bool:
    """Whether the head is one revert commit on what was the base branch, as made here, and not pushed over."""
    parent = desk.repo.ref(f"{head}^1")
    return parent is not None and desk.repo.is_ancestor(parent, desk.main())


def _message(
    original: dict[str, Any], merged: Sha, before: Sha | None, because: str, only: frozenset[PurePosixPath]
) -> str:
    """The words that `git revert -m 1` writes, what it is bounded to, and the evidence."""
    subject = one_line(f'Revert "{original["title"]}"')
    body = f"This reverts commit {merged}, reversing\nchanges made to {before}."
    if only:
        body += "\n\nOnly these paths:\n" + "\n".join(one_line(str(path), 300) for path in sorted(only))
    return f"{subject}\n\n{body}\n\n{plain(because).strip()}\n\nSigned-off-by: megawatts <megawatts@localhost>"
