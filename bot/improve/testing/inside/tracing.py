"""Which lines each test ran, with coverage's tracer and one context a test."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any


def spare_rewriting() -> None:
    """Let pytest rewrite assertions untraced: that is its own work, and tracing makes it three times as long."""
    from _pytest.assertion import rewrite  # noqa: PLC0415  (only where pytest runs)

    name = "_rewrite_test"  # no hook surrounds it; where a version of pytest has none, it takes longer
    if hasattr(rewrite, name):
        setattr(rewrite, name, _untraced(getattr(rewrite, name)))


def _untraced(work: Callable[..., Any]) -> Callable[..., Any]:
    def quietly(*args: Any) -> Any:
        trace = sys.gettrace()
        sys.settrace(None)
        try:
            return work(*args)
        finally:
            sys.settrace(trace)

    return quietly


class Tracer:
    """Off when the job asks for no coverage. Paths in records are relative to the checkout."""

    def __init__(self, root: str, sources: list[str] | None) -> None:
        self.root = root
        self.coverage: Any = None
        self.test = ""
        self.by: dict[str, dict[str, str]] = {}
        """By file, the lines of each test."""
        self.executed: dict[str, set[int]] = {}
        if sources is not None:
            self.coverage = _start(root, sources)

    def switch(self, test: str) -> None:
        """What runs from now on belongs to this test; the empty name is nobody's (imports).

        Takes the lines from coverage's collector as they are: its own change of contexts goes through all files and
        all threads there ever were, and through a database, which takes as long as many a test.
        """
        if self.coverage is None:
            return
        for path, lines in list(self.coverage._collector.data.items()):
            if lines:
                ran = set(lines)
                lines.clear()
                self.executed.setdefault(path, set()).update(ran)
                if self.test:
                    self._add(path, ran)
        self.test = test

    def _add(self, path: str, ran: set[int]) -> None:
        by = self.by.setdefault(path, {})
        shown = ranges(ran)
        by[self.test] = _joined(by[self.test], shown) if self.test in by else shown

    def report(self, emit: Callable[[dict[str, Any]], None], tests: list[str]) -> None:
        """One record a file: all lines that ran, and those of each test by its index in `tests`."""
        if self.coverage is None:
            return
        self.coverage.stop()
        self.switch("")
        index = {name: number for number, name in enumerate(tests)}
        for path, lines in sorted(self.executed.items()):
            by = self.by.get(path, {})
            shown = {str(number): by[name] for name, number in index.items() if name in by}
            emit({"e": "lines", "file": os.path.relpath(path, self.root), "executed": ranges(lines), "by": shown})


def _joined(one: str, other: str) -> str:
    return ranges(number for text in (one, other) for number in _numbers(text))


def _numbers(text: str) -> Iterator[int]:
    for span in filter(None, text.split(",")):
        first, _, last = span.partition("-")
        yield from range(int(first), int(last or first) + 1)


def _start(root: str, sources: list[str]) -> Any:
    import coverage  # noqa: PLC0415  (only where the interpreter has it)

    include = [str(Path(root, source)) for source in sources]
    include += [path + "/*" for path in include if not path.endswith(".py")]
    tracer = coverage.Coverage(data_file=None, config_file=False, branch=False, include=include)
    tracer.start()
    return tracer


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
