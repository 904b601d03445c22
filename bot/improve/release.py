"""Versions: the next semantic version for what was merged and found healthy, and what each one brought."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from bot.core.change import Kind
from bot.core.ids import Sha
from bot.core.ports import Repository
from bot.core.text import one_line

FRAGMENTS = PurePosixPath("changelog.d")
UNRELEASED = "Unreleased"
SECTIONS = {
    "Added": (Kind.FEATURE, Kind.TOOL),
    "Changed": (Kind.BEHAVIOUR, Kind.CONFIGURATION, Kind.REFACTOR, Kind.DEPENDENCY, Kind.DOCS, Kind.TEST, Kind.OTHER),
    "Fixed": (Kind.FIX,),
}
"""Sections of the changelog by kind of change (keepachangelog.com); what was taken back stands under Removed."""
_FRAGMENT = re.compile(r"[0-9a-z][0-9a-z-]*\.(?P<kind>[a-z]+)\.md")
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


@dataclass(frozen=True, slots=True)
class Release:
    """One version: its tag, the day of its tag (YYYY-MM-DD), and the text of every fragment in its tree by path."""

    name: str
    day: str
    fragments: Mapping[PurePosixPath, str]


def kind_of(path: PurePosixPath) -> Kind | None:
    """The kind that a fragment's name tells, or None if the file is no fragment."""
    matched = _FRAGMENT.fullmatch(path.name) if path.parent == FRAGMENTS else None
    return Kind(matched["kind"]) if matched and matched["kind"] in set(Kind) else None


def ordered(releases: Iterable[Release]) -> tuple[Release, ...]:
    """Releases by version, oldest first; tags that are no version are left out, what is not released comes last."""
    versions = [release for release in releases if _TAG.fullmatch(release.name)]
    return tuple(sorted(versions, key=lambda release: latest([release.name])))


def changelog(releases: Sequence[Release]) -> str:
    """The changelog, newest version first: what each one has that the one before it had not. Pure.

    The releases stand in order, oldest first. A fragment that a later version no longer has was taken back there.
    """
    parts = ["# Changelog", ""]
    before = [Release("", "", {}), *releases]
    for older, newer in reversed(list(zip(before, releases, strict=False))):
        parts += [f"## [{newer.name}]" + (f" - {newer.day}" if newer.day else ""), ""]
        parts += _sections(older.fragments, newer.fragments) or ["Nothing that a user can notice.", ""]
    return "\n".join(parts)


def previous(tags: Iterable[str], version: str) -> str:
    """The highest version below this one, or empty if it is the first."""
    below = [
        release
        for release in ordered(Release(tag, "", {}) for tag in tags)
        if latest([release.name]) < latest([version])
    ]
    return below[-1].name if below else ""


def section(older: Release, newer: Release) -> str:
    """What one version brought, without its heading: the text of its release."""
    return "\n".join(_sections(older.fragments, newer.fragments)) or "Nothing that a user can notice.\n"


def fragments(repo: Repository, sha: Sha) -> dict[PurePosixPath, str]:
    """Text of every fragment in that commit's tree."""
    paths = [path for path in repo.files(sha) if kind_of(path)]
    return {path: (repo.read(sha, path) or b"").decode("utf-8", "replace") for path in paths}


def _sections(old: Mapping[PurePosixPath, str], new: Mapping[PurePosixPath, str]) -> list[str]:
    added = [path for path in sorted(new) if path not in old]
    groups = {name: [new[path] for path in added if kind_of(path) in kinds] for name, kinds in SECTIONS.items()}
    groups["Removed"] = [f"Taken back: {old[path]}" for path in sorted(old) if path not in new and kind_of(path)]
    lines = []
    for name, texts in groups.items():
        if texts:
            lines += [f"### {name}", *(f"- {one_line(text, 500)}" for text in texts), ""]
    return lines
