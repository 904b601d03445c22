"""For tests of extensions and for replays: records without a disk."""

import json
from collections.abc import Mapping, Sequence
from typing import Any


class DictRecords:
    """`core.ports.Records` in memory, gone with the process; rows go through JSON, as they would on disk."""

    def __init__(self) -> None:
        self._tables: dict[str, dict[str, str]] = {}

    def put(self, table: str, key: str, row: Mapping[str, Any]) -> None:
        """Write a row, in place of an earlier one."""
        self._tables.setdefault(table, {})[key] = json.dumps(dict(row))

    def add(self, table: str, key: str, row: Mapping[str, Any]) -> bool:
        """Write a row only if there is none; whether this call wrote it."""
        if key in self._tables.get(table, {}):
            return False
        self.put(table, key, row)
        return True

    def get(self, table: str, key: str) -> dict[str, Any] | None:
        """A row, or None."""
        text = self._tables.get(table, {}).get(key)
        return None if text is None else dict(json.loads(text))

    def delete(self, table: str, key: str) -> None:
        """Remove a row, if it is there."""
        self._tables.get(table, {}).pop(key, None)

    def scan(self, table: str, prefix: str = "") -> Sequence[tuple[str, dict[str, Any]]]:
        """Rows whose key begins with the prefix, in the order of their keys."""
        rows = sorted(self._tables.get(table, {}).items())
        return [(key, dict(json.loads(text))) for key, text in rows if key.startswith(prefix)]
