"""Duplication: runs of lines that a change adds although the product already has them."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
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
    after = _product(gate, gate.head)
    windows = {change.path: list(_windows(after.get(change.path, []))) for change in changed}
    asked = {window for found in windows.values() for _, window in found}
    places: dict[str, list[tuple[PurePosixPath, int]]] = {}
    for path, number, window in _among(after, asked):
        places.setdefault(window, []).append((path, number))
    copied = {window for window, found in places.items() if len(found) > 1}
    old = Counter(w for _, _, w in _among(_product(gate, gate.base), copied)) if copied else Counter[str]()
    for change in changed:
        last = -WINDOW
        for at, (number, window) in enumerate(windows[change.path]):
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


@lru_cache(maxsize=4096)
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


def _among(
    product: Mapping[PurePosixPath, list[Line]], asked: Collection[str]
) -> Iterator[tuple[PurePosixPath, int, str]]:
    """Where these windows stand. Most lines begin none of them, which is what makes it quick."""
    first = {window.partition("\n")[0] for window in asked}
    for path, lines in product.items():
        for at in [i for i, (_, line) in enumerate(lines) if line in first]:
            for number, window in _windows(lines[at : at + WINDOW]):
                if window in asked:
                    yield path, number, window


def _windows(lines: list[Line]) -> Iterator[tuple[int, str]]:
    for at in range(len(lines) - WINDOW + 1):
        part = lines[at : at + WINDOW]
        if len({line for _, line in part}) >= WINDOW * 2 // 3:
            yield part[0][0], "\n".join(line for _, line in part)
