"""What differs between two commits, read from one `git diff-tree`."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from bot.adapters.git.plumbing import Plumbing
from bot.core.change import FileChange
from bot.core.ids import Sha

_COMMON = ("diff-tree", "-r", "--no-commit-id", "--no-ext-diff", "--no-textconv", "--no-color", "--full-index")
_ACTIONS = {"A": "add", "D": "delete", "M": "modify", "R": "rename", "T": "type"}
_NEXT_FILE = re.compile(rb"^diff --git ", re.MULTILINE)
_HUNK = re.compile(rb"^@@ -\d+(?:,\d+)? \+(\d+)(?:,(\d+))? @@", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class _Raw:
    old_mode: str
    new_mode: str
    letter: str
    old: bytes
    new: bytes


def changes(git: Plumbing, base: Sha, head: Sha) -> tuple[FileChange, ...]:
    """Every file that differs, with its counts and the lines it has at head."""
    out = git.run(*_COMMON, "-z", "-M", "-l0", "--raw", "--numstat", base, head).out
    fields = iter(out.split(b"\0"))
    raws: list[_Raw] = []
    counts: list[tuple[bytes, bytes]] = []
    for field in fields:
        if field.startswith(b":"):
            raws.append(_raw(field.decode(), fields))
        elif b"\t" in field:
            counts.append(_count(field, fields))
    ranges = _ranges(git, base, head, raws)
    return tuple(_change(*row) for row in zip(raws, counts, ranges, strict=True))


def _raw(field: str, fields: Iterator[bytes]) -> _Raw:
    old_mode, new_mode, _old_oid, _new_oid, letter = field[1:].split(" ")
    old = next(fields)
    return _Raw(old_mode, new_mode, letter[0], old, next(fields) if letter[0] == "R" else old)


def _count(field: bytes, fields: Iterator[bytes]) -> tuple[bytes, bytes]:
    added, removed, name = field.split(b"\t", 2)
    if not name:  # a rename: both names follow on their own
        next(fields), next(fields)
    return added, removed


def _ranges(git: Plumbing, base: Sha, head: Sha, raws: list[_Raw]) -> list[tuple[tuple[int, int], ...]]:
    """Changed lines by file, in the order of the raw entries. A file that changes its kind has two patches."""
    patch = git.run(*_COMMON, "-M", "-l0", "-U0", "--patch", base, head).out
    pieces = iter(_NEXT_FILE.split(patch)[1:])
    found = []
    for raw in raws:
        piece = next(pieces, b"")
        if raw.letter == "T":
            piece = next(pieces, b"")
        found.append(tuple(_hunks(piece)))
    return found


def _hunks(piece: bytes) -> Iterator[tuple[int, int]]:
    for match in _HUNK.finditer(piece):
        start, length = int(match[1]), int(match[2] or b"1")
        # A pure deletion has no line of its own at head: the line it happened after stands for it.
        yield (start, start + length - 1) if length else (max(start, 1), max(start, 1))


def _change(raw: _Raw, count: tuple[bytes, bytes], lines: tuple[tuple[int, int], ...]) -> FileChange:
    action = _ACTIONS.get(raw.letter, "type")
    if action == "modify" and raw.old_mode != raw.new_mode:
        action = "type"
    binary = count[0] == b"-"
    return FileChange(
        path=PurePosixPath(os.fsdecode(raw.new)),
        old_path=PurePosixPath(os.fsdecode(raw.old)),
        action=action,
        mode=raw.old_mode if action == "delete" else raw.new_mode,
        added=0 if binary else int(count[0]),
        removed=0 if binary else int(count[1]),
        binary=binary,
        lines=() if action == "delete" else lines,
    )


def diff(git: Plumbing, base: Sha, head: Sha) -> str:
    """A unified diff with renames."""
    argv = (*_COMMON, "-M", "-l0", "--patch", "--src-prefix=a/", "--dst-prefix=b/", base, head)
    return git.run(*argv).out.decode("utf-8", "replace")


def patch_id(git: Plumbing, base: Sha, head: Sha) -> str:
    """`git patch-id --stable` of the difference, binary content included."""
    patch = git.run(*_COMMON, "--no-renames", "--binary", "--patch", base, head).out
    return git.run("patch-id", "--stable", stdin=patch).line.split(" ")[0] if patch else ""
