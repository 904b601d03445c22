"""The audit log as a file of JSON lines, each chained to the one before."""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from bot.adapters.files import locked, replace
from bot.adapters.store.entries import FIRST, chained, entry_of, line_of
from bot.core.audit import Entry, verify_chain
from bot.core.errors import Misconfigured, Unavailable
from bot.core.ports import Clock
from bot.core.verdict import Status, Verdict

_TAIL = 1 << 16


def _now() -> datetime:
    return datetime.now(UTC)


class FileAuditLog:
    """`core.ports.AuditLog` over one append-only file, safe to append to from several processes.

    A file beside it, `.head`, remembers the last entry, so that cutting entries off the end is seen too. A line that
    was half written when the power went is put aside in a file of its own, and the log itself says so.
    """

    def __init__(self, path: Path, *, clock: Clock = _now) -> None:
        self.path = Path(path)
        self._head = self.path.with_name(f"{self.path.name}.head")
        self._lock = self.path.with_name(f"{self.path.name}.lock")
        self._clock = clock

    def append(self, actor: str, act: str, subject: str, reason: str, facts: Mapping[str, str] | None = None) -> Entry:
        """Add an entry; on disk when it returns. Misconfigured if the last entry cannot be read."""
        with self._quiet(), self.path.open("a+b") as file:
            repaired = self._repair(file)
            if repaired:
                why = "a half-written entry was put aside"
                self._add(file, ("megawatts", "audit.repair", self.path.name, why), repaired)
            return self._add(file, (actor, act, subject, reason), facts or {})

    def entries(self) -> Sequence[Entry]:
        """Every entry, oldest first. Misconfigured at the first line that is none; a torn last line is left out."""
        with self._quiet():
            lines, _torn = self._lines()
        return [self._parse(number, line) for number, line in enumerate(lines, start=1)]

    def verify(self) -> Verdict:
        """Whether the chain is whole: the first broken link is named, a torn or missing end as well."""
        with self._quiet():
            return self._verified()

    def _verified(self) -> Verdict:
        lines, torn = self._lines()
        try:
            entries = [self._parse(number, line) for number, line in enumerate(lines, start=1)]
        except Misconfigured as error:
            return Verdict("audit", Status.FAIL, str(error))
        chain = verify_chain(entries)
        if not chain.passed:
            return chain
        if torn:
            return Verdict("audit", Status.FAIL, f"entry {len(entries) + 1} is half written ({len(torn)} bytes)")
        return self._against_head(entries) or chain

    def _against_head(self, entries: Sequence[Entry]) -> Verdict | None:
        """A finding if the log no longer holds the entry that was once its last."""
        try:
            row = json.loads(self._head.read_bytes())
            number, digest = int(row["number"]), str(row["digest"])
        except FileNotFoundError:
            return Verdict("audit", Status.FAIL, f"{self._head.name} is missing") if entries else None
        except (ValueError, KeyError, TypeError):
            return Verdict("audit", Status.FAIL, f"{self._head.name} cannot be read")
        if number > len(entries):
            return Verdict("audit", Status.FAIL, f"entry {len(entries) + 1} is missing: there were {number}")
        if entries[number - 1].digest != digest:
            return Verdict("audit", Status.FAIL, f"entry {number} is not the one that was written")
        return None

    @contextmanager
    def _quiet(self) -> Iterator[None]:
        """While nobody writes: a reader must not take an entry that is being written for a torn one."""
        try:
            with locked(self._lock):
                yield
        except OSError as error:
            raise Unavailable("audit log", f"{self.path}: {error.strerror or error}") from error

    def _lines(self) -> tuple[list[bytes], bytes]:
        """Whole lines, and what follows the last line end."""
        try:
            *lines, torn = self.path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return [], b""
        return lines, torn

    def _add(self, file: IO[bytes], words: tuple[str, str, str, str], facts: Mapping[str, str]) -> Entry:
        last = self._last(file)
        entry = chained((last.number, last.digest) if last else FIRST, self._clock(), words, facts)
        file.write(line_of(entry).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
        replace(self._head, json.dumps({"number": entry.number, "digest": entry.digest}).encode())
        return entry

    def _last(self, file: IO[bytes]) -> Entry | None:
        end, size = file.seek(0, os.SEEK_END), _TAIL
        while end:
            file.seek(max(0, end - size))
            lines = file.read().split(b"\n")
            if len(lines) > 2 or size >= end:
                return self._parse(0, lines[-2])
            size *= 2
        return None

    def _repair(self, file: IO[bytes]) -> dict[str, str] | None:
        """Put a half-written last line aside; what was done, or None if there is none."""
        torn = self._torn(file)
        if not torn:
            return None
        digest = hashlib.sha256(torn).hexdigest()
        aside = self.path.with_name(f"{self.path.name}.torn-{digest[:12]}")
        replace(aside, torn)
        file.truncate(file.seek(0, os.SEEK_END) - len(torn))
        return {"bytes": str(len(torn)), "sha256": digest, "kept": aside.name}

    @staticmethod
    def _torn(file: IO[bytes]) -> bytes:
        end, size = file.seek(0, os.SEEK_END), _TAIL
        while end:
            file.seek(max(0, end - size))
            _head, found, tail = file.read().rpartition(b"\n")
            if found or size >= end:
                return tail
            size *= 2
        return b""

    def _parse(self, number: int, line: bytes) -> Entry:
        try:
            return entry_of(json.loads(line))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            which = f"entry {number}" if number else "the last entry"
            fix = "keep the file for those who look into it, and move it away to begin a new log"
            raise Misconfigured(f"{which} of {self.path} cannot be read: {fix}") from error
