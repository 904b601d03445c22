"""Tags by git, releases with their text, by GitHub."""

from bot.adapters.git.names import check_branch
from bot.adapters.git.plumbing import IDENTITY
from bot.adapters.github.desk import Desk
from bot.core.errors import Denied, Unavailable
from bot.core.ids import Sha
from bot.core.text import one_line, plain

_PREFIX = "refs/tags/"
TEXT_LIMIT = 100_000


def tag(desk: Desk, name: str, sha: Sha, message: str) -> None:
    """An annotated tag; a second call changes nothing. Denied if the name is taken by another commit."""
    ref = f"{_PREFIX}{check_branch(name)}"
    there = desk.remote.refs(desk.repo, ref, f"{ref}^{{}}").get(ref)
    if there is None:
        desk.need(sha)
        desk.remote.push(desk.repo, ref, _object(desk, name, sha, message), expecting=None)
        return
    if there != sha:
        raise Denied(f"the tag {name} is taken by {there[:12]}")


def _object(desk: Desk, name: str, sha: Sha, message: str) -> str:
    """A tag object that no ref of the clone names."""
    who = desk.repo.git.run("var", "GIT_COMMITTER_IDENT", env=IDENTITY).line
    text = plain(message).strip() or one_line(name)
    raw = f"object {sha}\ntype commit\ntag {name}\ntagger {who}\n\n{text}\n"
    made = desk.repo.git.run("mktag", stdin=raw.encode(), codes=(0, 1, 128))
    if made.code:
        raise Unavailable("git", f"no tag object could be made for {name}: {made.err.strip()[:200]}")
    return made.line


def tags(desk: Desk) -> dict[str, Sha]:
    """Tags of commits, by name."""
    found = desk.remote.refs(desk.repo, f"{_PREFIX}*")
    return {name.removeprefix(_PREFIX): sha for name, sha in found.items() if desk.repo.ref(sha) is not None}


def release(desk: Desk, name: str, text: str) -> None:
    """A release of a tag, with its part of the changelog; a later text replaces the earlier.

    Denied for a tag that is not there: GitHub would make one, of whatever the base branch is then.
    """
    ref = f"{_PREFIX}{check_branch(name)}"
    if not desk.remote.refs(desk.repo, ref):
        raise Denied(f"there is no tag {name} to release")
    body = {"tag_name": name, "name": name, "body": plain(text)[:TEXT_LIMIT]}
    there = desk.api.find(f"{desk.path}/releases/tags/{name}")
    if there is None:
        desk.api.send("POST", f"{desk.path}/releases", body)
    elif there.get("body") != body["body"]:
        desk.api.send("PATCH", f"{desk.path}/releases/{there['id']}", body)
