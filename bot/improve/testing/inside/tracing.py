"""Which lines each test ran, by marks in the code of the product."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from importlib.machinery import SourceFileLoader
from operator import or_
from types import CodeType
from typing import Any

from .compiled import with_marks
from .probes import Ran, bind


class Lines:
    """The lines of one file: `ran` since somebody last asked, and those of each test and of nobody.

    Many tests run the same lines of a file: equal ones are kept once.
    """

    def __init__(self, size: int, implied: Sequence[tuple[int, int, int]]) -> None:
        self.ran, self.implied = Ran(size), implied
        self.nothing = bytes(size)
        self.seen: dict[bytes, bytes] = {}
        self.by: dict[str, bytes] = {}

    def take(self, test: str) -> None:
        """What ran until now belongs to this test."""
        found, self.ran[:] = bytes(self.ran), self.nothing
        if test in self.by:
            found = bytes(map(or_, found, self.by[test]))
        self.by[test] = self.seen.setdefault(found, found)

    def numbers(self, ran: bytes) -> set[int]:
        """The lines, with those that no mark stands before."""
        lines = {line for line, hit in enumerate(ran) if hit}
        for mark, first, last in self.implied:
            if ran[mark]:
                lines.update(range(first, last + 1))
        return lines


class Tracer:
    """Off when the job asks for no lines. Paths in records are relative to the checkout."""

    def __init__(self, root: str, *, measured: bool) -> None:
        self.root, self.test = root, ""
        self.files: dict[str, Lines] = {}
        if measured:
            _active.append(self)

    def load(self, source: bytes, path: str, folder: str) -> CodeType:
        """The code of a file, with marks that write here. A file that is loaded twice goes on where it was."""
        made = with_marks(folder, source, path)
        known = self.files.get(path)
        if known is None or len(known.ran) != made.size:
            known = self.files[path] = Lines(made.size, made.implied)
        return bind(made.code, known.ran)

    def switch(self, test: str) -> None:
        """What runs from now on belongs to this test; the empty name is nobody's (imports)."""
        for lines in list(self.files.values()):
            if 1 in lines.ran:
                lines.take(self.test)
        self.test = test

    def report(self, emit: Callable[[dict[str, Any]], None], tests: list[str]) -> None:
        """One record a file: all lines that ran, and those of each test by its index in `tests`."""
        self.switch("")
        for path, lines in sorted(self.files.items()):
            numbers = {ran: lines.numbers(ran) for ran in lines.seen}
            shown = {ran: ranges(found) for ran, found in numbers.items()}
            by = {str(number): shown[lines.by[name]] for number, name in enumerate(tests) if name in lines.by}
            whole = ranges(set[int]().union(*numbers.values()))
            if whole:
                emit({"e": "lines", "file": os.path.relpath(path, self.root), "executed": whole, "by": by})


_active: list[Tracer] = []


def install(job: dict[str, Any]) -> None:
    """Let the imports of product files go to the worker's tracer, once it has one.

    Bytecode that lies beside such a file is not looked at: it would run unseen, and be what the source is not.
    """
    sources = [os.path.realpath(os.path.join(job["root"], source)) for source in job["coverage"]]  # noqa: PTH118
    tests = [os.path.realpath(os.path.join(job["root"], test)) for test in job["tests"]]  # noqa: PTH118
    compiles, stats = SourceFileLoader.source_to_code, SourceFileLoader.path_stats

    def measured(path: object) -> bool:
        return bool(_active) and isinstance(path, str) and _is_product(os.path.realpath(path), sources, tests)

    def source_to_code(self: SourceFileLoader, data: Any, path: Any, *args: Any, **more: Any) -> Any:
        if isinstance(data, bytes) and measured(path):
            return _active[-1].load(data, path, job["compiled"])
        return compiles(self, data, path, *args, **more)

    def path_stats(self: SourceFileLoader, path: str) -> Any:
        if measured(path):
            raise OSError("no bytecode of a file whose lines are measured")
        return stats(self, path)

    SourceFileLoader.source_to_code = source_to_code  # type: ignore[method-assign,assignment]
    SourceFileLoader.path_stats = path_stats  # type: ignore[method-assign]


def _is_product(path: str, sources: list[str], tests: list[str]) -> bool:
    """Whether a file belongs to these files and folders and not to the tests (as `Profile.is_test` says)."""
    name = path.rpartition(os.sep)[2]
    if name.startswith("test_") or name.endswith("_test.py") or name == "conftest.py":
        return False
    return _below(path, sources) and not _below(path, tests)


def _below(path: str, places: list[str]) -> bool:
    return any(path == place or path.startswith(place + os.sep) for place in places)


def ranges(lines: Iterable[int]) -> str:
    """Numbers as text: `1-3,7`."""
    parts: list[str] = []
    start = last = -1
    for line in sorted(line for line in lines if line > 0):
        if line != last + 1 or start < 0:
            if start >= 0:
                parts.append(_span(start, last))
            start = line
        last = line
    if start >= 0:
        parts.append(_span(start, last))
    return ",".join(parts)


def _span(start: int, last: int) -> str:
    return str(start) if start == last else f"{start}-{last}"
