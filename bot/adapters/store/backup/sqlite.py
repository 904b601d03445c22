"""A database in a file: copied while others write, and compared with the very state that it was copied from."""

import hashlib
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from bot.core.errors import Denied, Unavailable

PATIENCE = 30.0
"""Seconds to wait for another process's write."""


def copy(source: Path, target: Path) -> Mapping[str, str]:
    """Copy by SQLite's online backup, and verify the copy against one read transaction of the source.

    https://www.sqlite.org/backup.html. Returns how many rows each table has, and a digest of them all. Denied if the
    copy is not whole or not the same; Unavailable if the source cannot be read now.
    """
    with _mapped(source), closing(_opened(source, "ro")) as db:
        db.execute("BEGIN")
        wanted = contents(db)
        with closing(sqlite3.connect(target)) as made:
            db.backup(made)
            # One file, whatever mode the source is in: what lies beside it in a log would be left behind.
            made.execute("PRAGMA journal_mode = DELETE")
    check(target, wanted)
    return wanted


def check(copied: Path, wanted: Mapping[str, str]) -> None:
    """Denied unless the file opens, is whole, and holds exactly these rows."""
    with _mapped(copied), closing(_opened(copied, "ro")) as db:
        found = db.execute("PRAGMA integrity_check(1)").fetchone()
        if found != ("ok",):
            raise Denied(f"the copy {copied.name} is not whole: {str(found)[:200]}")
        there = contents(db)
    if there != dict(wanted):
        other = sorted(name for name in {*there, *wanted} if there.get(name) != wanted.get(name))
        raise Denied(f"the copy {copied.name} does not hold what was copied: {', '.join(other)[:200]} differ")


def contents(db: sqlite3.Connection) -> dict[str, str]:
    """Rows of each table by its name, and under `sha256` a digest of the schema and of every row.

    A copy has the pages of its source, so that both give their rows in the same order.
    """
    told, digest = {}, hashlib.sha256()
    query = "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
    for name, schema in db.execute(query).fetchall():
        digest.update(repr((name, schema)).encode())
        quoted = name.replace('"', '""')
        count = 0
        for row in db.execute(f'SELECT * FROM "{quoted}"'):  # noqa: S608  (a name of the database itself, quoted)
            digest.update(repr(row).encode())
            count += 1
        told[f"rows of {name}"] = str(count)
    return {**told, "sha256": digest.hexdigest()}


def _opened(path: Path, mode: str) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode={mode}", uri=True, timeout=PATIENCE, isolation_level=None)


@contextmanager
def _mapped(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        raise Unavailable("backup", f"{path}: {error}") from error
    except sqlite3.DatabaseError as error:
        raise Denied(f"{path} is damaged ({error}): a backup of it would be worth nothing") from error
