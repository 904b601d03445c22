"""A worker that runs tests with pytest and tells the supervisor one record a test."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest

from . import integrity
from .cost import again, cpu_seconds
from .honesty import always_equal, digest
from .io_count import TESTS
from .tracing import Tracer

TEXT = 1500
Emit = Callable[[dict[str, Any]], None]


def run(job: dict[str, Any], plan: dict[str, Any], emit: Emit) -> int:
    """Run the files' tests, or those wanted among them. The exit code is for people: records are what counts."""
    output = quiet()
    tracer = Tracer(job["root"], measured=bool(job["coverage"] and plan["traced"]))
    reporter = Reporter(emit, plan["wanted"], job, tracer, passes=plan.get("passes", 1))
    share = [Share(*plan["share"])] if "share" in plan else []
    code = int(pytest.main([*job["args"], *plan["files"]], plugins=[*extensions(job), *share, reporter]))
    reporter.finish()
    said = _tail(output) if code in (3, 4) else ""
    emit({"e": "end", "code": code, "text": said})
    return 0


def extensions(job: dict[str, Any]) -> list[Any]:
    """The environment's plugins, loaded already; as objects, since pytest would compile named ones anew."""
    return [sys.modules[name] for name in job["plugins"]]


def quiet() -> int:
    """Send what is printed to a file of our own; only its end is ever shown."""
    handle, name = tempfile.mkstemp(prefix="output-")
    Path(name).unlink()
    null = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((null, 0), (handle, 1), (handle, 2)):
        os.dup2(source, target)
    return handle


def _tail(handle: int) -> str:
    sys.stdout.flush()
    sys.stderr.flush()
    size = os.fstat(handle).st_size
    return os.pread(handle, TEXT, max(0, size - TEXT)).decode("utf-8", "replace")


class Reporter:
    """The plugin. `failed` over `skipped` over `passed`, whichever phase said it; a test without a call is no pass."""

    def __init__(
        self, emit: Emit, wanted: list[str] | None, job: dict[str, Any], tracer: Tracer, *, passes: int = 1
    ) -> None:
        self.emit, self.tracer = emit, tracer
        self.passes = passes
        """How often all tests run, if they are quick; the last time is reported, with the least that each has cost."""
        self.spent, self.least = 0.0, dict[str, float]()
        self.root: str = job["root"]
        self.collect_only: bool = job["collect_only"]
        self.wanted = None if wanted is None else set(wanted)
        self.ids: list[str] = []
        self.phases: dict[str, list[Any]] = {}
        self.digests: dict[str, str | None] = {}
        self.bent: set[str] = set()

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: Any, items: list[Any]) -> None:
        kept = [item for item in items if self.wanted is None or str(item.nodeid) in self.wanted]
        left = [item for item in items if self.wanted is not None and str(item.nodeid) not in self.wanted]
        if left:
            config.hook.pytest_deselected(items=left)
        items[:] = kept
        self.ids = list(dict.fromkeys(str(item.nodeid) for item in kept))
        self.emit({"e": "collected", "selected": self.ids})

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            self.emit({"e": "collect_error", "id": str(report.nodeid), "text": str(report.longrepr)[-TEXT:]})

    def pytest_internalerror(self, excrepr: Any) -> None:
        self.emit({"e": "internal", "text": str(excrepr)[-TEXT:]})

    def pytest_runtestloop(self, session: Any) -> bool | None:
        if self.collect_only:
            return True
        for _ in again(self.passes):
            self._pass(session.items)
        return None

    def _pass(self, items: list[Any]) -> None:
        said, self.emit = self.emit, lambda _record: None
        for item, after in zip(items, [*items[1:], *items[:1]], strict=True):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=None if after is item else after)
        self.emit = said

    def pytest_runtest_logstart(self, nodeid: Any) -> None:
        self.phases[str(nodeid)] = []
        self.emit({"e": "start", "id": str(nodeid)})
        self.tracer.switch(str(nodeid))
        TESTS.begin()
        self.spent = cpu_seconds()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_teardown(self, item: Any) -> None:
        self.bent.update(integrity.replaced(everything=False))
        self.digests[str(item.nodeid)] = digest(getattr(item, "obj", None), self.root)

    def pytest_runtest_logreport(self, report: Any) -> None:
        self.phases.setdefault(str(report.nodeid), []).append(report)

    def pytest_runtest_logfinish(self, nodeid: Any) -> None:
        cpu, name = cpu_seconds() - self.spent, str(nodeid)
        io = TESTS.end(name)
        self.tracer.switch("")
        self.least[name] = min(cpu, self.least.get(name, cpu))
        reports = self.phases.pop(name, [])
        text = next((str(r.longrepr)[-TEXT:] for r in reports if r.failed), "")
        seconds = sum(float(r.duration) for r in reports)
        record = {"e": "test", "id": name, "outcome": outcome(reports), "seconds": round(seconds, 4), "text": text}
        self.emit(dict(record, cpu=round(self.least[name], 6), io=io, digest=self.digests.pop(name, None)))

    def outcome_of(self, test: str) -> str:
        """How a test that has just finished ended; forgets its reports."""
        return outcome(self.phases.pop(test, []))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: Any) -> None:
        if self.ids and not self.collect_only:
            self.emit({"e": "canary", "honest": _canary(session)})

    def finish(self) -> None:
        """After the last test: what ran, and who is equal to everybody."""
        self.tracer.switch("")
        self.tracer.report(self.emit, self.ids)
        if not self.collect_only:
            self.bent.update(integrity.replaced(everything=True))
            self.emit({"e": "always_equal", "names": always_equal(self.root)})
            self.emit({"e": "bent", "names": sorted(self.bent)[:50]})


