"""Runs workers, forked from a process that has the test runner loaded, and outlives whatever the tests do to them."""

from __future__ import annotations

import importlib
import json
import os
import selectors
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

from . import compiled, integrity, tracing
from .process import hide_memory

RESTARTS = 8
HELD = frozenset({"passed", "xpassed", "xfailed", "skipped"})
Emit = Callable[[dict[str, Any]], None]


def serve(job: dict[str, Any], sink: int) -> None:
    """Do the job, writing one JSON record a line to `sink`; never returns."""
    code = 1
    try:
        with os.fdopen(sink, "wb", buffering=0) as stream:
            Supervisor(job, lambda record: _write(stream.fileno(), record)).run()
        code = 0
    except BaseException as error:  # noqa: BLE001  (no code of the checkout runs here; why it ended is the evidence)
        os.write(2, f"{type(error).__name__}: {error}\n".encode("utf-8", "replace")[:500])
    finally:
        os._exit(code)


def _write(sink: int, record: dict[str, Any]) -> None:
    data = json.dumps(record).encode("ascii", "replace") + b"\n"
    while data:
        data = data[os.write(sink, data) :]


class Shard:
    """One worker at a time over one part of the tests."""

    def __init__(self, number: int, plan: dict[str, Any], restarts: int = 0) -> None:
        self.number, self.plan, self.restarts = number, plan, restarts
        self.seen: list[str] = []
        self.done: dict[str, str] = {}
        self.current: str | None = None
        self.ended = False
        self.pid = 0
        self.source = -1
        self.buffer = b""
        self.heard = 0.0
        self.token = os.urandom(16).hex()
        """Told to the worker alone: code that finds its pipe cannot write a record without it."""


class Supervisor:
    """Forks a worker per shard, passes its records on, and restarts it after a hanging or killing test."""

    def __init__(self, job: dict[str, Any], emit: Emit) -> None:
        self.job, self.emit = job, emit
        self.selector = selectors.DefaultSelector()
        self.deadline = time.monotonic() + job["seconds"]

    def run(self) -> None:
        _preload(self.job)
        for number, shard in enumerate(self.job["shards"]):
            self._start(Shard(number, shard))
        while self.selector.get_map():
            for key, _ in self.selector.select(0.2):
                self._read(key.data)
            for key in list(self.selector.get_map().values()):
                self._check_time(key.data)

    def _start(self, shard: Shard) -> None:
        source, sink = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(source)
            for key in list(self.selector.get_map().values()):
                os.close(key.data.source)
            _work(self.job, shard, sink)
        os.close(sink)
        shard.pid, shard.source, shard.buffer, shard.current, shard.ended = pid, source, b"", None, False
        shard.heard = time.monotonic()
        self.selector.register(source, selectors.EVENT_READ, shard)

    def _read(self, shard: Shard) -> None:
        data = os.read(shard.source, 1 << 16)
        if not data:
            self._over(shard, "died")
            return
        shard.heard = time.monotonic()
        *lines, shard.buffer = (shard.buffer + data).split(b"\n")
        for line in lines:
            self._take(shard, line)
        if shard.ended:
            self._over(shard, "ended")

    def _take(self, shard: Shard, line: bytes) -> None:
        """Pass one record on. What a worker may not say of a test, or says twice, is reported as tampering."""
        try:
            record = json.loads(line)
            kind, token = record["e"], record.pop("token")
        except (ValueError, KeyError, TypeError, AttributeError):
            kind, token = "", ""
        if token != shard.token:
            self.emit({"e": "tampered", "text": "somebody else than the referee wrote into its pipe"})
            return
        if kind == "start":
            shard.current = record["id"]
        elif kind == "test":
            if record["id"] in shard.done or record["id"] != shard.current:
                self.emit({"e": "tampered", "text": "a result was written out of turn: " + str(record["id"])[:200]})
                return
            shard.done[record["id"]], shard.current = record["outcome"], None
        elif kind == "collected":
            shard.seen = record["selected"]
        elif kind == "end":
            shard.ended = True
        self.emit(dict(record, shard=shard.number))

    def _check_time(self, shard: Shard) -> None:
        now = time.monotonic()
        if "mutants" in shard.plan:
            if now > self.deadline:
                self._over(shard, "timeout")
            return
        collecting = shard.current is None and not shard.done
        patience = self.job["collect_patience"] if collecting else self.job["patience"]
        if now - shard.heard > patience or now > self.deadline:
            self._over(shard, "timeout")

    def _over(self, shard: Shard, how: str) -> None:
        """The worker is gone or is to go: name what it was doing, and go on with the rest in a new one."""
        self.selector.unregister(shard.source)
        os.close(shard.source)
        code = _end(shard.pid)
        if shard.ended or "mutants" in shard.plan:
            self._stop_all(shard)
            return
        if shard.current is not None:
            shard.done[shard.current] = how
            record = {"e": "test", "id": shard.current, "outcome": how, "seconds": 0.0, "shard": shard.number}
            self.emit(dict(record, text=f"the process ended with code {code}" if how == "died" else ""))
        elif not shard.seen:
            text = "did not end" if how == "timeout" else f"the process ended (code {code}) while tests were collected"
            self.emit({"e": "collect_error", "id": ",".join(shard.plan["files"])[:400], "text": text})
            return
        rest = [name for name in shard.seen if name not in shard.done]
        late = time.monotonic() > self.deadline
        if rest and (late or shard.restarts >= RESTARTS):
            self.emit({"e": "unrun", "ids": rest, "late": late})
        elif rest:
            self._start(Shard(shard.number, dict(shard.plan, wanted=rest), shard.restarts + 1))

    def _stop_all(self, shard: Shard) -> None:
        """Where the first part decides and has failed, the rest is not worth its time."""
        tolerated = self.job["decides"]
        if tolerated is None or shard.number or all(how in HELD or t in tolerated for t, how in shard.done.items()):
            return
        for key in list(self.selector.get_map().values()):
            self.selector.unregister(key.data.source)
            os.close(key.data.source)
            _end(key.data.pid)


