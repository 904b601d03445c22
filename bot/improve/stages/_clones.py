"""Duplication: runs of lines that a change adds although the product already has them."""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from bot.improve.doors import Gate, Workspace
from bot.improve.stages._problems import Problem
from bot.improve.stages._source import text

WINDOW = 12
"""Lines of code that count as a clone."""
QUOTES = ('"""', "'''")
LEFT_OUT = ("#", '"""', "'''", "import ", "from ", "@", ")", "]", "}")

Line = tuple[int, str]


def clones(gate: Gate) -> Iterator[Problem]:
    """Windows of head that base had less often and that stand in head at least twice; one problem for each run."""
    changed = [c for c in gate.changed() if not gate.profile.is_test(c.path)]
    if not changed:
        return
    before, after = _product(gate, gate.base), _product(gate, gate.head)
    old = Counter(w for lines in before.values() for _, w in _windows(lines))
    places: dict[str, list[tuple[PurePosixPath, int]]] = {}
    for path, lines in after.items():
        for number, window in _windows(lines):
            places.setdefault(window, []).append((path, number))
    for change in changed:
        last = -WINDOW
        for at, (number, window) in enumerate(_windows(after.get(change.path, []))):
            others = [p for p in places[window] if p != (change.path, number)]
            touched = not change.lines or any(first <= number + WINDOW and number <= end for first, end in change.lines)
            if others and touched and len(places[window]) > max(1, old[window]) and at - last >= WINDOW:
                last = at
                path, line = others[0]
                yield Problem("duplication", change.path, number, f"{WINDOW} lines or more stand at {path}:{line} too")


def _product(gate: Gate, work: Workspace) -> Mapping[PurePosixPath, list[Line]]:
    sha = work.sha
    paths = [p for p in gate.repo.files(sha) if p.suffix == ".py" and not gate.profile.is_test(p)]
    return {path: _code(text(work, path)) for path in paths}


def _code(source: str | None) -> list[Line]:
    """Lines of code without layout, comments, imports and texts in triple quotes: cheap, for every file of the tree."""
    lines: list[Line] = []
    quoted = ""
    for number, raw in enumerate((source or "").split("\n"), start=1):
        line = raw.strip()
        if quoted:
            quoted = "" if quoted in line else quoted
        elif opened := next((q for q in QUOTES if line.count(q) % 2), ""):
            quoted = opened
        elif line and not line.startswith(LEFT_OUT):
            lines.append((number, "".join(line.split("  #")[0].split())))
    return lines


def _windows(lines: list[Line]) -> Iterator[tuple[int, str]]:
    for at in range(len(lines) - WINDOW + 1):
        part = lines[at : at + WINDOW]
        if len({line for _, line in part}) >= WINDOW * 2 // 3:
            yield part[0][0], "\n".join(line for _, line in part)
