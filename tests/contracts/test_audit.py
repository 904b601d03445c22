"""What any audit log must do: nothing is lost, and nothing can be changed without its being seen."""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.store.audit import FileAuditLog
from bot.adapters.store.entries import line_of
from bot.core.audit import GENESIS
from bot.core.ports import AuditLog

ROOT = Path(__file__).parents[2]
Lines = list[str]


class Kept:
    """A log of one kind: opened as often as one likes, and what lies in it, as an attacker has it before them."""

    def open(self) -> AuditLog:
        raise NotImplementedError

    def argv(self) -> list[str]:
        """How another process opens it."""
        raise NotImplementedError

    def lines(self) -> Lines:
        return [line_of(entry) for entry in self.open().entries()]

    def rewrite(self, lines: Sequence[str]) -> None:
        """Put others in place of what is there; the head stays."""
        raise NotImplementedError


@dataclass
class File(Kept):
    folder: Path

    def open(self) -> FileAuditLog:
        return FileAuditLog(self.folder / "deep" / "audit.jsonl")

    def argv(self) -> list[str]:
        return ["", str(self.folder / "deep" / "audit.jsonl")]

    def rewrite(self, lines: Sequence[str]) -> None:
        self.open().path.write_text("".join(f"{line}\n" for line in lines))


COLUMNS = ("number", "at", "actor", "act", "subject", "reason", "facts", "previous", "digest")


@dataclass
class Database(Kept):
    """Every one that is opened has a home of its own, as pods have."""

    url: str
    folder: Path
    run: Callable[[str], Any]
    off: Sequence[str]
    """Statements that put the triggers out of the way."""

    def __post_init__(self) -> None:
        self.made: list[Any] = []
        self._numbers = count()

    def open(self) -> AuditLog:
        from bot.adapters.store.sql.audit import SqlAuditLog
        from bot.adapters.store.sql.records import SqlRecords

        self.made.append(SqlRecords(self.url))
        return SqlAuditLog(self.made[-1].database, self.folder / f"home-{next(self._numbers)}" / "audit.witness")

    def argv(self) -> list[str]:
        return [self.url, str(self.folder / f"home-{next(self._numbers)}" / "audit.witness")]

    def rewrite(self, lines: Sequence[str]) -> None:
        for statement in (*self.off, "DELETE FROM audit_entries"):
            self.run(statement)
        for line in lines:
            row = json.loads(line)
            row["facts"] = json.dumps(row["facts"])
            values = ", ".join(str(row[name]) if name == "number" else f"'{row[name]}'" for name in COLUMNS)
            self.run(f"INSERT INTO audit_entries VALUES ({values})")


def in_a_file(_request: pytest.FixtureRequest, folder: Path) -> Kept:
    return File(folder)


def on_sqlite(_request: pytest.FixtureRequest, folder: Path) -> Kept:
    path = folder / "shared.db"

    def run(statement: str) -> None:
        with closing(sqlite3.connect(path)) as db, db:
            db.execute(statement)

    return Database(
        f"sqlite:///{path}", folder, run, [f"DROP TRIGGER audit_no_{verb}" for verb in ("update", "delete")]
    )


def on_postgresql(request: pytest.FixtureRequest, folder: Path) -> Kept:
    server = request.getfixturevalue("postgres")
    name = server.database()
    off = ["ALTER TABLE audit_entries DISABLE TRIGGER ALL"]
    return Database(server.url(name), folder, lambda statement: server.sql(statement, name), off)


LOGS = [in_a_file, *(pytest.param(one, marks=pytest.mark.integration) for one in (on_sqlite, on_postgresql))]


@pytest.fixture(params=LOGS)
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Kept]:
    found: Kept = request.param(request, tmp_path)
    yield found
    for one in getattr(found, "made", ()):
        one.close()


def test_an_empty_log_is_whole(kept: Kept) -> None:
    assert kept.open().verify().passed
    assert kept.open().entries() == []


def test_entries_are_chained_and_kept_in_order(kept: Kept) -> None:
    first = kept.open().append("ada", "stop", "everything", "why\u202e not", {"pull": "3"})
    second = kept.open().append("ada", "resume", "everything", "line\nline'); --", None)
    assert (first.number, second.number, second.previous) == (1, 2, first.digest)
    assert first.previous == GENESIS
    assert list(kept.open().entries()) == [first, second]
    assert (first.reason, first.facts) == ("why not", {"pull": "3"})
    assert second.reason == "line\nline'); --"
    assert kept.open().verify().passed


