"""A worker that judges mutants with pytest."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest

from . import mutants
from .pytest_engine import Reporter, extensions, quiet
from .tracing import Tracer

Emit = Callable[[dict[str, Any]], None]


def run(job: dict[str, Any], plan: dict[str, Any], emit: Emit) -> int:
    """Judge this part's mutants: in place where that is possible, the others with a fresh import."""
    quiet()
    if plan["fresh"]:
        mutants.each(plan["mutants"], lambda mutant: _fresh(job, plan, mutant), emit)
    else:
        pytest.main(["--tb=native", *job["args"], *plan["files"]], plugins=[*extensions(job), Judge(job, plan, emit)])
    emit({"e": "end", "code": 0, "text": ""})
    return 0


class Judge(Reporter):
    """Collects once, then forks for the control run and for every mutant."""

    def __init__(self, job: dict[str, Any], shard: dict[str, Any], emit: Emit) -> None:
        super().__init__(emit, shard["wanted"], job, Tracer(job["root"], measured=False))
        self.say, self.mutants = emit, shard["mutants"]
        self.results: dict[str, str] = {}
        self.items: dict[str, Any] = {}
        self.sound: set[str] = set()

    def pytest_runtestloop(self, session: Any) -> bool:
        """The unmutated tests first: only those that hold here can accuse a mutant."""
        self.emit = lambda _record: None
        self.items = {str(item.nodeid): item for item in session.items}
        control = {"id": "control", "seconds": sum(m["seconds"] for m in self.mutants) + 30, "tests": list(self.items)}
        mutants.each([control], self._control, self._controlled)
        mutants.each(self.mutants, self._attempt, self.say)
        return True

    def _controlled(self, record: dict[str, Any]) -> None:
        if record["e"] == "mutant":
            self.sound = set(record.get("sound", ()))
            self.say({"e": "control", "unsound": sorted(set(self.items) - self.sound)})

    def _control(self, mutant: dict[str, Any]) -> dict[str, Any]:
        for test in mutant["tests"]:
            self._one(test)
        return {"outcome": "control", "sound": [t for t, how in self.results.items() if how in _HELD]}

    def _attempt(self, mutant: dict[str, Any]) -> dict[str, Any]:
        pairs = mutants.live_patches(mutant)
        if pairs is None or not mutants.patch(pairs):
            return {"outcome": "needs import"}
        tests = [test for test in mutant["tests"] if test in self.sound]
        for test in tests:
            if self._one(test) not in _HELD:
                return {"outcome": "killed", "by": test}
        return {"outcome": "survived" if tests else "untested"}

    def _one(self, test: str) -> str:
        item = self.items[test]
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
        return self.results.get(test, "error")

    def pytest_runtest_logfinish(self, nodeid: Any) -> None:
        name = str(nodeid)
        self.results[name] = self.outcome_of(name)


_HELD = frozenset({"passed", "xpassed", "xfailed"})


class First:
    """Stops at the first test that does not hold, and remembers it."""

    def __init__(self) -> None:
        self.by, self.held = "", 0

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed and not self.by:
            self.by = str(report.nodeid)
        self.held += report.when == "call" and report.passed

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed and not self.by:
            self.by = f"collection of {report.nodeid}"


def _fresh(job: dict[str, Any], shard: dict[str, Any], mutant: dict[str, Any]) -> dict[str, Any]:
    """In a process that has nothing of the checkout loaded yet."""
    mutants.install(mutant)
    first = First()
    silent = Reporter(lambda _record: None, mutant["tests"], job, Tracer(job["root"], measured=False))
    files = sorted({test.partition("::")[0] for test in mutant["tests"]}) or shard["files"]
    code = pytest.main(
        ["-x", "--tb=native", *job["args"], *[os.path.normpath(f) for f in files]],
        plugins=[*extensions(job), silent, first],
    )
    if first.by or int(code) in (1, 2, 3):
        return {"outcome": "killed", "by": first.by or "collection"}
    return {"outcome": "survived" if first.held else "untested"}
