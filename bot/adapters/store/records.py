"""Small JSON rows in one SQLite file that the processes of one machine share."""

import sqlite3
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bot.adapters.store.rows import after, check, dump, load
from bot.adapters.store.sqlite_file import damaged, mapped, open_file
from bot.core.errors import Misconfigured


class SqliteRecords:
    """`core.ports.Records` over SQLite in WAL mode; every call is one transaction that is on disk when it returns.

    It needs the standard library only, and opens in milliseconds: the default of every process. A damaged file raises
    Misconfigured; with `rebuild` it is moved aside, kept, and an empty one begun. A file of an older version is
    upgraded, a copy of it kept beside it; one of a newer version raises Misconfigured.
    """

    def __init__(self, path: Path, *, rebuild: bool = False) -> None:
        self.path = Path(path)
        self._lock = threading.Lock()
        self._db = self._open(rebuild=rebuild)

    def put(self, table: str, key: str, row: Mapping[str, Any]) -> None:
        """Write a row, in place of an earlier one."""
        check(table, key)
        statement = "INSERT INTO rows VALUES (?, ?, ?) ON CONFLICT (tbl, key) DO UPDATE SET row = excluded.row"
        self._execute(statement, (table, key, dump(row)))

    def add(self, table: str, key: str, row: Mapping[str, Any]) -> bool:
        """Write a row only if there is none; whether this call wrote it."""
        check(table, key)
        return self._execute("INSERT OR IGNORE INTO rows VALUES (?, ?, ?)", (table, key, dump(row)))[0] == 1

    def get(self, table: str, key: str) -> dict[str, Any] | None:
        """A row, or None."""
        rows = self._execute("SELECT row FROM rows WHERE tbl = ? AND key = ?", (table, key))[1]
        return self._load(table, key, rows[0][0]) if rows else None

    def delete(self, table: str, key: str) -> None:
        """Remove a row, if it is there."""
        self._execute("DELETE FROM rows WHERE tbl = ? AND key = ?", (table, key))

    def scan(self, table: str, prefix: str = "") -> Sequence[tuple[str, dict[str, Any]]]:
        """Rows whose key begins with the prefix, in the order of their keys."""
        end = after(prefix)
        where, values = ("", (table, prefix)) if end is None else (" AND key < ?", (table, prefix, end))
        statement = f"SELECT key, row FROM rows WHERE tbl = ? AND key >= ?{where} ORDER BY key"  # noqa: S608  (no input)
        return [(key, self._load(table, key, row)) for key, row in self._execute(statement, values)[1]]

    def scrub(self) -> None:
        """Clear what deleted and replaced rows left in the write-ahead log; in the file they are zeros already."""
        self._execute("PRAGMA wal_checkpoint(TRUNCATE)", ())

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._db.close()

    def _open(self, *, rebuild: bool) -> sqlite3.Connection:
        try:
            return open_file(self.path)
        except Misconfigured as error:
            if not (rebuild and isinstance(error.__cause__, sqlite3.DatabaseError)):
                raise
            self._move_aside()
            return open_file(self.path)

    def _execute(self, statement: str, values: tuple[object, ...]) -> tuple[int, list[Any]]:
        with self._lock, mapped(self.path):
            cursor = self._db.execute(statement, values)
            return cursor.rowcount, cursor.fetchall()

    def _load(self, table: str, key: str, text: str) -> dict[str, Any]:
        try:
            return load(text)
        except ValueError as error:
            raise damaged(self.path, f"row {table}/{key} is not a JSON object") from error

    def _move_aside(self) -> None:
        number = 1
        while self.path.with_name(f"{self.path.name}.damaged-{number}").exists():
            number += 1
        for suffix in ("", "-wal", "-shm"):
            old = self.path.with_name(self.path.name + suffix)
            if old.exists():
                old.replace(self.path.with_name(f"{self.path.name}.damaged-{number}{suffix}"))
