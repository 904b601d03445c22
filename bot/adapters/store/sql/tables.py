"""The tables, as alembic compares them with the migrated database."""

from sqlalchemy import Text
from sqlmodel import Field, SQLModel

NAME = Text().with_variant(Text(collation="C"), "postgresql")
"""Text in the order of code points on both databases, so that a prefix is a range of the primary key."""


class Row(SQLModel, table=True):
    """A small JSON object by table and key. The columns keep their names and order: older versions insert by order."""

    __tablename__ = "rows"
    __table_args__ = {"sqlite_strict": True}

    tbl: str = Field(primary_key=True, sa_type=NAME)
    key: str = Field(primary_key=True, sa_type=NAME)
    row: str = Field(sa_type=Text)


METADATA = SQLModel.metadata
ROWS = METADATA.tables["rows"]
