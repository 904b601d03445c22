"""The tables of the audit log, as alembic compares them with the migrated database."""

from sqlalchemy import BigInteger, Column, Integer, MetaData, Table, Text

VERSION = "audit_version"
"""Where alembic keeps the log's revision, beside the records' own."""
HEAD = "0001"
"""The newest revision of `audit_migrations`."""
METADATA = MetaData()
ENTRIES = Table(
    "audit_entries",
    METADATA,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    *(
        Column(name, Text, nullable=False)
        for name in ("at", "actor", "act", "subject", "reason", "facts", "previous", "digest")
    ),
)
"""One row an entry; `facts` is JSON, `at` as it was hashed."""
LAST = Table(
    "audit_head",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False),
    Column("digest", Text, nullable=False),
)
"""One row: the last entry. Whoever appends locks it first."""
