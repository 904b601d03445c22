"""Keys are never null: SQLite takes nulls for different, so that a primary key would not keep such rows apart."""

from alembic import op

revision = "0002"
down_revision = "0001"

_STEPS = (
    "CREATE TABLE rows_new (tbl TEXT NOT NULL, key TEXT NOT NULL, row TEXT NOT NULL, PRIMARY KEY (tbl, key)) STRICT",
    "INSERT INTO rows_new SELECT tbl, key, row FROM rows WHERE tbl IS NOT NULL AND key IS NOT NULL",
    "DROP TABLE rows",
    "ALTER TABLE rows_new RENAME TO rows",
)


def upgrade() -> None:
    """Rebuild the table; PostgreSQL's has been so from the start."""
    if op.get_bind().dialect.name == "sqlite":
        for step in _STEPS:
            op.execute(step)
