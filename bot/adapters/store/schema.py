"""The schema of the embedded database, for a file that is made without the migrations; both lead to the same."""

REVISIONS = ("0001",)
"""Every revision of `sql/migrations`, oldest first."""
HEAD = REVISIONS[-1]

COLUMNS = ("tbl", "key", "row")
"""Of the one table, at the first revision and in files from before there were revisions."""

ROWS = "CREATE TABLE rows (tbl TEXT NOT NULL, key TEXT NOT NULL, row TEXT NOT NULL, PRIMARY KEY (tbl, key)) STRICT"
"""At HEAD. The table has a rowid: without, rows of 8,000 characters were read 6 times slower."""
VERSION = (
    "CREATE TABLE alembic_version"
    " (version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
)
STAMP = "INSERT INTO alembic_version VALUES (?)"
