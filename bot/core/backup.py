"""The door to backups: copies of what an installation cannot make again, each verified when it is made."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.core.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Receipt:
    """One backup that was made and verified. `digest` is over all of its parts; the id holds the beginning of it."""

    id: str
    at: datetime
    digest: str
    parts: tuple[str, ...]
    """What it holds, by name."""
    size: int
    """Bytes of all parts together."""
    reason: str = ""


class Backups(Protocol):
    """Backups of one installation. They may be asked for as often as one likes: the oldest make room."""

    async def make(self, reason: str, *, keep: int) -> Receipt:
        """Copy everything, verify the copies, and only then give them an id; all but the newest `keep` are removed.

        Raises Unavailable, Denied or Misconfigured with what could not be copied or did not verify: then there is none.
        """
        ...

    async def verify(self, id: str) -> Verdict:  # noqa: A002  (what it is)
        """Whether the backup of that id is there, and still is what was made."""
        ...

    async def receipts(self) -> Sequence[Receipt]:
        """Those that are there, oldest first."""
        ...
