"""What reviewers ask to be changed, and what people offer for a merge."""

from pathlib import PurePosixPath

from bot.adapters.localforge.desk import ENGINE, Desk, moment
from bot.adapters.localforge.opening import BODY_LIMIT
from bot.core.errors import Denied
from bot.core.ids import PullNumber, Sha
from bot.core.text import one_line, plain
from bot.core.votes import Remark


def remark(
    desk: Desk, pull: PullNumber, reviewer: str, head: Sha, text: str, *, place: tuple[PurePosixPath, int]
) -> None:
    """A comment on a line of one head."""
    desk.pull(pull)
    login, (path, line) = one_line(reviewer, 80), place
    if not login or login.casefold() == ENGINE.casefold():
        raise Denied("the engine does not review: it can open a pull request, not comment on one as a reviewer")
    if not desk.repo.has(head):
        raise Denied(f"the forge has no commit {head[:12]} to comment on")
    values = (pull, login, head, str(path), max(line, 0), plain(text)[:BODY_LIMIT], desk.now())
    with desk.ledger.change("remark") as db:
        db.execute("INSERT INTO remarks (pull, reviewer, head, path, line, text, at) VALUES (?,?,?,?,?,?,?)", values)
        desk.log(db, "remarked", pull, f"{login} {head[:12]} {one_line(str(path), 200)}:{line}")


def remarks(desk: Desk, pull: PullNumber) -> list[Remark]:
    """Refusals with a reason, and comments on lines, oldest first."""
    rows = desk.ledger.rows("SELECT * FROM remarks WHERE pull = ? ORDER BY id", pull)
    said = [
        Remark(
            f"line-{r['id']}", r["reviewer"], Sha(r["head"]), moment(r["at"]), r["text"],
            PurePosixPath(r["path"]), r["line"], requests_changes=False,
        )
        for r in rows
    ]  # fmt: skip
    refused = desk.ledger.rows("SELECT * FROM reviews WHERE pull = ? AND NOT approves AND reason != ''", pull)
    said += [Remark(f"review-{r['id']}", r["reviewer"], Sha(r["head"]), moment(r["at"]), r["reason"]) for r in refused]
    return sorted(said, key=lambda one: (one.at, one.id))


def ready(desk: Desk, pull: PullNumber) -> None:
    """Offer a draft for a merge: a person's act, never the engine's."""
    if desk.actor == ENGINE:
        raise Denied("the engine does not offer a draft for a merge: a person says that it is ready")
    desk.pull(pull)
    with desk.ledger.change("ready") as db:
        db.execute("UPDATE pulls SET draft = 0 WHERE number = ?", (pull,))
        desk.log(db, "ready", pull)
