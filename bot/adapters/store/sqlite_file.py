"""Opening the file of the embedded database: made, checked, and brought to the revision that this version knows."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from bot.adapters.store.schema import COLUMNS, HEAD, REVISIONS, ROWS, STAMP, VERSION
from bot.core.errors import MegawattsError, Misconfigured, Unavailable

PATIENCE = 10.0
"""Seconds to wait for another process's write."""


def open_file(path: Path) -> sqlite3.Connection:
    """A connection in WAL mode whose every statement is a transaction, on disk when it returns.

    Raises Misconfigured for a damaged file, for one that a newer version wrote, and for an older one without alembic.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with mapped(path):
        db = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
    try:
        with mapped(path):
            db.execute(f"PRAGMA busy_timeout = {int(PATIENCE * 1000)}")
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = FULL")
            db.execute("PRAGMA secure_delete = ON")  # what members have forgotten must not stay in free pages
            if db.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
                raise sqlite3.DatabaseError("quick_check failed")
            _to_head(db, path)
    except MegawattsError:
        db.close()
        raise
    return db


def revision_of(path: Path) -> str | None:
    """As `revision`, of a file that is not changed; empty if there is none."""
    if not path.exists():
        return ""
    with mapped(path), closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)) as db:
        return revision(db)


@contextmanager
def mapped(path: Path) -> Iterator[None]:
    """SQLite's errors in the words of the house: busy, full or away is later; damaged is for a person."""
    try:
        yield
    except sqlite3.ProgrammingError as error:
        raise Unavailable("records", f"{path} is not open any more") from error
    except sqlite3.OperationalError as error:
        raise Unavailable("records", f"{path}: {error}") from error
    except sqlite3.DatabaseError as error:
        raise damaged(path, str(error)) from error


def damaged(path: Path, why: str) -> Misconfigured:
    """What is wrong with the file and what a person can do."""
    fix = "move the file away to begin an empty one; the forge still knows every proposal"
    return Misconfigured(f"the records in {path} are damaged ({why}): {fix}")


def _to_head(db: sqlite3.Connection, path: Path) -> None:
    found = revision(db)
    if not found:
        _begin(db)
        found = revision(db)
    if found == HEAD:
        return
    if found not in REVISIONS:
        fix = "run that version again, or set MEGAWATTS_HOME to another folder"
        raise Misconfigured(f"the records in {path} are of a newer version (revision {found} after {HEAD}): {fix}")
    _upgrade(path)


def revision(db: sqlite3.Connection) -> str | None:
    """The file's revision; None if it has rows and no revision, empty if it has neither."""
    tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if "alembic_version" in tables:
        row = db.execute("SELECT version_num FROM alembic_version").fetchone()
        if row is not None:
            return str(row[0])[:32]
    return None if "rows" in tables else ""


def _begin(db: sqlite3.Connection) -> None:
    """Make the table and say at which revision it is: all or nothing, and by one process; the others find it made.

    A file from before there were revisions has the first one's table, and is only told so: no row is touched.
    """
    db.execute("BEGIN IMMEDIATE")
    try:
        found = revision(db)
        if found == "":
            db.execute(ROWS)
        elif found is None and tuple(row[1] for row in db.execute("PRAGMA table_info(rows)")) != COLUMNS:
            raise sqlite3.DatabaseError("the table of rows has other columns")
        if not found:
            db.execute(VERSION)
            db.execute(STAMP, (REVISIONS[0] if found is None else HEAD,))
        db.execute("COMMIT")
    except sqlite3.Error:
        db.execute("ROLLBACK")
        raise


def _upgrade(path: Path) -> None:
    """By alembic, whose import takes longer than all the rest of a start: only for an older file."""
    try:
        from bot.adapters.store.sql.migrate import upgrade_file  # noqa: PLC0415
    except ImportError as error:
        because = f"the records in {path} are of an older version, and {error.name} is missing to upgrade them"
        raise Misconfigured(f"{because}: pip install 'megawatts[stores]'") from error
    upgrade_file(path)
