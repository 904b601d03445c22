"""File contents by object id: checkouts share them through hard links, since writing a file is what takes the time."""

import contextlib
import hashlib
import os
import stat
from collections.abc import Collection
from pathlib import Path

ROOMY = 4
"""A shelf may hold this many times the files of the last tree; beyond, what that tree does not need is dropped."""
_CHUNK = 1 << 20


class Shelf:
    """A folder of blobs. Nothing on it is believed: each is read and hashed as git would before it is lent."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def lend(self, oid: str, target: str, *, executable: bool) -> bool:
        """Make `target` another name of the blob. False if it is not here, damaged, or on another disk."""
        place = self._place(oid, executable=executable)
        try:
            if self._holds(place, oid):
                os.link(place, target)
                return True
            os.unlink(place)  # noqa: PTH108  (Path is slow here)
        except OSError:
            return False
        return False

    def keep(self, oid: str, target: str, *, executable: bool) -> None:
        """Put a file that was just written on the shelf. It costs only time if that does not work."""
        with contextlib.suppress(OSError):
            os.link(target, self._place(oid, executable=executable))

    def tidy(self, needed: Collection[tuple[str, bool]]) -> None:
        """Drop what these blobs (id, executable) do without, if there is much of it. Trees that exist keep theirs."""
        there = os.listdir(self.folder)  # noqa: PTH208  (names are enough)
        if len(there) <= ROOMY * max(len(needed), 1):
            return
        kept = {os.path.basename(self._place(oid, executable=mode)) for oid, mode in needed}  # noqa: PTH119  (as above)
        for name in set(there) - kept:
            with contextlib.suppress(OSError):
                os.unlink(f"{self.folder}/{name}")  # noqa: PTH108

    def _place(self, oid: str, *, executable: bool) -> str:
        return f"{self.folder}/{oid}{'.x' if executable else ''}"

    @staticmethod
    def _holds(place: str, oid: str) -> bool:
        handle = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            seen = os.fstat(handle)
            total = hashlib.new("sha256" if len(oid) == 64 else "sha1", b"blob %d\0" % seen.st_size)
            while chunk := os.read(handle, _CHUNK):
                total.update(chunk)
            return stat.S_ISREG(seen.st_mode) and total.hexdigest() == oid
        finally:
            os.close(handle)
