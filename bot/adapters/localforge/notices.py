"""What is said about a pull request: verdicts, reviews, comments, labels, and its end."""

import json
from typing import Any

from bot.adapters.localforge.desk import ENGINE, Desk, moment
from bot.adapters.localforge.ledger import remember
from bot.adapters.localforge.opening import BODY_LIMIT, label
from bot.core.errors import Denied, Misconfigured
from bot.core.ids import PullNumber, Sha
from bot.core.text import one_line, plain
from bot.core.verdict import Verdict
from bot.core.votes import Approval

CHECK = "check/"


def edit(desk: Desk, pull: PullNumber, body: str | None, add: tuple[str, ...]) -> None:
    """Replace the body, add labels."""
    desk.pull(pull)
    with desk.ledger.change("edit") as db:
        if body is not None:
            db.execute("UPDATE pulls SET body = ? WHERE number = ?", (plain(body)[:BODY_LIMIT], pull))
        label(db, pull, add)


def report(desk: Desk, sha: Sha, context: str, verdict: Verdict) -> None:
    """Post a verdict on a commit that is here."""
    if not desk.repo.has(sha):
        raise Denied(f"the forge has no commit {sha[:12]} to report on")
    text = json.dumps(verdict.to_dict(), sort_keys=True)
    with desk.ledger.change("report") as db:
        db.execute(
            "INSERT INTO reports VALUES (?, ?, ?, ?)"
            " ON CONFLICT (sha, context) DO UPDATE SET verdict = excluded.verdict, at = excluded.at",
            (sha, one_line(context), text, desk.now()),
        )
        desk.log(db, "reported", None, f"{sha[:12]} {one_line(context)} {verdict.status.name}")


def reported(desk: Desk, sha: Sha, context: str) -> Verdict | None:
    """The verdict on this commit and context."""
    rows = desk.ledger.rows("SELECT verdict FROM reports WHERE sha = ? AND context = ?", sha, one_line(context))
    return _verdict(desk, rows[0]["verdict"]) if rows else None


def checks(desk: Desk, sha: Sha) -> list[Verdict]:
    """Verdicts of checks outside the engine."""
    rows = desk.ledger.rows("SELECT verdict, context FROM reports WHERE sha = ? ORDER BY context", sha)
    return [_verdict(desk, row["verdict"]) for row in rows if row["context"].startswith(CHECK)]


def _verdict(desk: Desk, text: str) -> Verdict:
    try:
        return Verdict.from_dict(json.loads(text))
    except (ValueError, KeyError, TypeError) as error:
        raise Misconfigured(f"a report in {desk.ledger.path} cannot be read: report it again") from error


def review(desk: Desk, pull: PullNumber, reviewer: str, head: Sha, *, approves: bool, reason: str) -> None:
    """A review for one head."""
    row, login = desk.pull(pull), one_line(reviewer, 80)
    if not login or login.casefold() == ENGINE.casefold():
        raise Denied("the engine does not review: it can open a pull request, not approve one")
    if login.casefold() == row["author"].casefold():
        raise Denied(f"{login} opened #{pull}: another person must review it")
    if not desk.repo.has(head):
        raise Denied(f"the forge has no commit {head[:12]} to review")
    values = (pull, login, head, int(approves), plain(reason)[:BODY_LIMIT], desk.now())
    with desk.ledger.change("review") as db:
        db.execute("INSERT INTO reviews (pull, reviewer, head, approves, reason, at) VALUES (?, ?, ?, ?, ?, ?)", values)
        desk.log(db, "reviewed", pull, f"{login} {head[:12]} {'approves' if approves else 'refuses'}")


def reviews(desk: Desk, pull: PullNumber) -> list[Approval]:
    """All reviews, oldest first."""
    rows = desk.ledger.rows("SELECT * FROM reviews WHERE pull = ? ORDER BY id", pull)
    return [Approval(r["reviewer"], Sha(r["head"]), moment(r["at"]), bool(r["approves"]), r["reason"]) for r in rows]


def ask(desk: Desk, pull: PullNumber, head: Sha, owners: tuple[str, ...]) -> None:
    """Ask owners about one head."""
    desk.pull(pull)
    with desk.ledger.change("ask") as db:
        db.executemany("INSERT OR IGNORE INTO owners VALUES (?, ?, ?)", [(pull, head, one_line(o, 80)) for o in owners])
        db.execute("UPDATE pulls SET asked_on = ? WHERE number = ?", (head, pull))
        desk.log(db, "asked", pull, one_line(", ".join(owners), 300))


def comment(desk: Desk, pull: PullNumber, text: str, marker: str) -> None:
    """Say something once per marker."""
    desk.pull(pull)
    with desk.ledger.change("comment") as db:
        db.execute(
            "INSERT INTO comments VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (pull, marker) DO UPDATE SET text = excluded.text, at = excluded.at",
            (pull, one_line(marker), desk.actor, plain(text)[:BODY_LIMIT], desk.now()),
        )


def close(desk: Desk, pull: PullNumber, because: str) -> None:
    """Close without a merge; a second call changes nothing."""
    with desk.locked():
        row = desk.pull(pull)
        if row["state"] == "merged":
            raise Denied(f"#{pull} is merged: it can be reverted, not closed")
        if row["state"] == "closed":
            return
        head = desk.head(row)
        desk.keep(pull, head)
        with desk.ledger.change("close") as db:
            db.execute(
                "UPDATE pulls SET state = 'closed', head = ?, closed_by = ?, closed_because = ? WHERE number = ?",
                (head, desk.actor, plain(because)[:BODY_LIMIT], pull),
            )
            desk.log(db, "closed", pull, one_line(because, 300))


def dashboard(desk: Desk, body: str) -> None:
    """Replace the dashboard."""
    with desk.ledger.change("dashboard") as db:
        remember(db, "dashboard", plain(body)[: 4 * BODY_LIMIT])


def page(desk: Desk, pull: PullNumber) -> dict[str, Any]:
    """A pull request as people read it."""
    row, rows = desk.pull(pull), desk.ledger.rows
    labels = [found["label"] for found in rows("SELECT label FROM labels WHERE pull = ? ORDER BY label", pull)]
    asked = rows("SELECT owner FROM owners WHERE pull = ? AND head = ? ORDER BY owner", pull, row["asked_on"] or "")
    comments = rows("SELECT marker, author, text, at FROM comments WHERE pull = ? ORDER BY at", pull)
    shown = ("number", "branch", "title", "body", "author", "opened", "state", "merged_as", "closed_because")
    owners = [found["owner"] for found in asked]
    return {**{key: row[key] for key in shown}, "labels": labels, "owners": owners, "comments": comments}
