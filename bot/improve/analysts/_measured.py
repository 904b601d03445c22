"""The coverage map that an earlier run of the suite left in the gate's cache."""

from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from bot.core.change import Severity
from bot.improve.doors import Workspace
from bot.improve.testing.baseline import load
from bot.improve.testing.results import FileLines

ENOUGH = 0.9
"""Share of the lines that tests must run: V-8 asks as much of a change."""


def measured(work: Workspace, cache: Path | None) -> Mapping[str, FileLines]:
    """What the tests of this very tree run, by path; empty where nothing was measured."""
    kept = sorted((cache / "tests").glob(f"{work.tree}-*.json.gz")) if cache else []
    runs = [run for run in map(load, kept) if run is not None]
    return runs[0].files if runs else {}


def worth(known: Mapping[str, FileLines], path: PurePosixPath, lines: Iterable[int]) -> Severity:
    """MEDIUM for code that the tests run, so that a rewrite of it can be proved; LOW for other code."""
    wanted = frozenset(lines)
    file = known.get(str(path))
    ran = len(wanted & file.lines()) if file is not None else 0
    return Severity.MEDIUM if wanted and ran >= ENOUGH * len(wanted) else Severity.LOW
