"""A database behind a pool of connections, for callers in any thread."""

import asyncio
import random
import ssl
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from sqlalchemy import URL, event
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from bot.adapters.store.sql.failures import FAILURES, lost, translated
from bot.adapters.store.sql.loop import Loop
from bot.adapters.store.sqlite_file import PATIENCE

T = TypeVar("T")
Work = Callable[[AsyncConnection], Awaitable[T]]
POOL = 5
"""Connections of one process; a server's 100 are for all of them."""
TRIES = 5
_PAUSE = 0.05
"""Seconds before the second try, doubled each time and spread: all together below a second."""
_DEADLINE = 30.0
"""Seconds that one call may take, with waiting for a connection and trying again."""


class Database:
    """SQLAlchemy's engine on an event loop of its own. Statements are committed one by one, unless in `transaction`."""

    def __init__(self, url: URL, setting: str, *, pool: int = POOL, patience: float = 5.0) -> None:
        """Connects at the first call. `patience`: seconds to wait for a connection; `setting` stands in errors."""
        self.kind = url.get_backend_name()
        self._setting = setting
        self._engine = create_async_engine(
            url.difference_update_query(["ssl"]), pool_size=pool, max_overflow=0, pool_timeout=patience,
            pool_pre_ping=True, hide_parameters=True, isolation_level="AUTOCOMMIT",
            connect_args={**_arguments(self.kind, patience), **_encrypted(url)},
        )  # fmt: skip
        if self.kind == "sqlite":
            event.listen(self._engine.sync_engine, "connect", _durable)
        self._loop = Loop("megawatts-database")

    def run(self, work: Work[T], *, again: bool = True) -> T:
        """Do the work with one connection. After a lost connection once more, if `again`: it must be idempotent."""

        async def attempt() -> T:
            async with self._engine.connect() as connection:
                return await work(connection)

        return self._guarded(attempt, TRIES if again else 1)

    def transaction(self, work: Work[T]) -> T:
        """Do the work in one transaction, all or nothing, once. On SQLite nobody else writes meanwhile."""
        return self._guarded(lambda: self._whole(work), 1)

    def close(self) -> None:
        """Let go of every connection."""
        if not self._loop.closed:
            self._loop.run(self._engine.dispose(), _DEADLINE)
            self._loop.close()

    async def _whole(self, work: Work[T]) -> T:
        if self.kind != "sqlite":
            async with self._engine.execution_options(isolation_level="READ COMMITTED").begin() as connection:
                return await work(connection)
        async with self._engine.connect() as connection:
            await connection.exec_driver_sql("BEGIN IMMEDIATE")
            try:
                result = await work(connection)
                await connection.exec_driver_sql("COMMIT")
            except BaseException:
                await connection.exec_driver_sql("ROLLBACK")
                raise
            return result

    def _guarded(self, attempt: Callable[[], Awaitable[T]], tries: int) -> T:
        async def persistent() -> T:
            for number in range(tries - 1):
                try:
                    return await attempt()
                except FAILURES as error:
                    if not lost(error):
                        raise
                await asyncio.sleep(_PAUSE * 2**number * random.uniform(0.5, 1.5))  # noqa: S311  (no secret)
            return await attempt()

        try:
            return self._loop.run(persistent(), _DEADLINE)
        except FAILURES as error:
            failure = translated(error, self._setting)
        raise failure  # outside of the block: the driver's error names the address, and would come along as context


def _arguments(kind: str, patience: float) -> dict[str, Any]:
    if kind == "sqlite":
        return {"timeout": PATIENCE}
    return {"timeout": patience, "command_timeout": 10, "server_settings": {"application_name": "megawatts"}}


def _encrypted(url: URL) -> dict[str, Any]:
    """How a server's certificate is looked at: https://www.postgresql.org/docs/current/libpq-ssl.html

    Who is to be verified is so by the authorities that every other client here trusts (SSL_CERT_FILE, or the system's).
    The driver would look for a file in the home folder, which a container has not, and refuse.
    """
    mode = url.query.get("ssl")
    if mode not in {"verify-ca", "verify-full"}:
        return {"ssl": mode} if mode else {}
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = mode == "verify-full"
    return {"ssl": context}


def _durable(connection: Any, _record: object) -> None:
    """As the embedded store has it."""
    cursor = connection.cursor()
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "secure_delete = ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
