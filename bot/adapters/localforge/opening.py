"""Branches come in and pull requests are opened, by the engine or by people."""

import json
import sqlite3
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from bot.adapters.crash import point
from bot.adapters.git.names import ENGINE_BRANCH, check_branch
from bot.adapters.localforge.desk import ENGINE, Desk, number
from bot.core.change import Claim, Idea, Kind, Origin
from bot.core.errors import Denied
from bot.core.ids import PullNumber, Sha
from bot.core.text import one_line, plain

BODY_LIMIT = 65_536
TITLE_LIMIT = 200
_INCOMING = "refs/megawatts/incoming"


@dataclass(frozen=True, slots=True)
class Request:
    """A pull request to be: what is written of it in the database."""

    branch: str
    title: str
    body: str
    author: str
    kind: Kind = Kind.OTHER
    origin: Origin = Origin.PERSON
    idea: str | None = None
    asked_by: str | None = None
    claim: Claim = Claim.NONE
    labels: tuple[str, ...] = ()
    reverts: Sha | None = None
    only: frozenset[PurePosixPath] = frozenset()
    draft: bool = False


def by_engine(
    desk: Desk, branch: str, idea: Idea, *, title: str, body: str, labels: tuple[str, ...], draft: bool = False
) -> Request:
    """The engine's request for an idea of its own; a person's, if another login is at the desk."""
    if desk.actor != ENGINE:
        return replace(by_person(desk.actor, branch, title, body, labels), draft=draft)
    if not ENGINE_BRANCH.fullmatch(branch):
        raise Denied(f"the engine opens from megawatts/<12 hex> only, not from {branch[:80]!r}")
    if idea.origin is Origin.PERSON:
        raise Denied("the engine cannot open in a person's name")
    asked = str(idea.asked_by) if idea.asked_by else None
    return Request(branch, title, body, ENGINE, idea.kind, idea.origin, idea.id, asked, idea.claim, labels, draft=draft)


def by_person(author: str, branch: str, title: str, body: str, labels: tuple[str, ...] = ()) -> Request:
    """A person's request: nothing it says of itself is believed."""
    login = one_line(author, 80)
    if not login or login.casefold() == ENGINE.casefold():
        raise Denied(f"{author[:80]!r} cannot open a pull request as a person")
    if ENGINE_BRANCH.fullmatch(branch):
        raise Denied(f"the branch {branch} is the engine's: a person opens from a branch of their own")
    return Request(branch, title, body, login, labels=labels)


def _check(desk: Desk, branch: str) -> None:
    check_branch(branch)
    if f"refs/heads/{branch}" == desk.base_ref:
        raise Denied(f"{branch} is the base branch: it moves by a merge only")


def publish(desk: Desk, source: Path, branch: str, head: Sha, expecting: Sha | None) -> None:
    """Take a commit in and point a branch at it. Denied if the branch is not where the caller thinks."""
    _check(desk, branch)
    desk.repo.fetch(source, f"+{head}:{_INCOMING}/{head}", strict=True)
    point("publish.objects")
    desk.repo.branch(branch, head, expecting=expecting)
    point("publish.ref")
    desk.repo.git.run("update-ref", "-d", f"{_INCOMING}/{head}")


def opened(desk: Desk, request: Request) -> PullNumber:
    """The number of the pull request: the open one of this branch, one with this very head, or a new one."""
    _check(desk, request.branch)
    point("open.before")
    head = desk.repo.ref(f"refs/heads/{request.branch}")
    if head is None:
        raise Denied(f"there is no branch {request.branch}: publish it first")
    desk.repo.merge_base(desk.main(), head)
    with desk.locked(), desk.ledger.change("open") as db:
        row = db.execute(
            "SELECT number FROM pulls WHERE branch = ? AND (state = 'open' OR head = ?) ORDER BY state = 'open' DESC",
            (request.branch, head),
        ).fetchone()
        found = number(row["number"]) if row else insert(desk, db, request, head)
    desk.keep(found, head)
    return found


def insert(desk: Desk, db: sqlite3.Connection, request: Request, head: Sha) -> PullNumber:
    """A new pull request, numbered in sequence."""
    values = (
        request.branch,
        one_line(request.title, TITLE_LIMIT) or "(no title)",
        plain(request.body)[:BODY_LIMIT],
        request.author,
        desk.now(),
        request.kind.value,
        request.origin.value,
        request.idea,
        request.asked_by,
        request.claim.value,
        head,
        request.reverts,
        int(request.draft),
        spelled(request.only),
    )
    cursor = db.execute(
        "INSERT INTO pulls (branch, title, body, author, opened, kind, origin, idea, asked_by, claim, head, reverts,"
        " draft, only_paths) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        values,
    )
    found = number(cursor.lastrowid or 0)
    label(db, found, request.labels)
    desk.log(db, "opened", found, request.branch)
    return found


def spelled(paths: frozenset[PurePosixPath]) -> str:
    """Paths as the database keeps them: in order, one text; empty for none."""
    return json.dumps(sorted(map(str, paths))) if paths else ""


def label(db: sqlite3.Connection, pull: int, labels: tuple[str, ...]) -> None:
    """Add labels; those that are there stay."""
    db.executemany("INSERT OR IGNORE INTO labels VALUES (?, ?)", [(pull, one_line(word, 60)) for word in labels])
