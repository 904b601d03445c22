"""What every store of rows agrees on: how a row is written, which keys there are, and where a prefix ends."""

import json
from collections.abc import Mapping
from typing import Any

_LAST = 0x10FFFF
LONGEST_TABLE, LONGEST_KEY = 200, 1000
"""Bytes in UTF-8. PostgreSQL refuses an index entry of more than about 2,700."""


def dump(row: Mapping[str, Any]) -> str:
    """The row as JSON in ASCII: no database has a say in it."""
    return json.dumps(dict(row), sort_keys=True, separators=(",", ":"))


def load(text: str) -> dict[str, Any]:
    """The row again. ValueError if the text is not a JSON object."""
    row = json.loads(text)
    if not isinstance(row, dict):
        raise ValueError("is not an object")  # noqa: TRY004  (the text is wrong, not its type)
    return row


def check(table: str, key: str) -> None:
    """ValueError for names that not every database can hold: lone surrogates, or longer than an index entry."""
    for what, name, most in (("table", table, LONGEST_TABLE), ("key", key, LONGEST_KEY)):
        size = len(name.encode())
        if size > most:
            raise ValueError(f"the {what} {name[:40]!r}... has {size} bytes, more than {most}")


def after(prefix: str) -> str | None:
    """The least text above all that begin with the prefix, in the order of code points; None if there is no end.

    That order is also the order of the UTF-8 bytes, by which SQLite and PostgreSQL's collation "C" sort.
    """
    stem = prefix.rstrip(chr(_LAST))
    if not stem:
        return None
    following = ord(stem[-1]) + 1
    if 0xD800 <= following <= 0xDFFF:
        following = 0xE000  # surrogates are no characters
    return stem[:-1] + chr(following)
