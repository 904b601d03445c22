"""Small JSON rows in a PostgreSQL or SQLite database."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Executable, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.adapters.store.rows import after, check, dump, load
from bot.adapters.store.sql.database import POOL, Database
from bot.adapters.store.sql.tables import ROWS
from bot.adapters.store.sql.upkeep import ready
from bot.adapters.store.sql.urls import parse
from bot.adapters.store.sqlite_file import open_file
from bot.core.errors import Misconfigured

_ESCAPED = re.compile("\x01([\x01\x02])")


class SqlRecords:
    """`core.ports.Records` over a database; every call is one statement that is committed when it returns.

    Any number of threads may call at once; `pool` bounds the connections. A lost connection is tried again, except
    by `add`, whose first try may have been the one that wrote. Errors name `setting` and never the address.
    """

    def __init__(self, address: str, *, setting: str = "DATABASE_URL", pool: int = POOL, patience: float = 5.0) -> None:
        """Open it, and make the schema if the database is empty. `patience`: seconds to wait for a connection.

        Raises Misconfigured if it cannot be used as it is, Unavailable if it does not answer.
        """
        url = parse(address, setting)
        if url.get_backend_name() == "sqlite":
            open_file(Path(url.database or "")).close()
        self.database: Final = Database(url, setting, pool=pool, patience=patience)
        """Where it is kept: what else is kept there may use the same connections, until `close`."""
        self._postgresql = self.database.kind == "postgresql"
        self._insert: Any = postgresql.insert if self._postgresql else sqlite.insert
        try:
            ready(self.database)
        except BaseException:
            self.close()
            raise

    def put(self, table: str, key: str, row: Mapping[str, Any]) -> None:
        """Write a row, in place of an earlier one."""
        statement = self._inserting(table, key, row)
        self._rows(statement.on_conflict_do_update(index_elements=["tbl", "key"], set_={"row": statement.excluded.row}))

    def add(self, table: str, key: str, row: Mapping[str, Any]) -> bool:
        """Write a row only if there is none; whether this call wrote it. After Unavailable that is not known."""
        statement = self._inserting(table, key, row).on_conflict_do_nothing().returning(ROWS.c.key)
        return self._rows(statement, again=False) != []

    def get(self, table: str, key: str) -> dict[str, Any] | None:
        """A row, or None."""
        rows = self._rows(select(ROWS.c.row).where(*self._at(table, key)))
        return self._load(table, key, rows[0][0]) if rows else None

    def delete(self, table: str, key: str) -> None:
        """Remove a row, if it is there."""
        self._rows(delete(ROWS).where(*self._at(table, key)))

    def scan(self, table: str, prefix: str = "") -> Sequence[tuple[str, dict[str, Any]]]:
        """Rows whose key begins with the prefix, in the order of their keys."""
        first = self._stored(prefix)
        end = after(first)
        where = [ROWS.c.tbl == self._stored(table), ROWS.c.key >= first]
        where += [] if end is None else [ROWS.c.key < end]
        rows = self._rows(select(ROWS.c.key, ROWS.c.row).where(*where).order_by(ROWS.c.key))
        found = ((self._shown(key), row) for key, row in rows)
        return [(key, self._load(table, key, row)) for key, row in found]

    def close(self) -> None:
        """Let go of every connection."""
        self.database.close()

    def _inserting(self, table: str, key: str, row: Mapping[str, Any]) -> Any:
        check(table, key)
        return self._insert(ROWS).values(tbl=self._stored(table), key=self._stored(key), row=dump(row))

    def _at(self, table: str, key: str) -> tuple[Any, Any]:
        return ROWS.c.tbl == self._stored(table), ROWS.c.key == self._stored(key)

    def _rows(self, statement: Executable, *, again: bool = True) -> Sequence[Any]:
        async def work(connection: AsyncConnection) -> Sequence[Any]:
            result = await connection.execute(statement)
            return result.fetchall() if result.returns_rows else []

        return self.database.run(work, again=again)

    def _stored(self, name: str) -> str:
        """PostgreSQL's text has no NUL: it is written as two characters, in an order that keeps keys' order."""
        return name.replace("\x01", "\x01\x02").replace("\x00", "\x01\x01") if self._postgresql else name

    def _shown(self, name: str) -> str:
        return _ESCAPED.sub(lambda found: chr(ord(found[1]) - 1), name) if self._postgresql else name

    def _load(self, table: str, key: str, text: str) -> dict[str, Any]:
        try:
            return load(text)
        except ValueError as error:
            fix = "delete or correct that row"
            raise Misconfigured(f"the database is damaged (row {table}/{key} is not a JSON object): {fix}") from error