def test_writers_at_the_same_time_make_one_chain(kept: Kept) -> None:
    logs = [kept.open(), kept.open()]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: logs[n % 2].append("a", "act", str(n), "r"), range(20)))
    assert kept.open().verify().passed
    assert sorted(int(entry.subject) for entry in kept.open().entries()) == list(range(20))


WRITER = """
import sys
from pathlib import Path
url, path, name, count = sys.argv[1:]
if url:
    from bot.adapters.store.sql.audit import SqlAuditLog
    from bot.adapters.store.sql.records import SqlRecords
    log = SqlAuditLog(SqlRecords(url).database, Path(path))
else:
    from bot.adapters.store.audit import FileAuditLog
    log = FileAuditLog(Path(path))
print("ready", flush=True)
sys.stdin.readline()
for number in range(int(count)):
    log.append(name, "act", str(number), "r")
    if number == 7:
        assert log.verify().passed, log.verify().because
"""


WRITERS = ("bot", "controller")


@pytest.mark.integration
def test_processes_at_the_same_time_make_one_chain(kept: Kept) -> None:
    """They find an empty database, begin together, and verify while the others write."""
    start = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, *kept.argv(), name, "15"],
            cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        for name in WRITERS
    ]  # fmt: skip
    try:
        assert [one.stdout and one.stdout.readline() for one in start] == ["ready\n"] * 2
        with ThreadPoolExecutor(2) as pool:
            ended = list(pool.map(lambda one: one.communicate("go\n", 180), start))
    finally:
        for one in start:
            one.kill()
            one.communicate()
    assert [one.returncode for one in start] == [0, 0], ended
    entries = kept.open().entries()
    assert kept.open().verify().facts["entries"] == 30
    for name in WRITERS:
        assert [int(entry.subject) for entry in entries if entry.actor == name] == list(range(15)), "in their order"


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (lambda lines: [lines[0], lines[1].replace("why", "because"), *lines[2:]], "entry 2"),
        (lambda lines: [lines[0], *lines[2:]], "entry 2"),
        (lambda lines: [*lines[:2], lines[2].replace('"facts":{}', '"facts":{"head":"1"}'), lines[3]], "entry 3"),
        (lambda lines: lines[1:], "entry 1"),
        (lambda lines: lines[:3], "entry 4 is missing"),
        (lambda lines: [], "entry 1 is missing"),
        (lambda lines: [lines[0], numbered(lines[2], 2), numbered(lines[1], 3), lines[3]], "entry 2"),
        (lambda lines: [*lines, numbered(lines[3], 5)], "entry 5"),
    ],
    ids=["changed", "left-out", "other-facts", "first-gone", "cut-off", "all-gone", "reordered", "repeated"],
)
def test_the_first_broken_link_is_named(kept: Kept, harm: Callable[[Lines], Lines], words: str) -> None:
    log = kept.open()
    for number in range(4):
        log.append("ada", "act", str(number), "why")
    kept.rewrite(harm(kept.lines()))
    for one in (log, kept.open()):
        verdict = one.verify()
        assert not verdict.passed
        assert words in verdict.because


def numbered(line: str, number: int) -> str:
    return json.dumps({**json.loads(line), "number": number}, separators=(",", ":"))


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (lambda lines: [lines[0], lines[2], lines[1], lines[3]], "entry 2"),
        (lambda lines: [*lines, lines[3]], "entry 5"),
        (lambda lines: [*lines[:2], "{}", *lines[3:]], "entry 3"),
        (lambda lines: [*lines[:2], "not json", *lines[3:]], "entry 3"),
    ],
    ids=["swapped", "twice", "garbled", "no-json"],
)
def test_what_only_a_file_can_suffer_is_named(tmp_path: Path, harm: Callable[[Lines], Lines], words: str) -> None:
    log = FileAuditLog(tmp_path / "audit.jsonl")
    for number in range(4):
        log.append("ada", "act", str(number), "why")
    lines = log.path.read_text().splitlines()
    log.path.write_text("".join(f"{line}\n" for line in harm(lines)))
    verdict = log.verify()
    assert not verdict.passed
    assert words in verdict.because


def test_a_rewritten_chain_is_seen(kept: Kept, tmp_path: Path) -> None:
    """Someone who recomputes every digest still leaves the remembered head behind."""
    log, forged = kept.open(), FileAuditLog(tmp_path / "forged.jsonl")
    for number in range(3):
        log.append("ada", "act", str(number), "why")
        forged.append("eve", "act", str(number), "why")
    kept.rewrite(forged.path.read_text().splitlines())
    assert "entry 3" in log.verify().because
    assert kept.open().entries()[0].actor == "eve"
