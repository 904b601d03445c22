"""The forge's database: what git itself cannot hold about a pull request."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bot.adapters.crash import point
from bot.core.errors import MegawattsError, Misconfigured, Unavailable

_PATIENCE_MS = 15_000
_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS pulls (
    number INTEGER PRIMARY KEY, branch TEXT NOT NULL, title TEXT NOT NULL, body TEXT NOT NULL, author TEXT NOT NULL,
    opened TEXT NOT NULL, kind TEXT NOT NULL, origin TEXT NOT NULL, idea TEXT, asked_by TEXT, claim TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'open', head TEXT NOT NULL, merged_as TEXT UNIQUE, merged_at TEXT,
    closed_by TEXT, closed_because TEXT, reverts TEXT, asked_on TEXT,
    draft INTEGER NOT NULL DEFAULT 0, only_paths TEXT NOT NULL DEFAULT '') STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS one_open_per_branch ON pulls (branch) WHERE state = 'open';
DROP INDEX IF EXISTS one_revert;
CREATE UNIQUE INDEX IF NOT EXISTS one_revert_of_paths
    ON pulls (reverts, only_paths) WHERE reverts IS NOT NULL AND state != 'closed';
CREATE TABLE IF NOT EXISTS labels (pull INTEGER, label TEXT, PRIMARY KEY (pull, label)) STRICT;
CREATE TABLE IF NOT EXISTS comments (
    pull INTEGER, marker TEXT, author TEXT NOT NULL, text TEXT NOT NULL, at TEXT NOT NULL,
    PRIMARY KEY (pull, marker)) STRICT;
CREATE TABLE IF NOT EXISTS reviews (
    id INTEGER PRIMARY KEY, pull INTEGER NOT NULL, reviewer TEXT NOT NULL, head TEXT NOT NULL,
    approves INTEGER NOT NULL, reason TEXT NOT NULL, at TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS remarks (
    id INTEGER PRIMARY KEY, pull INTEGER NOT NULL, reviewer TEXT NOT NULL, head TEXT NOT NULL,
    path TEXT NOT NULL, line INTEGER NOT NULL, text TEXT NOT NULL, at TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS reports (
    sha TEXT, context TEXT, verdict TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (sha, context)) STRICT;
CREATE TABLE IF NOT EXISTS owners (pull INTEGER, head TEXT, owner TEXT, PRIMARY KEY (pull, head, owner)) STRICT;
CREATE TABLE IF NOT EXISTS ticks (idea TEXT PRIMARY KEY, login TEXT NOT NULL, at TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS releases (tag TEXT PRIMARY KEY, text TEXT NOT NULL, at TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS events (
    id INTEGER PRIMARY KEY, at TEXT NOT NULL, actor TEXT NOT NULL, what TEXT NOT NULL, pull INTEGER,
    detail TEXT NOT NULL) STRICT;
"""


class Ledger:
    """One connection a call, so that any thread and any process may call; a transaction is on disk when it ends."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def create(self) -> None:
        """Make the tables, if they are not there."""
        with self._mapped(), self._connected() as db:
            db.execute("PRAGMA journal_mode = WAL")
            db.executescript(_SCHEMA)

    def check(self) -> None:
        """Misconfigured, with what to do, unless the file is there and whole."""
        if not self.path.is_file():
            raise Misconfigured(f"there is no forge in {self.path.parent}: make one with `megawatts init`")
        with self._mapped(), self._connected() as db:
            if db.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
                raise sqlite3.DatabaseError("quick_check failed")
            if not db.execute("SELECT 1 FROM meta WHERE key = 'imported'").fetchone():
                raise Misconfigured(f"the forge in {self.path.parent} was never finished: run `megawatts init` again")
            _upgrade(db)

    @contextmanager
    def change(self, name: str) -> Iterator[sqlite3.Connection]:
        """A write transaction: all of it or nothing. `name` names its crash points."""
        with self._mapped(), self._connected() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                point(f"{name}.row")
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise
        point(f"{name}.done")

    def rows(self, statement: str, *values: object) -> list[dict[str, Any]]:
        """The rows of one question."""
        with self._mapped(), self._connected() as db:
            return [dict(row) for row in db.execute(statement, values)]

    def meta(self, key: str, default: str = "") -> str:
        """One remembered word."""
        found = self.rows("SELECT value FROM meta WHERE key = ?", key)
        return str(found[0]["value"]) if found else default

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        db = sqlite3.connect(self.path, timeout=_PATIENCE_MS / 1000, isolation_level=None)
        try:
            db.row_factory = sqlite3.Row
            db.execute(f"PRAGMA busy_timeout = {_PATIENCE_MS}")
            db.execute("PRAGMA synchronous = FULL")
            yield db
        finally:
            db.close()

    @contextmanager
    def _mapped(self) -> Iterator[None]:
        try:
            yield
        except MegawattsError:
            raise
        except sqlite3.OperationalError as error:
            raise Unavailable("forge", f"{self.path}: {error}") from error
        except sqlite3.DatabaseError as error:
            fix = "put a copy back, or move the folder away and run `megawatts init`: all commits are still in repo.git"
            raise Misconfigured(f"the forge's database {self.path} is damaged ({error}): {fix}") from error


def _upgrade(db: sqlite3.Connection) -> None:
    """Bring a database that an earlier version made up to the tables of today; nothing in it is changed."""
    last = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'releases'"
    if db.execute(last).fetchone() and "draft" in {row["name"] for row in db.execute("PRAGMA table_info(pulls)")}:
        return
    db.execute("BEGIN IMMEDIATE")
    there = {row["name"] for row in db.execute("PRAGMA table_info(pulls)")}
    for name, kind in (("draft", "INTEGER NOT NULL DEFAULT 0"), ("only_paths", "TEXT NOT NULL DEFAULT ''")):
        if name not in there:
            db.execute(f"ALTER TABLE pulls ADD COLUMN {name} {kind}")
    db.execute("COMMIT")
    db.executescript(_SCHEMA)


def remember(db: sqlite3.Connection, key: str, value: str) -> None:
    """Write one remembered word."""
    db.execute("INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", (key, value))


def event(db: sqlite3.Connection, at: str, actor: str, what: str, *, pull: int | None, detail: str) -> None:
    """Add to the history that people read."""
    values = (at, actor, what, pull, detail)
    db.execute("INSERT INTO events (at, actor, what, pull, detail) VALUES (?, ?, ?, ?, ?)", values)
