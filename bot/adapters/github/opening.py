"""Branches go out and pull requests are opened; labels, reviewers, comments and their end."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.adapters.git.names import ENGINE_BRANCH, check_branch
from bot.adapters.git.repository import GitRepository
from bot.adapters.github import marks
from bot.adapters.github.desk import Desk
from bot.adapters.github.marks import About
from bot.adapters.github.proposals import about, look, look_back, ours
from bot.adapters.github.rows import Pull, Said
from bot.adapters.github.verdicts import own_word, say
from bot.core.change import Idea, Origin
from bot.core.errors import Denied
from bot.core.ids import PullNumber, Sha
from bot.core.text import one_line, plain

ASKED = "megawatts/asked"
"""Context of the status that says on which head people were asked."""
TITLE_LIMIT = 200
_OWNER = re.compile(r"@?([A-Za-z0-9][A-Za-z0-9-]{0,38})(?:/([A-Za-z0-9._-]{1,100}))?")


def branch(desk: Desk, name: str) -> Sha | None:
    """Where a branch is."""
    found = desk.api.find(f"{desk.path}/git/ref/heads/{check_branch(name)}")
    return Sha(str(found["object"]["sha"])) if found else None


def publish(desk: Desk, source: GitRepository, name: str, head: Sha, expecting: Sha | None) -> None:
    """Push a commit under a branch that is where the caller thinks. Denied for the base branch."""
    if check_branch(name) == desk.base():
        raise Denied(f"{name} is the base branch: it moves by a merge only")
    desk.remote.push(source, f"refs/heads/{name}", head, expecting=expecting)


@dataclass(frozen=True, slots=True)
class Request:
    """A pull request to be."""

    branch: str
    title: str
    body: str
    about: About
    labels: tuple[str, ...] = ()
    draft: bool = False
    anew: bool = False
    """One that ended with this very head does not stand for it: it was closed to come again."""


def opened(desk: Desk, wanted: Request) -> int:
    """The number of the pull request: the open one of this branch, one with this very head, or a new one.

    A branch that nothing can be opened for is taken away again: it would lie there for ever.
    """
    name = wanted.branch
    head = branch(desk, name)
    if head is None:
        raise Denied(f"there is no branch {name}: publish it first")
    found = existing(desk, name, None if wanted.anew else head)
    if found is None:
        found = _open(desk, wanted, head)
    label(desk, found, wanted.labels)
    return found


def _open(desk: Desk, wanted: Request, head: Sha) -> int:
    said = replace(wanted.about, labels=frozenset(_words(wanted.labels)))
    request = {
        "title": one_line(wanted.title, TITLE_LIMIT) or "(no title)",
        "body": marks.signed_body(wanted.body, said),
        "head": wanted.branch,
        "base": desk.base(),
        "draft": wanted.draft,
    }
    try:
        answer = desk.api.attempt("POST", f"{desk.path}/pulls", request, (422,))
    except Denied:
        desk.remote.delete(desk.repo, f"refs/heads/{wanted.branch}", expecting=head)
        raise
    if answer.status == 201:
        return int(answer.data["number"])
    found = existing(desk, wanted.branch, None if wanted.anew else head)
    if found is None:
        desk.remote.delete(desk.repo, f"refs/heads/{wanted.branch}", expecting=head)
        raise Denied(f"GitHub opens no pull request for {wanted.branch}: {answer.message}")
    return found


def existing(desk: Desk, name: str, head: Sha | None) -> int | None:
    """The pull request of this branch: open, or ended with this very head. Denied if a person opened it."""
    rows = desk.api.get(f"{desk.path}/pulls", head=f"{desk.owner}:{name}", state="all", per_page="100")
    rows = [row for row in rows if row["head"]["ref"] == name and row["base"]["ref"] == desk.base()]
    live = [row for row in rows if row["state"] == "open" or row["head"]["sha"] == head]
    for row in sorted(live, key=lambda row: row["state"] != "open"):
        if str(row["user"]["login"]) != desk.me.login:
            raise Denied(f"{row['user']['login']} opened #{row['number']} for {name}: a person decides there")
        return int(row["number"])
    return None


def by_engine(idea: Idea, wanted: Request) -> Request:
    """The request for an idea of the engine's own. Denied from another branch than its own, or in a person's name."""
    if not ENGINE_BRANCH.fullmatch(wanted.branch):
        raise Denied(f"the engine opens from megawatts/<12 hex> only, not from {wanted.branch[:80]!r}")
    if idea.origin is Origin.PERSON:
        raise Denied("the engine cannot open in a person's name")
    return replace(wanted, about=marks.about_idea(idea))


def label(desk: Desk, pull: int, labels: Sequence[str]) -> None:
    """Add labels; those that are there stay."""
    if words := _words(labels):
        desk.api.send("POST", f"{desk.path}/issues/{pull}/labels", {"labels": words})
        desk.seen.labelled(pull, words)


def _words(labels: Sequence[str]) -> list[str]:
    return sorted({one_line(word, 50) for word in labels} - {""})


def seen(desk: Desk, pull: int) -> Pull:
    """The row of a pull request. Denied if there is none of that number."""
    for refresh in (None, look, look_back):
        if refresh is not None:
            refresh(desk)
        found = desk.seen.open.get(pull) or desk.seen.ended.get(pull)
        if found is not None:
            return found
    raise Denied(f"there is no pull request #{pull} to {desk.base()}")


def edit(desk: Desk, pull: int, body: str | None, add: Sequence[str]) -> None:
    """Replace the words of a body, add labels. What our own pull request says of itself stays."""
    if body is not None:
        row = seen(desk, pull)
        text = marks.signed_body(body, about(desk, row)) if ours(desk, row) else marks.without_blocks(body)
        desk.api.send("PATCH", f"{desk.path}/pulls/{pull}", {"body": text})
    label(desk, pull, add)


def ask(desk: Desk, pull: int, head: Sha, owners: Sequence[str]) -> None:
    """Ask owners to review, and say on the head that they were asked. Whom GitHub does not let us ask is named."""
    found = [match for owner in owners if (match := _OWNER.fullmatch(owner.strip()))]
    people = sorted({match[1] for match in found if not match[2]} - {desk.me.login})
    teams = sorted({match[2] for match in found if match[2]})
    left = _request(desk, pull, people, teams)
    left += [owner for owner in owners if not _OWNER.fullmatch(owner.strip())]
    if left:
        names = ", ".join(f"`{one_line(name, 60).replace('`', '')}`" for name in left)
        comment(desk, pull, f"GitHub takes no review request for {names}: are they collaborators here?", "asking")
    text = one_line(f"asked {', '.join(owners)}", 130)
    say(desk, head, Said(ASKED, "success", text, desk.me.login))


def _request(desk: Desk, pull: int, people: Sequence[str], teams: Sequence[str]) -> list[str]:
    """Ask all at once, else one by one: one unknown name must not keep the others from being asked. Who is left."""
    path = f"{desk.path}/pulls/{pull}/requested_reviewers"
    if not people and not teams:
        return []
    if desk.api.attempt("POST", path, {"reviewers": people, "team_reviewers": teams}, (422,)).status != 422:
        return []
    bodies: list[tuple[str, dict[str, Any]]] = [(name, {"reviewers": [name]}) for name in people]
    bodies += [(name, {"team_reviewers": [name]}) for name in teams]
    return [name for name, body in bodies if desk.api.attempt("POST", path, body, (422,)).status == 422]


def asked_on(desk: Desk, pull: int) -> Sha | None:
    """The head, if people were asked about it."""
    row = desk.seen.known(pull, desk.elapsed(), desk.rules.fresh)
    head = row.head if row else Sha(str(desk.api.get(f"{desk.path}/pulls/{pull}")["head"]["sha"]))
    return head if own_word(desk, head, ASKED) is not None else None


def comment(desk: Desk, pull: int, text: str, marker: str) -> None:
    """Say something; a later comment of the same marker replaces it."""
    body = marks.marked(text, marker)
    known = desk.seen.comments.get((pull, marker)) or _find_comment(desk, pull, marks.mark(marker))
    if known is None:
        made = desk.api.send("POST", f"{desk.path}/issues/{pull}/comments", {"body": body})
        known = (int(made["id"]), body)
    elif known[1] != body:
        answer = desk.api.attempt("PATCH", f"{desk.path}/issues/comments/{known[0]}", {"body": body}, (404,))
        if answer.status == 404:
            made = desk.api.send("POST", f"{desk.path}/issues/{pull}/comments", {"body": body})
            known = (int(made["id"]), body)
    desk.seen.comments[(pull, marker)] = (known[0], body)


def _find_comment(desk: Desk, pull: int, mark: str) -> tuple[int, str] | None:
    """Our own comment with this mark: a person's that bears it is a person's."""
    for row in desk.api.pages(f"{desk.path}/issues/{pull}/comments"):
        text = str(row["body"] or "")
        if (row.get("user") or {}).get("login") == desk.me.login and mark in text:
            return int(row["id"]), text
    return None


def close(desk: Desk, pull: int, because: str) -> None:
    """Close without a merge, with the reason; a second call changes nothing."""
    row = desk.api.find(f"{desk.path}/pulls/{pull}")
    if row is None:
        raise Denied(f"there is no pull request #{pull}")
    if row.get("merged") or row.get("merged_at"):
        raise Denied(f"#{pull} is merged: it can be reverted, not closed")
    if row["state"] == "closed":
        return
    if (pull, "closed") not in desk.seen.comments:
        comment(desk, pull, f"Closed: {plain(because)}", "closed")
    desk.api.send("PATCH", f"{desk.path}/pulls/{pull}", {"state": "closed"})


def numbered(value: int) -> PullNumber:
    return PullNumber(int(value))
