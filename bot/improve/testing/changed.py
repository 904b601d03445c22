"""The product's lines that a change adds or rewrites."""

from pathlib import Path, PurePosixPath

from bot.improve.doors import Gate


def product_lines(gate: Gate) -> dict[PurePosixPath, frozenset[int]]:
    """Changed lines at head of the product's Python files; what lies outside of its packages is none of it."""
    found = {}
    for change in gate.changed(".py"):
        if not gate.profile.is_test(change.path) and is_product(gate, change.path):
            lines = frozenset(n for first, last in change.lines for n in range(first, last + 1))
            if lines:
                found[change.path] = lines
    return found


def is_product(gate: Gate, path: PurePosixPath) -> bool:
    """Whether a file belongs to one of the profile's packages."""
    return any(path == package or package in path.parents for package in gate.profile.packages)


def text(gate: Gate, path: PurePosixPath) -> str:
    """A file at head; empty if it is not a plain file."""
    return plain_text(gate.head.path / path)


def plain_text(place: Path) -> str:
    """A file of a checkout; empty if it is not a plain file."""
    if place.is_symlink() or not place.is_file():
        return ""
    return place.read_text(encoding="utf-8", errors="replace")
