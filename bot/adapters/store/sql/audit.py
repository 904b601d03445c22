"""The audit log in the database that every process of an installation shares."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Select, func, insert, select, update
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
_LARGEST = 2**63 - 1
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
            head = select(LAST.c.number, LAST.c.digest).with_for_update()
            last = _head((await connection.execute(head)).all())
            seen = self._witness.seen() or last
            (found,) = (await connection.execute(_end(last[0], seen[0]))).all()
            if wrong := _amiss(found, last):
                raise Misconfigured(f"the audit log {wrong}: {_FIX}")
            if (found[2] or FIRST[1]) != seen[1]:
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
        return [_parsed(row) for row in self._rows()]

    def verify(self) -> Verdict:
        """Whether the chain is whole and ends where the head and this home say; the first broken link is named.

        Nobody who appends waits for it: it is of the log as it was at the beginning.
        """
        newest = select(func.max(ENTRIES.c.number)).scalar_subquery()
        try:
            heads = self._database.run(_all(select(LAST.c.number, LAST.c.digest, newest)))
            last, beyond = _head(heads), (heads[0][2] or 0)
            chain = verify_chain(entries := [_parsed(row) for row in self._rows(until=max(last[0], beyond))])
            wrong = _against(entries, last) or self._witness.against(entries)
        except Misconfigured as error:
            return Verdict("audit", Status.FAIL, str(error))
        if chain.passed and wrong:
            return Verdict("audit", Status.FAIL, wrong)
        if chain.passed:
            self._witness.saw(*last)
        return chain

    def _rows(self, until: int = _LARGEST) -> list[Any]:
        """Every row, in pages: one statement over all of them could take longer than a statement may."""
        found: list[Any] = []
        while True:
            after = found[-1].number if found else -_LARGEST
            within = (ENTRIES.c.number > after) & (ENTRIES.c.number <= until)
            rows = self._database.run(_all(select(ENTRIES).where(within).order_by(ENTRIES.c.number).limit(PAGE)))
            found += rows
            if len(rows) < PAGE:
                return found


def _all(statement: Select[Any]) -> Callable[[AsyncConnection], Awaitable[Sequence[Any]]]:
    async def work(connection: AsyncConnection) -> Sequence[Any]:
        rows: Sequence[Any] = (await connection.execute(statement)).all()
        return rows

    return work


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


def _head(rows: Sequence[Any]) -> tuple[int, str]:
    """Number and digest of the last entry, of the head's one row."""
    if len(rows) != 1:
        raise Misconfigured(f"the audit log has {len(rows) or 'no'} head{'s' * (len(rows) > 1)}: {_FIX}")
    return int(rows[0][0]), str(rows[0][1])


def _end(last: int, seen: int) -> Select[Any]:
    """The newest number, and the digests of two entries."""
    newest = select(func.max(ENTRIES.c.number)).scalar_subquery()
    digests = [select(ENTRIES.c.digest).where(ENTRIES.c.number == number).scalar_subquery() for number in (last, seen)]
    return select(newest, *digests)


def _amiss(found: Any, last: tuple[int, str]) -> str:
    """Nothing is added to a log whose end is not the one that was written; empty if it is."""
    newest, digest = found[0] or 0, found[1] or FIRST[1]
    return "" if (newest, digest) == last else f"ends at entry {newest}, and not with entry {last[0]} as written"


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
