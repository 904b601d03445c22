"""Versions: the next semantic version for what was merged and found healthy."""

import re
from collections.abc import Iterable

from bot.core.change import Kind

_TAG = re.compile(r"v(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")
MINOR = frozenset({Kind.FEATURE, Kind.TOOL})


def latest(tags: Iterable[str]) -> tuple[int, int, int]:
    """The highest version among tags of the form `v1.2.3`; other tags are not versions. (0, 0, 0) if there is none."""
    found = (_TAG.fullmatch(tag) for tag in tags)
    numbers = ((int(m[1]), int(m[2]), int(m[3])) for m in found if m)
    return max(numbers, default=(0, 0, 0))


def next_version(tags: Iterable[str], kind: Kind) -> str:
    """The tag for the next deploy: a feature raises the minor number, anything else the patch number (semver.org)."""
    major, minor, patch = latest(tags)
    return f"v{major}.{minor + 1}.0" if kind in MINOR else f"v{major}.{minor}.{patch + 1}"
