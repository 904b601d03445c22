"""The audit log in the database that every process of an installation shares."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.adapters.store.entries import FIRST, chained, entry_of, row_of
from bot.adapters.store.sql import migrate
from bot.adapters.store.sql.audit_tables import ENTRIES, HEAD, LAST, VERSION
from bot.adapters.store.sql.database import Database
from bot.adapters.store.witness import Witness
from bot.core.audit import Entry, verify_chain
from bot.core.errors import Misconfigured
from bot.core.ports import Clock
from bot.core.verdict import Status, Verdict

FOLDER = Path(__file__).with_name("audit_migrations")
PAGE = 10_000
"""Entries that are read at once."""
_FIX = "let somebody look into it with `megawatts audit verify`, and restore the database from its backup"


def _now() -> datetime:
    return datetime.now(UTC)


class SqlAuditLog:
    """`core.ports.AuditLog` over two tables: the entries, which triggers keep from changes, and their head.

    Any number of processes may append at once: each locks the head first (`SELECT ... FOR UPDATE` on PostgreSQL,
    `BEGIN IMMEDIATE` on SQLite). Who can write the tables can rewrite both; what this home has seen is remembered by
    `witness`, a file out of their reach.
    """

    def __init__(self, database: Database, witness: Path, *, clock: Clock = _now) -> None:
        """Make the tables where there are none. The database stays its owner's.

        Raises Misconfigured if it is of a newer version, Unavailable if it does not answer.
        """
        self._database, self._witness, self._clock = database, Witness(witness), clock
        _ready(database)

    def append(self, actor: str, act: str, subject: str, reason: str, facts: Mapping[str, str] | None = None) -> Entry:
        """Add an entry; committed when it returns. After Unavailable it is not known whether it was written.

        Raises Misconfigured where the log does not end as it was written, or as this home has seen it.
        """

        async def work(connection: AsyncConnection) -> Entry:
            last = await _last(connection)
            await _fits(connection, last)
            seen = self._witness.seen()
            if seen and await _digest(connection, seen[0]) != seen[1]:
                raise Misconfigured(f"the audit log cannot be gone on with: {self._witness.other(seen[0])}")
            entry = chained(last, self._clock(), (actor, act, subject, reason), facts or {})
            await connection.execute(insert(ENTRIES).values(_stored(entry)))
            await connection.execute(update(LAST).values(number=entry.number, digest=entry.digest))
            return entry

        entry = self._database.transaction(work)
        self._witness.saw(entry.number, entry.digest)
        return entry

    def entries(self) -> Sequence[Entry]:
        """Every entry, oldest first. Misconfigured at the first row that is none."""
        return [_parsed(row) for row in self._database.run(_rows)]

    def verify(self) -> Verdict:
        """Whether the chain is whole and ends where the head and this home say; the first broken link is named."""

        async def work(connection: AsyncConnection) -> tuple[tuple[int, str], Sequence[Any]]:
            return await _last(connection), await _rows(connection)

        try:
            last, rows = self._database.transaction(work)
            chain = verify_chain(entries := [_parsed(row) for row in rows])
            wrong = _against(entries, last) or self._witness.against(entries)
        except Misconfigured as error:
            return Verdict("audit", Status.FAIL, str(error))
        if chain.passed and wrong:
            return Verdict("audit", Status.FAIL, wrong)
        if chain.passed:
            self._witness.saw(*last)
        return chain


def _ready(database: Database) -> None:
    """The tables at this version's revision."""

    async def revision(connection: AsyncConnection) -> str | None:
        return await connection.run_sync(lambda bound: migrate.current(bound, VERSION))

    found = database.run(revision)
    if found is None:
        database.transaction(lambda connection: connection.run_sync(lambda bound: migrate.upgrade(bound, FOLDER)))
    elif found != HEAD:
        fix = "run that version again, or name another database"
        raise Misconfigured(f"the audit log is of a newer version (revision {found[:32]} after {HEAD}): {fix}")


async def _last(connection: AsyncConnection) -> tuple[int, str]:
    """Number and digest of the head, locked until the transaction ends."""
    row = (await connection.execute(select(LAST.c.number, LAST.c.digest).with_for_update())).one_or_none()
    if row is None:
        raise Misconfigured(f"the audit log has no head: {_FIX}")
    return int(row[0]), str(row[1])


async def _fits(connection: AsyncConnection, last: tuple[int, str]) -> None:
    """Nothing is added to a log whose end is not the one that was written."""
    newest = (await connection.execute(select(func.max(ENTRIES.c.number)))).scalar_one() or 0
    if (newest, await _digest(connection, last[0]) or FIRST[1]) != last:
        raise Misconfigured(f"the audit log ends at entry {newest}, and not with entry {last[0]} as written: {_FIX}")


async def _digest(connection: AsyncConnection, number: int) -> str:
    """Of an entry; empty if it is not there."""
    return str((await connection.execute(select(ENTRIES.c.digest).where(ENTRIES.c.number == number))).scalar() or "")


async def _rows(connection: AsyncConnection) -> Sequence[Any]:
    """Every row, in pages: one statement over all of them could take longer than a statement may."""
    found: list[Any] = []
    while True:
        after = found[-1].number if found else -(2**63)
        page = select(ENTRIES).where(ENTRIES.c.number > after).order_by(ENTRIES.c.number).limit(PAGE)
        rows = (await connection.execute(page)).fetchall()
        found += rows
        if len(rows) < PAGE:
            return found


def _stored(entry: Entry) -> dict[str, Any]:
    row = row_of(entry)
    return {**row, "facts": json.dumps(row["facts"])}


def _parsed(row: Any) -> Entry:
    try:
        return entry_of({**row._mapping, "facts": json.loads(row.facts)})
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Misconfigured(f"entry {row.number} of the audit log cannot be read: {_FIX}") from error


def _against(entries: Sequence[Entry], last: tuple[int, str]) -> str:
    """What is wrong with the end of a whole chain, seen from the head; empty if nothing is."""
    number, digest = last
    if number > len(entries):
        return f"entry {len(entries) + 1} is missing: there were {number}"
    if number < len(entries):
        return f"entry {number + 1} was added beside the log: its head stands at {number}"
    return "" if not entries or entries[-1].digest == digest else f"entry {number} is not the one that was written"
