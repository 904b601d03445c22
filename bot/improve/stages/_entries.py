"""Scope: what kinds of files a change may hold, what they may be called, and how many there may be."""

import unicodedata
from collections.abc import Iterator
from pathlib import PurePosixPath

from bot.core.change import FileChange
from bot.core.verdict import Status
from bot.improve.doors import Gate
from bot.improve.stages._problems import Problem
from bot.improve.stages._source import text

LINK, SUBMODULE = "120000", "160000"
HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
GIT_FILES = frozenset({".gitattributes", ".gitmodules", ".gitconfig", ".mailmap"})
START_UP = frozenset({"sitecustomize.py", "usercustomize.py"})
RESERVED = frozenset(
    {"con", "prn", "aux", "nul", *(f"com{n}" for n in range(1, 10)), *(f"lpt{n}" for n in range(1, 10))}
)
LONGEST = 200


def entries(gate: Gate) -> Iterator[Problem]:
    """Links, submodules, binaries, files that git or Python obey without being asked, mode changes."""
    for change in gate.changes:
        if change.action == "delete":
            continue
        path = change.path
        if change.mode == LINK:
            yield Problem("link", path, 0, "a symbolic link cannot be reviewed as what it points to")
        elif change.mode == SUBMODULE:
            yield Problem("submodule", path, 0, "a submodule brings code that is not in this change")
        elif change.binary:
            yield Problem("binary", path, 0, "a binary file cannot be reviewed", _by(gate))
        elif change.action == "type":
            yield Problem("mode", path, 0, "the kind or mode of the file changes", _by(gate))
        if path.name.lower() in GIT_FILES:
            yield Problem("git-file", path, 0, "git itself obeys this file", _by(gate))
        if path.name.lower() in START_UP or path.suffix.lower() == ".pth":
            yield Problem("start-up", path, 0, "Python runs this file at every start")


def names(gate: Gate) -> Iterator[Problem]:
    """Names that deceive a reader, a file system or a tool."""
    for path in sorted({p for change in gate.changes for p in change.paths}):
        if why := _bad_name(path):
            yield Problem("name", path, 0, why)
    added = {c.path for c in gate.changes if c.action in {"add", "rename"}}
    if not added:
        return
    known: dict[str, PurePosixPath] = {}
    for path in sorted(gate.repo.files(gate.head.sha)):
        folded = unicodedata.normalize("NFKC", str(path)).casefold()
        other = known.setdefault(folded, path)
        if other != path and (path in added or other in added):
            yield Problem("name", path, 0, f"differs from {other} only in case or in the form of its characters")


def _bad_name(path: PurePosixPath) -> str:
    for part in path.parts:
        if part == ".." or path.is_absolute():
            return "leaves the tree"
        if unicodedata.normalize("NFKC", part).casefold().rstrip(" .") in {".git", "git~1"}:
            return "names git's own folder"
        if any(unicodedata.category(c) in HIDDEN for c in part):
            return "has a control, bidirectional or zero-width character in its name"
        if any(c in part for c in '\\:*?"<>|') or part != part.strip() or part.endswith(".") or part.startswith("-"):
            return "has a name that a shell or another system reads differently"
        if part.split(".")[0].lower() in RESERVED or len(part) > LONGEST:
            return "has a name that not every system can hold"
    return ""


def hidden_characters(gate: Gate) -> Iterator[Problem]:
    """Characters in added lines that a reader cannot see, or that turn the reading direction."""
    for change in gate.changes:
        content = None if change.action == "delete" or change.binary else text(gate.head, change.path)
        if content is None:
            continue
        lines = content.split("\n")
        old = set((text(gate.base, change.old_path) or "").split("\n"))
        for number in _numbers(change, len(lines)):
            line = lines[number - 1]
            found = next((c for c in line if unicodedata.category(c) in HIDDEN and c not in "\t\r\f"), None)
            if found is not None and line not in old and not (number == 1 and found == "\ufeff"):
                name = unicodedata.name(found, f"U+{ord(found):04X}")
                yield Problem("hidden-character", change.path, number, f"the line holds an unseen character: {name}")
                break


def _numbers(change: FileChange, count: int) -> Iterator[int]:
    if not change.lines:
        yield from range(1, count + 1)
    for first, last in change.lines:
        yield from range(max(1, first), min(last, count) + 1)


def size(gate: Gate) -> Iterator[Problem]:
    """The charter's bounds on one change of the engine. People's own changes have none."""
    quotas = gate.charter.quotas
    lines = sum(c.added + c.removed for c in gate.changes)
    here = PurePosixPath()
    if gate.by_engine and lines > quotas.max_lines:
        yield Problem("size", here, 0, f"{lines} changed lines, at most {quotas.max_lines} are allowed")
    if gate.by_engine and len(gate.changes) > quotas.max_files:
        yield Problem("size", here, 0, f"{len(gate.changes)} changed files, at most {quotas.max_files} are allowed")


def _by(gate: Gate) -> Status:
    """What the engine may not do, people may once another person has looked."""
    return Status.FAIL if gate.by_engine else Status.PENDING
