"""Bringing a database to the newest revision, with alembic."""

import shutil
import sqlite3
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import URL, Connection, create_engine, event, inspect, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from bot.adapters.store.schema import HEAD

_FOLDER = Path(__file__).with_name("migrations")
_LOCK = 0x6D656761
"""Number of PostgreSQL's advisory lock: of several processes that upgrade at once, one does it."""


def config(connection: Connection, folder: Path | None = None) -> Config:
    """Alembic's configuration, bound to a connection whose transaction is the caller's."""
    made = Config()
    made.set_main_option("script_location", str(folder or _FOLDER).replace("%", "%%"))
    made.attributes["connection"] = connection
    return made


def current(connection: Connection, version_table: str = "alembic_version") -> str | None:
    """The database's revision; None if it has none."""
    return MigrationContext.configure(connection, opts={"version_table": version_table}).get_current_revision()


def empty(connection: Connection) -> bool:
    """Whether nothing of ours is there yet."""
    return not {"rows", "alembic_version"} & set(inspect(connection).get_table_names())


def upgrade(connection: Connection, folder: Path | None = None) -> None:
    """Run what is missing, once, however many try; all of it or nothing, by the caller's transaction.

    `folder`: of the migrations; None: the records'.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK})
    command.upgrade(config(connection, folder), "head")


def upgrade_file(path: Path) -> Path | None:
    """Upgrade an SQLite file; the copy of what it was before, or None if another process was quicker.

    The write lock is taken first, so the copy is of exactly the state that is then changed. Raises sqlite3.Error.
    """
    url = URL.create("sqlite", database=str(path))
    engine = create_engine(url, poolclass=NullPool, connect_args={"timeout": 10})
    event.listen(engine, "connect", _by_hand)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    try:
        with engine.begin() as connection:
            before = current(connection)
            if before == HEAD:
                return None
            copy = _copy(path, before or "none")
            upgrade(connection)
            return copy
    except DBAPIError as error:
        if isinstance(error.orig, sqlite3.Error):
            raise error.orig from error
        raise


def _by_hand(connection: sqlite3.Connection, _record: object) -> None:
    """The driver's own transactions do not cover DDL."""
    connection.isolation_level = None


def _copy(path: Path, revision: str) -> Path:
    number = 1
    while (target := path.with_name(f"{path.name}.{revision}-{number}")).exists():
        number += 1
    part = target.with_name(f"{target.name}.part")
    part.unlink(missing_ok=True)
    source, backup = sqlite3.connect(path), sqlite3.connect(part)
    try:
        source.backup(backup)
    finally:
        source.close()
        backup.close()
    shutil.copymode(path, part)
    return part.rename(target)
