"""Sets of line numbers as text: `1-3,7`."""

from collections.abc import Iterable

from bot.improve.testing.inside.tracing import ranges


def pack(lines: Iterable[int]) -> str:
    """Line numbers as ranges, sorted."""
    return ranges(lines)


def unpack(text: str) -> frozenset[int]:
    """Inverse of `pack`. Raises ValueError on another shape."""
    found: set[int] = set()
    for part in text.split(",") if text else ():
        start, _, end = part.partition("-")
        first, last = int(start), int(end or start)
        if not 0 <= first <= last <= 10_000_000:
            raise ValueError(f"no range of lines: {part}")
        found.update(range(first, last + 1))
    return frozenset(found)