def outcome(reports: list[Any]) -> str:
    """One word for a test's reports."""
    for report in reports:
        if report.failed:
            return "failed" if report.when == "call" else "error"
    for report in reports:
        if report.skipped:
            return "xfailed" if hasattr(report, "wasxfail") else "skipped"
    called = [report for report in reports if report.when == "call"]
    if not called:
        return "error"
    return "xpassed" if hasattr(called[0], "wasxfail") else "passed"


class Share:
    """Leaves the files to other workers that are not this one's. Each worker deals all of them out, in the same order.

    By size, which is what is known of a file before it runs. What the repository itself ignores is not dealt out.
    """

    def __init__(self, own: int, of: int) -> None:
        self.own = own
        self.loads = [0] * of
        self.dealt: dict[Path, int] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_ignore_collect(self, collection_path: Path) -> Generator[None, bool | None, bool | None]:
        ignored = yield
        if ignored or not collection_path.is_file():
            return ignored
        if collection_path not in self.dealt:
            lightest = self.loads.index(min(self.loads))
            self.loads[lightest] += collection_path.stat().st_size
            self.dealt[collection_path] = lightest
        return ignored if self.dealt[collection_path] == self.own else True


class Canary(pytest.Item):
    """A test that must fail. Where it does not, reports cannot be believed."""

    def runtest(self) -> None:
        assert self.name == Canary  # type: ignore[comparison-overlap]  # noqa: S101  (false on purpose)

    def reportinfo(self) -> Any:
        return self.path, 0, self.name

    def repr_failure(self, excinfo: Any, style: Any = None) -> str:  # noqa: ARG002  (pytest's own shape)
        return "as it should"  # nobody reads it, and telling its story would be a third of a short run


def _canary(session: Any) -> bool:
    """Whether a failing test is still reported as failing after all that ran."""
    from _pytest.runner import runtestprotocol  # noqa: PLC0415  (the machinery in use, as it is now)

    session._setupstate.teardown_exact(None)
    reports = runtestprotocol(Canary.from_parent(session, name="canary"), log=False)
    return outcome(reports) == "failed"
