"""How much one member may weigh in the figures. Of a member nothing leaves this but counts, and one of a few groups."""

from collections import OrderedDict
from collections.abc import Callable
from hashlib import blake2b
from typing import Any

CAP = 6
"""Messages of one member and outcome that count in one minute: a flood by one member is not an outage."""
VOICES = 1
"""Voices of one member that count in one hour."""
GROUPS = 4
"""Groups of members. Without the one that a member is in, all others still show what that member did not do."""
MINUTE, HOUR = 60.0, 3600.0
_MEMBERS = 10_000


class Cap:
    """At most so many events of one kind and member in a span of seconds, which begins with the first of them."""

    def __init__(self, most: int, span: float, timer: Callable[[], float]) -> None:
        self._most, self._span, self._timer = most, span, timer
        self._seen: OrderedDict[tuple[str, str], tuple[float, int]] = OrderedDict()

    def within(self, user: str, kind: str = "") -> bool:
        """Count one event; whether it is one of those that count."""
        now, key = self._timer(), (user, kind)
        since, count = self._seen.get(key, (now, 0))
        if now - since >= self._span:
            since, count = now, 0
        self._seen[key] = (since, count + 1)
        _trim(self._seen, key)
        return count < self._most

    def __len__(self) -> int:
        return len(self._seen)


class Lately:
    """Members of whom something was seen in the last seconds."""

    def __init__(self, span: float, timer: Callable[[], float]) -> None:
        self._span, self._timer = span, timer
        self._marks: OrderedDict[str, float] = OrderedDict()

    def mark(self, user: str) -> None:
        """It was seen now."""
        self._marks[user] = self._timer()
        _trim(self._marks, user)

    def count(self) -> int:
        """How many different members."""
        now = self._timer()
        return sum(now - at < self._span for at in self._marks.values())

    def __len__(self) -> int:
        return len(self._marks)


def group_of(user: str) -> str:
    """The group that a member is in, the same in every process; empty where it is not known who it was.

    Two bits of a digest name nobody, and need no secret: whoever guesses one is in a quarter of all members.
    """
    return str(blake2b(user.encode(), digest_size=1).digest()[0] % GROUPS) if user else ""


def _trim(kept: OrderedDict[Any, Any], newest: object) -> None:
    kept.move_to_end(newest)
    while len(kept) > _MEMBERS:
        kept.popitem(last=False)
