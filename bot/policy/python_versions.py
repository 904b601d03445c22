"""The order of Python's version numbers (PyPA specifications, "Version specifiers", the former PEP 440)."""

import re

NUMBER = re.compile(
    r"^v?(?:(\d+)!)?(\d+(?:\.\d+)*)"
    r"(?:[-_.]?(a|b|c|rc|alpha|beta|pre|preview)[-_.]?(\d*))?"
    r"(?:-(\d+)|[-_.]?(?:post|rev|r)[-_.]?(\d*))?"
    r"(?:[-_.]?(dev)[-_.]?(\d*))?"
    r"(?:\+([a-z0-9]+(?:[-_.][a-z0-9]+)*))?$",
    re.IGNORECASE,
)
LETTER = {"alpha": "a", "beta": "b", "c": "rc", "pre": "rc", "preview": "rc"}
Key = tuple[int, tuple[int, ...], tuple[str, int], int, tuple[int, int], tuple[tuple[int, int, str], ...]]
LOWEST, FINAL = "", "~"
"""Beside the letters of pre-releases: a development release of nothing else comes before them, a final one after."""


def key(version: str) -> Key | None:
    """What versions are sorted by; None for what is no version."""
    found = NUMBER.match(version.strip())
    if found is None:
        return None
    epoch, release, letter, pre, dash, post, dev, at, local = found.groups()
    numbers = tuple(int(part) for part in release.split("."))
    while len(numbers) > 1 and numbers[-1] == 0:
        numbers = numbers[:-1]
    after = _number(dash or post) if dash is not None or post is not None else -1
    begun = (LETTER.get(letter.lower(), letter.lower()), _number(pre)) if letter else (FINAL, 0)
    if not letter and dev and after < 0:
        begun = (LOWEST, 0)
    unfinished = (0, _number(at)) if dev else (1, 0)
    return int(epoch or 0), numbers, begun, after, unfinished, _local(local)


def _number(text: str | None) -> int:
    return int(text) if text else 0


def _local(text: str | None) -> tuple[tuple[int, int, str], ...]:
    """Numbers come after words (the same, "Local version identifiers")."""
    parts = re.split(r"[-_.]", text.lower()) if text else []
    return tuple((1, int(part), "") if part.isdecimal() else (0, 0, part) for part in parts)


def less(one: str, other: str) -> bool:
    """Whether one version comes before another; False where either is none."""
    first, second = key(one), key(other)
    return first is not None and second is not None and first < second
