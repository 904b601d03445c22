"""Chains as git notes: a text for each commit, below a ref of their own, and what history says of reverts."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Protocol

from bot.adapters.git.names import SHA
from bot.adapters.git.plumbing import IDENTITY
from bot.adapters.git.repository import GitRepository
from bot.core.errors import Denied, Misconfigured, Unavailable
from bot.core.ids import Sha

CHAIN = "refs/notes/megawatts-chain"
_TRIES = 5
_MOST = 4 * 2**20
"""Bytes of a note; a thousand records take less."""
_TAKES_BACK = re.compile(r"^This reverts commit ([0-9a-f]{40})\b", re.MULTILINE)


class Notes:
    """The notes of one repository below one ref (git-notes(1)). A later note of a commit replaces the earlier."""

    def __init__(self, repo: GitRepository, ref: str = CHAIN) -> None:
        self._repo, self._ref = repo, ref

    def all(self) -> Mapping[Sha, str]:
        """Every note by commit: three processes of git, however many there are.

        What is no text, or longer than any chain, is told as such and not read.
        """
        listing = self._repo.git.run("notes", f"--ref={self._ref}", "list", codes=(0, 1)).out.decode("ascii", "replace")
        pairs = [line.split() for line in listing.splitlines()]
        wanted = [(blob, Sha(commit)) for blob, commit in (p for p in pairs if len(p) == 2)]
        sizes = self._sizes([blob for blob, _commit in wanted])
        fit = [(blob, commit) for blob, commit in wanted if 0 <= sizes[blob] <= _MOST]
        texts = {commit: f"a note of {sizes[blob]} bytes" if sizes[blob] > 0 else "" for blob, commit in wanted}
        if fit:
            out = self._repo.git.run("cat-file", "--batch", stdin=_lines(blob for blob, _commit in fit)).out
            texts |= {commit: text for (_blob, commit), text in zip(fit, _contents(out), strict=True)}
        return texts

    def _sizes(self, blobs: Sequence[str]) -> Mapping[str, int]:
        """Bytes of each; -1 for what is not here or no blob."""
        if not blobs:
            return {}
        out = self._repo.git.run("cat-file", "--batch-check", stdin=_lines(blobs)).out.decode("ascii", "replace")
        rows = [line.split() for line in out.splitlines()]
        return {row[0]: int(row[2]) if row[1] == "blob" else -1 for row in rows}

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


class Remote(Protocol):
    """A repository elsewhere that refs are fetched from and pushed to."""

    def fetch(self, into: GitRepository, *refspecs: str) -> None: ...
    def refs(self, repo: GitRepository, *patterns: str) -> Mapping[str, Sha]: ...
    def push(self, source: GitRepository, ref: str, oid: str, *, expecting: Sha | None) -> None: ...


class SharedNotes:
    """Notes of a clone that are the same as those of the repository elsewhere: read from there, written there."""

    def __init__(self, repo: GitRepository, remote: Remote, ref: str = CHAIN) -> None:
        self._repo, self._remote, self._ref = repo, remote, ref
        self._notes = Notes(repo, ref)

    def all(self) -> Mapping[Sha, str]:
        """Every note by commit, as they are elsewhere now."""
        self._pulled()
        return self._notes.all()

    def write(self, sha: Sha, text: str) -> None:
        """Attach a note there. Denied if others write all the time; whatever is raised, the same may be written again.

        Others' notes that came meanwhile are kept: the note is made again on top of them.
        """
        error: Denied | None = None
        for _attempt in range(_TRIES):
            there = self._pulled()
            self._notes.write(sha, text)
            made = self._repo.ref(self._ref)
            if made is None:
                raise Unavailable("git", f"the note of {sha[:12]} is gone as soon as it is written")
            try:
                self._remote.push(self._repo, self._ref, made, expecting=there)
            except Denied as refused:
                error = refused
                continue
            return
        raise error or Denied(f"no note could be pushed for {sha[:12]}")

    def reverts(self, head: Sha) -> Mapping[Sha, frozenset[Sha]]:
        """See `Notes.reverts`."""
        return self._notes.reverts(head)

    def _pulled(self) -> Sha | None:
        """Where the notes are elsewhere; the clone's are brought there, what it could not push included."""
        there = self._remote.refs(self._repo, self._ref).get(self._ref)
        if there is not None and there != self._repo.ref(self._ref):
            self._remote.fetch(self._repo, f"+{self._ref}:{self._ref}")
        return there


def _contents(out: bytes) -> list[str]:
    """The contents in the output of `git cat-file --batch`: a header with the size, then so many bytes."""
    texts, place = [], 0
    while place < len(out):
        end = out.index(b"\n", place)
        size = int(out[place:end].split()[-1])
        texts.append(out[end + 1 : end + 1 + size].decode("utf-8", "replace"))
        place = end + 1 + size + 1
    return texts


def _lines(blobs: Iterable[str]) -> bytes:
    return "".join(f"{blob}\n" for blob in blobs).encode()


def _known(sha: Sha) -> Sha:
    if not SHA.fullmatch(sha):
        raise Misconfigured(f"{sha[:80]!r} is not a full commit id of 40 hex digits")
    return sha
