"""Reads the report that the warden signed. An exit code makes no run good; the referee's own may make it none."""

import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from bot.core.sandbox import Finished
from bot.improve.testing.results import Fate, FileLines, Result, Run, joined

LARGEST = 64 * 1024 * 1024
TEXT = 2000


class Forged(Exception):  # noqa: N818  (reads as what it says)
    """The report is not what the warden wrote."""


def read(path: Path, secret: bytes, finished: Finished) -> Run:
    """The run that this report tells of. A missing, torn or forged report is a run with nothing but its reason."""
    timed_out = finished.timed_out or bool(finished.limit)
    try:
        records = list(_records(path, secret))
    except Forged as error:
        ended = f"ended by the limit {finished.limit or 'seconds'}" if timed_out else f"exit code {finished.code}"
        detail = finished.err[-TEXT:].decode(errors="replace").strip()
        if timed_out:
            return Run(problems={"run": ended}, timed_out=True, seconds=finished.seconds)
        return Run(problems={"run": f"{error} ({ended}) {detail}".strip()}, tampered=(), seconds=finished.seconds)
    run = _fold(records, finished.seconds, timed_out)
    if finished.code and not timed_out:
        # Whoever starts the workers died: what was not told by then is not known, and is not "there are no tests".
        detail = finished.err[-TEXT:].decode(errors="replace").strip()
        told = f"the referee ended with exit code {finished.code} {detail}".strip()
        return replace(run, problems={**run.problems, "run": told})
    return run


def _records(path: Path, secret: bytes) -> Iterator[Mapping[str, Any]]:
    """Every record, in order. Raises Forged unless each line is signed, numbered and the last one closes."""
    if path.is_symlink() or not path.is_file():
        raise Forged("the run left no report")
    if path.stat().st_size > LARGEST:
        raise Forged("the report is too large")
    number, last = 0, ""
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        mac, _, body = line.partition(b" ")
        expected = hmac.new(secret, body, hashlib.sha256).hexdigest().encode()
        if not hmac.compare_digest(mac, expected) or not body.startswith(b"%d " % number):
            raise Forged(f"line {number} of the report was not written by the referee")
        record = json.loads(body.partition(b" ")[2])
        last = record["e"]
        yield record
    if last != "closed":
        raise Forged(f"the report breaks off after {number} lines")


def _fold(records: Iterable[Mapping[str, Any]], seconds: float, timed_out: bool) -> Run:
    state = _State()
    for record in records:
        handler = getattr(state, f"on_{record['e']}", None)
        if handler is not None:
            handler(record)
    if not state.canaries and state.tests:
        state.tampered["no worker lived to show that a failing test is reported as failing"] = None
    return Run(
        state.tests,
        tuple(state.collected),
        state.files,
        state.problems,
        tuple(state.tampered),
        tuple(sorted(state.always_equal)),
        timed_out or state.late,
        seconds,
        state.mutants,
    )


class _State:
    """Folds records into the parts of a run; one method per kind of record."""

    def __init__(self) -> None:
        self.tests: dict[str, Result] = {}
        self.collected: dict[str, None] = {}
        self.files: dict[str, FileLines] = {}
        self.problems: dict[str, str] = {}
        self.tampered: dict[str, None] = {}
        self.always_equal: set[str] = set()
        self.mutants: dict[str, Fate] = {}
        self.canaries = 0
        self.late = False
        self._selected: dict[int, list[str]] = {}

    def on_collected(self, record: Mapping[str, Any]) -> None:
        self._selected[record["shard"]] = record["selected"]
        self.collected.update(dict.fromkeys(record["selected"]))

    def on_test(self, record: Mapping[str, Any]) -> None:
        text, digest = str(record.get("text") or "")[-TEXT:], str(record.get("digest") or "")
        seconds, cpu = float(record["seconds"]), float(record.get("cpu", 0.0))
        moved, calls = record.get("io") or (-1, -1)
        self.tests[record["id"]] = Result(record["outcome"], seconds, text, digest, cpu, int(moved), int(calls))

    def on_mutant(self, record: Mapping[str, Any]) -> None:
        fate = Fate(str(record["outcome"]), str(record.get("by", ""))[:TEXT], float(record["seconds"]))
        self.mutants[str(record["id"])] = fate

    def on_unrun(self, record: Mapping[str, Any]) -> None:
        self.late = self.late or bool(record["late"])
        for name in record["ids"]:
            self.tests[name] = Result("unrun", text="not reached")

    def on_collect_error(self, record: Mapping[str, Any]) -> None:
        self.problems[str(record["id"]) or "run"] = str(record["text"])[-TEXT:]

    def on_internal(self, record: Mapping[str, Any]) -> None:
        self.problems["run"] = str(record["text"])[-TEXT:]

    def on_end(self, record: Mapping[str, Any]) -> None:
        if record["code"] in (3, 4):
            self.problems.setdefault(
                "run", f"the test runner stopped (code {record['code']}): {record['text'][-TEXT:]}"
            )

    def on_tampered(self, record: Mapping[str, Any]) -> None:
        self.tampered[str(record["text"])[:TEXT]] = None

    def on_canary(self, record: Mapping[str, Any]) -> None:
        self.canaries += 1
        if not record["honest"]:
            self.tampered["a test that must fail was reported as passing"] = None

    def on_always_equal(self, record: Mapping[str, Any]) -> None:
        self.always_equal.update(str(name)[:200] for name in record["names"])

    def on_bent(self, record: Mapping[str, Any]) -> None:
        self.always_equal.update(f"replaces {name}"[:200] for name in record["names"])

    def on_lines(self, record: Mapping[str, Any]) -> None:
        names = self._selected.get(record["shard"], [])
        by = {names[int(number)]: ran for number, ran in record["by"].items() if int(number) < len(names)}
        lines, path = FileLines(record["executed"], by), record["file"]
        self.files[path] = joined(self.files[path], lines) if path in self.files else lines
