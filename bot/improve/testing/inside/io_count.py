"""What this process read and wrote: bytes and calls, as the kernel counts them (proc_pid_io(5)).

Seen: read, write and their like on files, pipes and terminals, of all threads and of children that were waited for.
Not seen: memory maps, and what sockets send and receive by calls of their own.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import NamedTuple

PLACE = "/proc/self/io"


class Count(NamedTuple):
    """Bytes moved and calls made, since some moment."""

    moved: int
    calls: int


class Counter:
    """Takes the difference of two looks, without what looking costs. It is of the process that made it."""

    def __init__(self, place: str = PLACE) -> None:
        self._file = -1
        self._began = self._price = Count(0, 0)
        try:
            self._file = os.open(place, os.O_RDONLY | os.O_CLOEXEC)
            self._began = self._look()
            self._price = self._since()
        except (OSError, ValueError, KeyError):
            self._file = -1

    def begin(self) -> None:
        """Count from here."""
        if self._file >= 0:
            with suppress(OSError, ValueError, KeyError):
                self._began = self._look()

    def end(self) -> Count | None:
        """Since `begin`; None where the kernel does not say, or the measured code closed every file of the process.

        A look costs some bytes, more where the numbers have become longer: a few are free.
        """
        if self._file < 0:
            return None
        try:
            found = self._since()
        except (OSError, ValueError, KeyError):
            return None
        return Count(max(0, found.moved - self._price.moved - 8), max(0, found.calls - self._price.calls))

    def _since(self) -> Count:
        now = self._look()
        return Count(now.moved - self._began.moved, now.calls - self._began.calls)

    def _look(self) -> Count:
        rows = dict(line.split(b": ") for line in os.pread(self._file, 4096, 0).splitlines())
        return Count(int(rows[b"rchar"]) + int(rows[b"wchar"]), int(rows[b"syscr"]) + int(rows[b"syscw"]))


class Least:
    """The least that each of several things moved, over all the times that it was done."""

    def __init__(self) -> None:
        self._counter: Counter | None = None
        self._of = 0
        self._least: dict[str, Count] = {}

    def begin(self) -> None:
        """One of them begins."""
        if self._counter is None or self._of != os.getpid():
            self._counter, self._of = Counter(), os.getpid()
        self._counter.begin()

    def end(self, name: str) -> Count | None:
        """The one of this name ends: its least so far, by bytes and by calls; None where that is not known."""
        found = self._counter.end() if self._counter else None
        if found is not None:
            before = self._least.get(name, found)
            self._least[name] = Count(min(before.moved, found.moved), min(before.calls, found.calls))
        return self._least.get(name)


TESTS = Least()
"""Of the tests that this process runs."""
