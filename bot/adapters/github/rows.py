"""GitHub's GraphQL rows as plain data, with logins spelled as REST spells them. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.core.ids import Sha

BOT = "[bot]"
GHOST = "ghost"
"""Whom GitHub shows for an account that is gone."""


@dataclass(frozen=True, slots=True)
class Said:
    """A commit status: who said what of a commit."""

    context: str
    state: str
    text: str
    login: str


@dataclass(frozen=True, slots=True)
class Run:
    """A check run, with the App that made it."""

    id: int
    name: str
    status: str
    conclusion: str
    app: int


@dataclass(frozen=True, slots=True)
class Review:
    """A review as it stands now."""

    id: int
    login: str
    state: str
    head: Sha
    at: datetime
    body: str


@dataclass(frozen=True, slots=True)
class Pull:
    """A pull request as GitHub shows it."""

    number: int
    node: str
    title: str
    body: str
    state: str
    """`OPEN`, `CLOSED` or `MERGED`."""
    draft: bool
    branch: str
    head: Sha
    elsewhere: bool
    """From a fork: its branch only looks like one of ours."""
    author: str
    editor: str | None
    """Who wrote the body last, if not the author in the first place."""
    opened: datetime
    updated: str
    merged_at: datetime | None
    merged_as: Sha | None
    labels: frozenset[str]
    queued: bool = False
    threads: int = 0
    reviews: tuple[Review, ...] = ()
    said: tuple[Said, ...] = ()
    """Statuses of the head, or of the merge commit once it is merged."""
    runs: tuple[Run, ...] = ()
    by_push: bool = False
    """Merged by a push to the base branch: GitHub names no merge commit then, and the head stands for it."""
    whole: bool = True
    """Whether all that is said of the head is here."""


def login(actor: Mapping[str, Any] | None) -> str:
    """The login of an actor. GraphQL leaves `[bot]` away, which REST shows and nobody can register."""
    if not actor:
        return GHOST
    name = str(actor["login"])
    return f"{name}{BOT}" if actor.get("__typename") == "Bot" and not name.endswith(BOT) else name


def pull(node: Mapping[str, Any]) -> Pull:
    """One row of the open or ended pull requests."""
    merge = (node["mergeCommit"] or {"oid": node["headRefOid"]}) if node["state"] == "MERGED" else None
    commit = _last_commit(node)
    rollup = (commit or {}).get("statusCheckRollup") or {"contexts": {"nodes": []}}
    contexts = _nodes(rollup["contexts"])
    said = ((merge or {}).get("status") or {}).get("contexts") or [c for c in contexts if "context" in c]
    return Pull(
        number=int(node["number"]),
        node=str(node["id"]),
        title=str(node["title"]),
        body=str(node["body"] or ""),
        state=str(node["state"]),
        draft=bool(node["isDraft"]),
        branch=str(node["headRefName"]),
        head=Sha(str(node["headRefOid"])),
        elsewhere=bool(node["isCrossRepository"]),
        author=login(node["author"]),
        editor=login(node["editor"]) if node["lastEditedAt"] else None,
        opened=moment(node["createdAt"]),
        updated=str(node["updatedAt"]),
        merged_at=moment(node["mergedAt"]) if node["mergedAt"] else None,
        merged_as=Sha(str(merge["oid"])) if merge else None,
        labels=frozenset(str(label["name"]) for label in _nodes(node["labels"])),
        queued=bool(node.get("mergeQueueEntry")),
        threads=int((node.get("reviewThreads") or {}).get("totalCount", 0)),
        reviews=tuple(_review(row) for row in _nodes(node.get("reviews")) if row["submittedAt"] and row["commit"]),
        said=tuple(_said(row) for row in said),
        runs=tuple(_run(row) for row in contexts if "conclusion" in row),
        by_push=merge is not None and node["mergeCommit"] is None,
        whole=not (rollup["contexts"].get("pageInfo") or {}).get("hasNextPage", False)
        and (commit is None or commit["oid"] == node["headRefOid"]),
    )


def _last_commit(node: Mapping[str, Any]) -> dict[str, Any] | None:
    found = _nodes(node.get("commits"))
    return found[-1]["commit"] if found else None


def _nodes(connection: Mapping[str, Any] | None) -> Sequence[Any]:
    return [row for row in (connection or {}).get("nodes") or [] if row]


def _said(row: Mapping[str, Any]) -> Said:
    return Said(str(row["context"]), str(row["state"]).lower(), str(row["description"] or ""), login(row["creator"]))


def _run(row: Mapping[str, Any]) -> Run:
    app = ((row["checkSuite"] or {}).get("app") or {}).get("databaseId") or 0
    return Run(
        int(row["databaseId"]), str(row["name"]), str(row["status"]).lower(), str(row["conclusion"] or "").lower(), app
    )


def _review(row: Mapping[str, Any]) -> Review:
    at, head = moment(row["submittedAt"]), Sha(str(row["commit"]["oid"]))
    return Review(int(row["databaseId"] or 0), login(row["author"]), str(row["state"]), head, at, str(row["body"]))


def rest_review(row: Mapping[str, Any]) -> Review | None:
    """A review as REST gives it; None for one that is not submitted."""
    if not row.get("submitted_at"):
        return None
    who = str((row.get("user") or {}).get("login") or GHOST)
    head = Sha(str(row.get("commit_id") or ""))
    return Review(int(row["id"]), who, str(row["state"]), head, moment(row["submitted_at"]), str(row["body"] or ""))


def rest_said(row: Mapping[str, Any]) -> Said:
    """A commit status as REST gives it."""
    who = str((row.get("creator") or {}).get("login") or GHOST)
    return Said(str(row["context"]), str(row["state"]), str(row.get("description") or ""), who)


def rest_run(row: Mapping[str, Any]) -> Run:
    """A check run as REST gives it."""
    app = int((row.get("app") or {}).get("id") or 0)
    return Run(int(row["id"]), str(row["name"]), str(row["status"]), str(row["conclusion"] or ""), app)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
