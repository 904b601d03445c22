"""Reverts: a pull request like any other, made by git, that takes back one merge and nothing else."""

import hashlib
from pathlib import PurePosixPath

from bot.adapters.git.commits import commit_tree
from bot.adapters.git.inverse import revert_tree
from bot.adapters.github.desk import Desk
from bot.adapters.github.marks import About
from bot.adapters.github.opening import TITLE_LIMIT, Request, branch, opened
from bot.adapters.github.proposals import about, look, look_back, ours
from bot.adapters.github.rows import Pull
from bot.core.change import Kind, Origin
from bot.core.errors import Denied
from bot.core.ids import Sha, Tree
from bot.core.text import one_line, plain

Paths = frozenset[PurePosixPath]


def revert(desk: Desk, merged: Sha, because: str, only: Paths = frozenset()) -> int:
    """The pull request that takes a merge back: the one there is, brought up to date, or a new one.

    Denied for what GitHub did not merge here, for a revert, after a person's no, and where later edits are in the way.
    """
    look(desk)
    look_back(desk)
    name = branch_of(merged, only)
    known = _existing(desk, name)
    original = _original(desk, merged)
    if known is not None and known.state == "MERGED":
        return known.number
    main = desk.main()
    desk.need(main, merged)
    tree = revert_tree(desk.repo, merged, main, only)
    _publish(desk, name, tree, main, _message(desk, original, merged, because, only))
    if known is not None:
        return known.number
    title = one_line(f'Revert "{original.title}"', TITLE_LIMIT)
    said = About(Kind.REVERT, Origin.REVERT, reverts=merged, only=only)
    return opened(desk, Request(name, title, because, said, ("revert",), anew=True))


def branch_of(merged: Sha, only: Paths = frozenset()) -> str:
    """The branch of a revert: one for each merge and set of paths, as in the embedded forge."""
    if not only:
        return f"revert/{merged[:12]}"
    spelled = "\n".join(sorted(map(str, only)))
    return f"revert/{merged[:12]}-{hashlib.sha256(spelled.encode()).hexdigest()[:8]}"


def _original(desk: Desk, merged: Sha) -> Pull:
    found = next((pull for pull in desk.seen.ended.values() if pull.merged_as == merged), None)
    if found is None:
        raise Denied(f"{merged[:12]} is not a merge of this forge: a person must revert it")
    if about(desk, found).origin is Origin.REVERT:
        raise Denied(f"#{found.number} is itself a revert: a revert is not reverted without a person")
    return found


def _existing(desk: Desk, name: str) -> Pull | None:
    """The open or merged revert. Closed by a person means no; closed by the engine, it may come again."""
    pulls = [*desk.seen.open.values(), *desk.seen.ended.values()]
    found = sorted((p for p in pulls if p.branch == name and ours(desk, p)), key=lambda p: -p.number)
    live = [pull for pull in found if pull.state != "CLOSED"]
    if live or not found:
        return live[0] if live else None
    row = desk.api.get(f"{desk.path}/issues/{found[0].number}")
    who = (row.get("closed_by") or {}).get("login") or "somebody"
    if who != desk.me.login:
        raise Denied(f"{who} closed the revert #{found[0].number}: a person decided")
    return None


def _publish(desk: Desk, name: str, tree: Tree, main: Sha, message: str) -> None:
    """The branch with the revert on the base branch as it is now. What a person pushed onto it is left alone."""
    if tree == desk.repo.tree(main):
        raise Denied(f"nothing is left to take back: {name} would change no file")
    there = branch(desk, name)
    if there is not None:
        desk.need(there)
        parent = desk.repo.ref(f"{there}^1")
        mine = parent is not None and desk.repo.is_ancestor(parent, main)
        if parent == main or not mine:
            return
    made = commit_tree(desk.repo.git, tree, (main,), message, author="megawatts[bot]")
    desk.remote.push(desk.repo, f"refs/heads/{name}", made, expecting=there)


def _message(desk: Desk, original: Pull, merged: Sha, because: str, only: Paths) -> str:
    """The words that `git revert -m 1` writes, what it is bounded to, and the evidence."""
    subject = one_line(f'Revert "{original.title}"')
    body = f"This reverts commit {merged}, reversing\nchanges made to {desk.repo.ref(f'{merged}^1')}."
    if only:
        body += "\n\nOnly these paths:\n" + "\n".join(one_line(str(path), 300) for path in sorted(only))
    return f"{subject}\n\n{body}\n\n{plain(because).strip()}\n\nSigned-off-by: megawatts <megawatts@localhost>"