def _end(pid: int) -> int:
    """Kill a worker's whole group and reap it. Its exit code, negative for a signal."""
    for send in (os.killpg, os.kill):
        try:
            send(pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            continue
    _, status = os.waitpid(pid, 0)
    return os.WEXITSTATUS(status) if os.WIFEXITED(status) else -os.WTERMSIG(status)


def _preload(job: dict[str, Any]) -> None:
    """Import the runner once, before anything of the checkout is importable; workers inherit it by fork."""
    sys.path.extend(job["kit"])
    for name in ["pytest", *job["plugins"]] if job["engine"] == "pytest" else []:
        importlib.import_module(name)
    if job["compiled"]:
        compiled.install(job["compiled"])
    if job["coverage"]:
        tracing.install(job)
    integrity.remember()


def _signer(sink: int, token: str) -> Emit:
    return lambda record: _write(sink, dict(record, token=token))


def _work(job: dict[str, Any], shard: Shard, sink: int) -> None:
    """The worker's whole life; never returns."""
    code = 70
    try:
        os.setsid()
        hide_memory(False)
        os.chdir(job["root"])
        sys.path[:0] = job["roots"]
        emit = _signer(sink, shard.token)
        if "mutants" in shard.plan:
            from .mutant_engine import run  # noqa: PLC0415  (one of three)
        elif job["engine"] == "pytest":
            from .pytest_engine import run  # noqa: PLC0415  (needs pytest, which not every interpreter has)
        else:
            from .unittest_engine import run  # noqa: PLC0415  (one of three)
        code = run(job, shard.plan, emit)
    except BaseException as error:  # noqa: BLE001  (the judged code may raise anything; it is reported, then the worker ends)
        _signer(sink, shard.token)({"e": "internal", "text": repr(error)[:500]})
    finally:
        os._exit(code)
