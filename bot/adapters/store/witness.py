"""The newest entry of a shared audit log that this home has seen, out of reach of those who can write the log."""

import json
from collections.abc import Sequence
from pathlib import Path

from bot.adapters.files import replace
from bot.core.audit import Entry
from bot.core.errors import Misconfigured, Unavailable


class Witness:
    """One small file: number and digest of an entry."""

    def __init__(self, path: Path) -> None:
        self._path = Path(path)

    def saw(self, number: int, digest: str) -> None:
        """Remember an entry; an empty log is nothing to remember. Unavailable if that cannot be written."""
        if not number:
            return
        try:
            replace(self._path, json.dumps({"number": number, "digest": digest}).encode())
        except OSError as error:
            raise Unavailable("audit log", f"{self._path}: {error.strerror or error}") from error

    def seen(self) -> tuple[int, str] | None:
        """Number and digest of the entry; None if none was seen. Misconfigured if the file cannot be read."""
        try:
            row = json.loads(self._path.read_bytes())
            number, digest = max(int(row["number"]), 1), str(row["digest"]) or "none"
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise Misconfigured(f"{self._path} cannot be read: {self._fix}") from error
        return number, digest

    def against(self, entries: Sequence[Entry]) -> str:
        """What the log no longer holds of what was seen; empty if nothing is missing. Misconfigured as `seen`."""
        seen = self.seen()
        if seen is None:
            return ""
        if seen[0] > len(entries):
            return f"entry {len(entries) + 1} is missing: {seen[0]} were seen here; {self._fix}"
        return "" if entries[seen[0] - 1].digest == seen[1] else self.other(seen[0])

    def other(self, number: int) -> str:
        """What to say of an entry that is not the one that was seen."""
        return f"entry {number} is not the one that was seen here; {self._fix}"

    @property
    def _fix(self) -> str:
        return f"if another database was put in its place on purpose, delete {self._path}"
