"""Commits and merges made from trees alone; no checkout takes part."""

import re
from dataclasses import dataclass

from bot.adapters.git.plumbing import IDENTITY, Plumbing, Result
from bot.core.errors import Denied, Unavailable
from bot.core.ids import Sha, Tree
from bot.core.text import one_line, plain

_ADDRESS = re.compile(r"\s*([^<>\n]*?)\s*<([^<>\s]+)>\s*")


@dataclass(frozen=True, slots=True)
class Merged:
    """A three-way merge: its tree, or the paths that conflict."""

    tree: Tree | None
    conflicts: tuple[str, ...] = ()


def commit_tree(git: Plumbing, tree: Tree, parents: tuple[Sha, ...], message: str, *, author: str) -> Sha:
    """A commit object. Unseen characters are taken out of the message; no ref moves."""
    text = plain(message).strip()
    if not text:
        raise Denied("a commit needs a message")
    name, address = identity(author)
    env = {**IDENTITY, "GIT_AUTHOR_NAME": name, "GIT_AUTHOR_EMAIL": address}
    argv = [word for parent in parents for word in ("-p", parent)]
    return Sha(git.run("commit-tree", tree, *argv, "-F", "-", stdin=text.encode() + b"\n", env=env).line)


def identity(author: str) -> tuple[str, str]:
    """Name and address of `Name <address>`, or of a bare login; nothing in it can end the line."""
    line = one_line(author)
    match = _ADDRESS.fullmatch(line)
    if match and match[1]:
        return match[1], match[2]
    name = line.translate({ord("<"): None, ord(">"): None}).strip() or "unknown"
    slug = re.sub(r"[^A-Za-z0-9._+-]+", "-", name).strip("-") or "unknown"
    return name, f"{slug}@users.noreply.localhost"


def merged_tree(git: Plumbing, ours: Sha, theirs: Sha, *, base: Sha | None = None) -> Merged:
    """Merge two commits by their common history, or, for a revert, seen from another base."""
    if base is not None:
        return _three_way(git, base, ours, theirs)
    argv = ("merge-tree", "--write-tree", "--name-only", "--no-messages", "-z", ours, theirs)
    return _answer(git.run(*argv, codes=(0, 1, 128)))


def _three_way(git: Plumbing, base: Sha, ours: Sha, theirs: Sha) -> Merged:
    """Git 2.39 cannot be told the base: two commits on a common parent say the same."""
    root = commit_tree(git, _tree(base), (), "base", author="megawatts")
    left = commit_tree(git, _tree(ours), (root,), "ours", author="megawatts")
    right = commit_tree(git, _tree(theirs), (root,), "theirs", author="megawatts")
    return merged_tree(git, left, right)


def _tree(sha: Sha) -> Tree:
    """The commit's tree, in words that git resolves itself."""
    return Tree(f"{sha}^{{tree}}")


def _answer(result: Result) -> Merged:
    parts = [part.decode("utf-8", "replace") for part in result.out.split(b"\0") if part]
    if result.code == 0 and parts:
        return Merged(Tree(parts[0].strip()))
    if result.code == 1 and parts:
        return Merged(None, tuple(dict.fromkeys(parts[1:])))
    if "unrelated histories" in result.err:
        return Merged(None)
    raise Unavailable("git", f"merge-tree: {result.err.strip()[:300]}")
