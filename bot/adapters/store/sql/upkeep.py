"""Which revision a database is at, and bringing it to this version's."""

from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.adapters.store.schema import HEAD, REVISIONS
from bot.adapters.store.sql import migrate
from bot.adapters.store.sql.database import Database
from bot.adapters.store.sql.urls import parse
from bot.adapters.store.sqlite_file import open_file, revision_of
from bot.core.errors import Misconfigured


def ready(database: Database) -> None:
    """Make the schema in an empty database. Misconfigured if it is of another version: a person decides on that."""
    found = _known(database)
    if found == "":
        database.transaction(lambda connection: connection.run_sync(migrate.upgrade))
    elif found != HEAD:
        fix = "back it up and run `megawatts db upgrade`"
        raise Misconfigured(f"the database is at revision {found or 'none'}, this version needs {HEAD}: {fix}")


def current(address: str, setting: str) -> str | None:
    """The revision of a database; None if it has rows and no revision, empty if it has neither."""
    url = parse(address, setting)
    if url.get_backend_name() == "sqlite":
        return revision_of(Path(url.database or ""))
    database = Database(url, setting)
    try:
        return database.run(_revision)
    finally:
        database.close()


def upgrade(address: str, setting: str) -> None:
    """Bring a database to this version's revision, all or nothing. Misconfigured if it is of a newer one."""
    url = parse(address, setting)
    if url.get_backend_name() == "sqlite":
        open_file(Path(url.database or "")).close()
        return
    database = Database(url, setting)
    try:
        if _known(database) != HEAD:
            database.transaction(lambda connection: connection.run_sync(migrate.upgrade))
    finally:
        database.close()


def _known(database: Database) -> str | None:
    found = database.run(_revision)
    if found and found not in REVISIONS:
        fix = "run that version again, or name another database"
        raise Misconfigured(f"the database is of a newer version (revision {found[:32]} after {HEAD}): {fix}")
    return found


async def _revision(connection: AsyncConnection) -> str | None:
    # In this order: what another process commits in between makes it known, never half known.
    empty, found = await connection.run_sync(lambda bound: (migrate.empty(bound), migrate.current(bound)))
    return "" if found is None and empty else found
