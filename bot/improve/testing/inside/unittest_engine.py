"""A worker for interpreters that have no usable pytest: runs tests with unittest, same records."""

from __future__ import annotations

import importlib
import time
import unittest
from collections.abc import Callable, Iterator
from typing import Any

from . import integrity
from .honesty import always_equal, digest
from .tracing import Tracer

TEXT = 1500
Emit = Callable[[dict[str, Any]], None]


def run(job: dict[str, Any], plan: dict[str, Any], emit: Emit) -> int:
    """Run the files' tests, or those wanted among them."""
    wanted = plan["wanted"]
    tracer = Tracer(job["root"], job["coverage"] if plan["traced"] else None)
    tests = [test for path in plan["files"] for test in _load(path, emit)]
    tests = [test for test in tests if wanted is None or test.id() in wanted]
    ids = [test.id() for test in tests]
    emit({"e": "collected", "selected": ids})
    if not job["collect_only"]:
        result = Result(emit, job["root"], tracer)
        unittest.TestSuite(tests).run(result)
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
    """Tells each test's outcome as it ends."""

    def __init__(self, emit: Emit, root: str, tracer: Tracer) -> None:
        super().__init__()
        self.emit, self.root, self.tracer = emit, root, tracer
        self.outcome, self.text, self.began = "passed", "", 0.0

    def startTest(self, test: Any) -> None:  # noqa: N802  (unittest's name)
        super().startTest(test)
        self.outcome, self.text, self.began = "passed", "", time.perf_counter()
        self.emit({"e": "start", "id": test.id()})
        self.tracer.switch(test.id())

    def stopTest(self, test: Any) -> None:  # noqa: N802  (unittest's name)
        super().stopTest(test)
        self.tracer.switch("")
        body = getattr(test, getattr(test, "_testMethodName", ""), None)
        record = {"e": "test", "id": test.id(), "outcome": self.outcome, "text": self.text}
        seconds = round(time.perf_counter() - self.began, 4)
        self.emit(dict(record, seconds=seconds, digest=digest(body, self.root)))

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
