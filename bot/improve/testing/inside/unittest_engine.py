"""A worker for interpreters that have no usable pytest: runs tests with unittest, same records."""

from __future__ import annotations

import importlib
import time
import unittest
from collections.abc import Callable, Iterator
from typing import Any

from . import integrity
from .cost import again, cpu_seconds
from .honesty import always_equal, digest
from .io_count import TESTS
from .tracing import Tracer

TEXT = 1500
Emit = Callable[[dict[str, Any]], None]


def run(job: dict[str, Any], plan: dict[str, Any], emit: Emit) -> int:
    """Run the files' tests, or those wanted among them."""
    wanted = plan["wanted"]
    tracer = Tracer(job["root"], measured=bool(job["coverage"] and plan["traced"]))
    tests = [test for path in plan["files"] for test in _load(path, emit)]
    tests = [test for test in tests if wanted is None or test.id() in wanted]
    ids = [test.id() for test in tests]
    emit({"e": "collected", "selected": ids})
    if not job["collect_only"]:
        least: dict[str, float] = {}
        for _ in again(plan.get("passes", 1)):
            unittest.TestSuite(tests).run(Result(lambda _record: None, job["root"], tracer, least))
        unittest.TestSuite(tests).run(Result(emit, job["root"], tracer, least))
        emit({"e": "canary", "honest": _canary()})
        tracer.report(emit, ids)
        emit({"e": "always_equal", "names": always_equal(job["root"])})
        emit({"e": "bent", "names": integrity.replaced(everything=True)[:50]})
    emit({"e": "end", "code": 0, "text": ""})
    return 0


def _load(path: str, emit: Emit) -> Iterator[unittest.TestCase]:
    name = path[: -len(".py")].replace("/", ".")
    try:
        module = importlib.import_module(name)
    except BaseException as error:  # noqa: BLE001  (judged code may raise anything at import, SystemExit included)
        emit({"e": "collect_error", "id": path, "text": repr(error)[:TEXT]})
        return
    yield from _flat(unittest.defaultTestLoader.loadTestsFromModule(module))


def _flat(suite: Any) -> Iterator[unittest.TestCase]:
    if isinstance(suite, unittest.TestSuite):
        for part in suite:
            yield from _flat(part)
    else:
        yield suite


class Result(unittest.TestResult):
    """Tells each test's outcome as it ends. `least`: processor seconds that it took before, where it ran before."""

    def __init__(self, emit: Emit, root: str, tracer: Tracer, least: dict[str, float]) -> None:
        super().__init__()
        self.emit, self.root, self.tracer, self.least = emit, root, tracer, least
        self.outcome, self.text, self.began, self.spent = "passed", "", 0.0, 0.0

    def startTest(self, test: Any) -> None:  # noqa: N802  (unittest's name)
        super().startTest(test)
        self.outcome, self.text, self.began = "passed", "", time.perf_counter()
        self.emit({"e": "start", "id": test.id()})
        self.tracer.switch(test.id())
        TESTS.begin()
        self.spent = cpu_seconds()

    def stopTest(self, test: Any) -> None:  # noqa: N802  (unittest's name)
        super().stopTest(test)
        cpu = cpu_seconds() - self.spent
        io = TESTS.end(test.id())
        self.least[test.id()] = min(cpu, self.least.get(test.id(), cpu))
        self.tracer.switch("")
        body = getattr(test, getattr(test, "_testMethodName", ""), None)
        record = {"e": "test", "id": test.id(), "outcome": self.outcome, "text": self.text}
        seconds = round(time.perf_counter() - self.began, 4)
        spent = round(self.least[test.id()], 6)
        self.emit(dict(record, seconds=seconds, cpu=spent, io=io, digest=digest(body, self.root)))

    def addFailure(self, test: Any, err: Any) -> None:  # noqa: N802  (unittest's name)
        super().addFailure(test, err)
        self.outcome, self.text = "failed", self.failures[-1][1][-TEXT:]

    def addError(self, test: Any, err: Any) -> None:  # noqa: N802  (unittest's name)
        super().addError(test, err)
        self.outcome, self.text = "error", self.errors[-1][1][-TEXT:]

    def addSubTest(self, test: Any, subtest: Any, err: Any) -> None:  # noqa: N802  (unittest's name)
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.outcome, self.text = "failed", repr(err[1])[-TEXT:]

    def addSkip(self, test: Any, reason: str) -> None:  # noqa: N802  (unittest's name)
        super().addSkip(test, reason)
        self.outcome, self.text = "skipped", reason

    def addExpectedFailure(self, test: Any, err: Any) -> None:  # noqa: N802  (unittest's name)
        super().addExpectedFailure(test, err)
        self.outcome = "xfailed"

    def addUnexpectedSuccess(self, test: Any) -> None:  # noqa: N802  (unittest's name)
        super().addUnexpectedSuccess(test)
        self.outcome = "failed"


class Canary(unittest.TestCase):
    """A test that must fail. Where it does not, results cannot be believed."""

    def runTest(self) -> None:  # noqa: N802  (unittest's name)
        self.assertEqual(self, Canary)  # noqa: PT009  (unittest's own way is what it tries)


def _canary() -> bool:
    result = unittest.TestResult()
    Canary().run(result)
    return len(result.failures) == 1
