"""Small JSON rows in one SQLite file that the processes of one machine share."""

import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bot.core.errors import MegawattsError, Misconfigured, Unavailable

_PATIENCE = 10.0
"""Seconds to wait for another process's write."""
_SCHEMA = "CREATE TABLE IF NOT EXISTS rows (tbl TEXT, key TEXT, row TEXT NOT NULL, PRIMARY KEY (tbl, key)) STRICT"


class SqliteRecords:
    """`core.ports.Records` over SQLite in WAL mode; every call is one transaction that is on disk when it returns.

    A damaged file raises Misconfigured; with `rebuild` it is moved aside, kept, and an empty one begun.
    """

    def __init__(self, path: Path, *, rebuild: bool = False) -> None:
        self.path = Path(path)
        self._lock = threading.Lock()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._db = self._open()
        except Misconfigured:
            if not rebuild:
                raise
            self._move_aside()
            self._db = self._open()

    def put(self, table: str, key: str, row: Mapping[str, Any]) -> None:
        """Write a row, in place of an earlier one."""
        statement = "INSERT INTO rows VALUES (?, ?, ?) ON CONFLICT (tbl, key) DO UPDATE SET row = excluded.row"
        self._execute(statement, (table, key, _dump(row)))

    def add(self, table: str, key: str, row: Mapping[str, Any]) -> bool:
        """Write a row only if there is none; whether this call wrote it."""
        return self._execute("INSERT OR IGNORE INTO rows VALUES (?, ?, ?)", (table, key, _dump(row)))[0] == 1

    def get(self, table: str, key: str) -> dict[str, Any] | None:
        """A row, or None."""
        rows = self._execute("SELECT row FROM rows WHERE tbl = ? AND key = ?", (table, key))[1]
        return self._load(table, key, rows[0][0]) if rows else None

    def delete(self, table: str, key: str) -> None:
        """Remove a row, if it is there."""
        self._execute("DELETE FROM rows WHERE tbl = ? AND key = ?", (table, key))

    def scan(self, table: str, prefix: str = "") -> Sequence[tuple[str, dict[str, Any]]]:
        """Rows whose key begins with the prefix, in the order of their keys."""
        statement = "SELECT key, row FROM rows WHERE tbl = ? AND substr(key, 1, ?) = ? ORDER BY key"
        rows = self._execute(statement, (table, len(prefix), prefix))[1]
        return [(key, self._load(table, key, row)) for key, row in rows]

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._db.close()

    def _open(self) -> sqlite3.Connection:
        db = sqlite3.connect(self.path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False)
        try:
            with self._mapped():
                db.execute(f"PRAGMA busy_timeout = {int(_PATIENCE * 1000)}")
                db.execute("PRAGMA journal_mode = WAL")
                db.execute("PRAGMA synchronous = FULL")
                if db.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
                    raise sqlite3.DatabaseError("quick_check failed")
                db.execute(_SCHEMA)
        except MegawattsError:
            db.close()
            raise
        return db

    def _execute(self, statement: str, values: tuple[object, ...]) -> tuple[int, list[Any]]:
        with self._lock, self._mapped():
            cursor = self._db.execute(statement, values)
            return cursor.rowcount, cursor.fetchall()

    @contextmanager
    def _mapped(self) -> Iterator[None]:
        """SQLite's errors in the words of the house: busy, full or away is later; damaged is for a person."""
        try:
            yield
        except sqlite3.OperationalError as error:
            raise Unavailable("records", f"{self.path}: {error}") from error
        except sqlite3.DatabaseError as error:
            raise self._damaged(str(error)) from error

    def _damaged(self, why: str) -> Misconfigured:
        fix = "move the file away to begin an empty one; the forge still knows every proposal"
        return Misconfigured(f"the records in {self.path} are damaged ({why}): {fix}")

    def _load(self, table: str, key: str, text: str) -> dict[str, Any]:
        try:
            row = json.loads(text)
        except ValueError as error:
            raise self._damaged(f"row {table}/{key} is not JSON") from error
        if not isinstance(row, dict):
            raise self._damaged(f"row {table}/{key} is not an object")
        return row

    def _move_aside(self) -> None:
        number = 1
        while self.path.with_name(f"{self.path.name}.damaged-{number}").exists():
            number += 1
        for suffix in ("", "-wal", "-shm"):
            old = self.path.with_name(self.path.name + suffix)
            if old.exists():
                old.replace(self.path.with_name(f"{self.path.name}.damaged-{number}{suffix}"))


def _dump(row: Mapping[str, Any]) -> str:
    return json.dumps(dict(row), sort_keys=True, separators=(",", ":"))
