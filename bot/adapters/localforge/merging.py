"""Merges: one at a time, of exactly the head that was judged, onto exactly the base it was judged on."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.adapters.crash import point
from bot.adapters.git.commits import commit_tree
from bot.adapters.localforge.desk import Desk
from bot.adapters.localforge.ledger import remember
from bot.core.errors import Denied
from bot.core.ids import Sha
from bot.core.text import plain

TRAILER = "Pull-Request"
_TRAILERS = re.compile(rf"^[ \t]*{TRAILER}[ \t]*:.*$", re.IGNORECASE | re.MULTILINE)
_OURS = re.compile(rf"\n\n{TRAILER}: #(\d+)\n?\Z")


@dataclass(frozen=True, slots=True)
class Merge:
    """A merge of a pull request, as git remembers it."""

    pull: int
    sha: Sha
    head: Sha
    at: str


def merge(desk: Desk, pull: int, expecting: Sha, base: Sha, message: str) -> Sha:
    """The merge commit. A second call gives the same; Denied if head or base moved, or it is closed."""
    point("merge.before")
    with desk.locked():
        catch_up(desk)
        row = desk.pull(pull)
        if row["merged_as"]:
            return _again(row, expecting)
        _check(desk, row, expecting, base)
        tree, parents = desk.repo.tree(expecting), (base, expecting)
        made = commit_tree(desk.repo.git, tree, parents, _message(message, pull), author=desk.actor)
        point("merge.commit")
        desk.keep(pull, expecting)
        desk.repo.move(desk.base_ref, made, expecting=base)
        point("merge.ref")
        catch_up(desk)
        return made


def settle(desk: Desk) -> None:
    """Catch up, if the base branch moved without the database hearing of it."""
    if desk.main() != desk.ledger.meta("seen"):
        with desk.locked():
            catch_up(desk)


def catch_up(desk: Desk) -> None:
    """Read from git which merges the database has not heard of: a merge is done when the base branch has moved."""
    main, seen = desk.main(), desk.ledger.meta("seen")
    if main == seen:
        return
    fresh = _fresh(desk, seen, main)
    with desk.ledger.change("merge") as db:
        for done in fresh:
            db.execute(
                "UPDATE pulls SET state = 'merged', head = ?, merged_as = ?, merged_at = ?"
                " WHERE number = ? AND merged_as IS NULL",
                (done.head, done.sha, done.at, done.pull),
            )
            desk.log(db, "merged", done.pull, done.sha)
        remember(db, "seen", main)


def _fresh(desk: Desk, seen: str, main: Sha) -> list[Merge]:
    """The merges of pull requests that the base branch gained, oldest first."""
    known = seen if desk.repo.ref(seen) else desk.ledger.meta("imported")
    argv = ("rev-list", "--first-parent", "--merges", "--reverse", main, f"^{known}")
    shas = desk.repo.git.run(*argv).out.decode().split()
    read = (_read(desk, Sha(sha)) for sha in shas)
    return [found for found in read if found and desk.repo.ref(f"refs/pull/{found.pull}/head") == found.head]


def _read(desk: Desk, sha: Sha) -> Merge | None:
    """A merge commit that carries our trailer as its last line, which only `_message` writes."""
    raw = desk.repo.git.run("cat-file", "commit", sha).out.decode("utf-8", "replace")
    head, _, message = raw.partition("\n\n")
    parents = [line[7:] for line in head.split("\n") if line.startswith("parent ")]
    stamps = [int(line.split(" ")[-2]) for line in head.split("\n") if line.startswith("committer ")]
    trailer = _OURS.search(message)
    if not trailer or len(parents) != 2 or not stamps:
        return None
    at = datetime.fromtimestamp(stamps[0], UTC).isoformat()
    return Merge(int(trailer[1]), sha, Sha(parents[1]), at)


def _again(row: dict[str, Any], expecting: Sha) -> Sha:
    if row["head"] != expecting:
        raise Denied(f"#{row['number']} was merged at {row['head'][:12]}, not at {expecting[:12]}")
    return Sha(row["merged_as"])


def _check(desk: Desk, row: dict[str, Any], expecting: Sha, base: Sha) -> None:
    pull, head, main = row["number"], desk.head(row), desk.main()
    if row["state"] == "closed":
        raise Denied(f"#{pull} is closed")
    if head != expecting:
        raise Denied(
            f"the head of #{pull} is {head[:12]}, not {expecting[:12]}: what was given on the old head is void"
        )
    if main != base:
        raise Denied(f"the base branch is at {main[:12]}, not at {base[:12]}: validate against it first")
    if not desk.repo.is_ancestor(main, expecting):
        raise Denied(f"#{pull} is not made on {main[:12]}: bring it up to date first")
    if main == expecting:
        raise Denied(f"#{pull} brings nothing: its head is the base branch")


def _message(message: str, pull: int) -> str:
    """The caller's words without any trailer of ours, then ours."""
    words = _TRAILERS.sub("", plain(message)).strip()
    return f"{words or f'Merge #{pull}'}\n\n{TRAILER}: #{pull}"
