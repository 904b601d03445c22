"""The table of rows, as files without a revision have it already."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the table, or adopt it."""
    if sa.inspect(op.get_bind()).has_table("rows"):
        return
    name = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.create_table(
        "rows",
        sa.Column("tbl", name, nullable=False),
        sa.Column("key", name, nullable=False),
        sa.Column("row", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tbl", "key"),
        sqlite_strict=True,
    )
