"""Chains as git notes: a text for each commit, below a ref of their own, and what history says of reverts."""

import re
from collections.abc import Mapping
from pathlib import PurePosixPath

from bot.adapters.git.names import SHA
from bot.adapters.git.plumbing import IDENTITY
from bot.adapters.git.repository import GitRepository
from bot.core.errors import Misconfigured, Unavailable
from bot.core.ids import Sha

CHAIN = "refs/notes/megawatts-chain"
_TRIES = 5
_TAKES_BACK = re.compile(r"^This reverts commit ([0-9a-f]{40})\b", re.MULTILINE)


class Notes:
    """The notes of one repository below one ref (git-notes(1)). A later note of a commit replaces the earlier."""

    def __init__(self, repo: GitRepository, ref: str = CHAIN) -> None:
        self._repo, self._ref = repo, ref

    def all(self) -> Mapping[Sha, str]:
        """Every note by commit: two processes of git, however many there are."""
        listing = self._repo.git.run("notes", f"--ref={self._ref}", "list", codes=(0, 1)).out.decode("ascii", "replace")
        pairs = [line.split() for line in listing.splitlines()]
        wanted = [(blob, Sha(commit)) for blob, commit in (p for p in pairs if len(p) == 2)]
        stdin = "".join(f"{blob}\n" for blob, _commit in wanted).encode()
        if not wanted:
            return {}
        out = self._repo.git.run("cat-file", "--batch", stdin=stdin).out
        return {commit: text for (_blob, commit), text in zip(wanted, _contents(out), strict=True)}

    def read(self, sha: Sha) -> str:
        """The note of a commit; empty if it has none."""
        _known(sha)
        listing = self._repo.git.run("notes", f"--ref={self._ref}", "list", sha, codes=(0, 1, 128))
        if listing.code or not SHA.fullmatch(listing.line):
            return ""
        return self._repo.git.run("cat-file", "blob", listing.line).out.decode("utf-8", "replace")

    def write(self, sha: Sha, text: str) -> None:
        """Attach a note. Raises Unavailable if others write all the time, or the disk is full."""
        argv = ("notes", f"--ref={self._ref}", "add", "-f", "-F", "-", _known(sha))
        err = ""
        for _attempt in range(_TRIES):
            result = self._repo.git.run(*argv, stdin=text.encode(), env=IDENTITY, codes=(0, 1, 128))
            if result.code == 0:
                return
            err = result.err
        raise Unavailable("git", f"no note could be added to {sha[:12]}: {err.strip()[:200]}")

    def reverts(self, head: Sha) -> Mapping[Sha, frozenset[Sha]]:
        """Commits of this history that say "This reverts commit ...", by what they take back."""
        argv = ("log", "-z", "--format=%H%n%B", "--fixed-strings", "--grep=This reverts commit ", _known(head), "--")
        found: dict[Sha, frozenset[Sha]] = {}
        for entry in self._repo.git.run(*argv).out.decode("utf-8", "replace").split("\0"):
            commit, _, message = entry.partition("\n")
            for taken in _TAKES_BACK.findall(message):
                found[Sha(taken)] = found.get(Sha(taken), frozenset()) | {Sha(commit)}
        return found

    def parents(self, sha: Sha) -> tuple[Sha, ...]:
        """The parents of a commit, in order."""
        words = self._repo.git.run("rev-list", "--parents", "-n", "1", _known(sha), "--").line.split()
        return tuple(Sha(word) for word in words[1:])

    def tags(self, sha: Sha) -> tuple[str, ...]:
        """The names of tags that point at a commit."""
        out = self._repo.git.run("tag", "--points-at", _known(sha)).out
        return tuple(out.decode("utf-8", "replace").split())

    def file(self, sha: Sha, path: str) -> str | None:
        """A text file of a commit, or None."""
        content = self._repo.read(sha, PurePosixPath(path))
        return None if content is None else content.decode("utf-8", "replace")


def _contents(out: bytes) -> list[str]:
    """The contents in the output of `git cat-file --batch`: a header with the size, then so many bytes."""
    texts, place = [], 0
    while place < len(out):
        end = out.index(b"\n", place)
        last = out[place:end].split()[-1]
        size = int(last) if last.isdigit() else -1  # "missing": the object is not here
        texts.append(out[end + 1 : end + 1 + max(size, 0)].decode("utf-8", "replace"))
        place = end + 1 + size + 1
    return texts


def _known(sha: Sha) -> Sha:
    if not SHA.fullmatch(sha):
        raise Misconfigured(f"{sha[:80]!r} is not a full commit id of 40 hex digits")
    return sha
