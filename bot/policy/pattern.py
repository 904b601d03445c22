"""CODEOWNERS' pattern language, written once: the charter's wards and the generated CODEOWNERS speak it.

The rules are GitHub's ("About code owners", syntax and its exceptions): those of gitignore without `!`, without
`[ ]` and without an escaped leading `#`; case matters; the last pattern that matches wins.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import PurePosixPath

_BELOW = "(?:/.*)?"


def problem(pattern: str) -> str:
    """What is wrong with a pattern, as the end of a sentence with the fix; empty if it is well formed."""
    if not pattern.strip("/"):
        return "names no path; name a file or a folder, or `*` for everything"
    if any(not char.isprintable() for char in pattern):
        return "holds a control or invisible character; write plain text"
    if pattern.startswith(("!", "#", r"\#")):
        return "starts with `!` or `#`, which CODEOWNERS cannot express; name the files themselves"
    return _structure(pattern)


def _structure(pattern: str) -> str:
    bare = re.sub(r"\\.", "", pattern)
    if bare.endswith("\\"):
        return r"ends with a lone `\`; remove it, or escape the character that follows"
    if any(char in "[]" for char in bare):
        return "uses `[ ]`, which CODEOWNERS does not know; write one line for each name"
    if re.search(r"[\s#]", bare):
        return r"holds a bare space or `#`; escape it with `\`"
    if "//" in pattern or ".." in pattern.split("/") or "." in pattern.split("/"):
        return "holds an empty, `.` or `..` segment; write the path as git lists it"
    if "***" in bare or any("**" in segment and segment != "**" for segment in bare.split("/")):
        return "mixes `**` with other characters; `**` must be a whole segment"
    return ""


def matches(pattern: str, path: PurePosixPath | str) -> bool:
    """Whether a file lies within a pattern. `path` is relative to the root; a malformed pattern matches nothing."""
    return _compiled(pattern).fullmatch(str(path)) is not None


def last_match(patterns: Sequence[str], path: PurePosixPath | str) -> int | None:
    """Index of the pattern that speaks for a file, or None if none does."""
    text = str(path)
    return next((i for i in reversed(range(len(patterns))) if matches(patterns[i], text)), None)


def may_reach(pattern: str, place: str) -> bool:
    """Whether a pattern could match a file at `place`, or below it if it ends in `/`. `place` has no wildcards."""
    names = place.strip("/").split("/")
    if not place.endswith("/"):
        return matches(pattern, "/".join(names))
    segments = _segments(pattern)
    for i, name in enumerate(names):
        if i == len(segments) or segments[i] == "**":
            return True
        direct_only = segments[i] == "*" and i == len(segments) - 1
        if direct_only or re.fullmatch(_one(segments[i]), name) is None:
            return False
    return True


def _segments(pattern: str) -> list[str]:
    """Segments of a pattern anchored at the root: floating ones start with `**`, folders end with it."""
    floating = "/" not in pattern.rstrip("/")
    parts = pattern.removeprefix("/").split("/")
    if parts[-1] == "":
        parts[-1] = "**"
    return ["**", *parts] if floating and parts[0] != "**" else parts


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    if problem(pattern):
        return re.compile(r"(?!)")
    *folders, last = _segments(pattern)
    above = "".join("(?:[^/]+/)*" if part == "**" else f"{_one(part)}/" for part in folders)
    if last == "**":
        return re.compile(above + ".+", re.DOTALL)
    # As GitHub documents it: `docs/*` owns the files in docs but not those in its folders.
    direct_only = last == "*" and (not folders or any(part != "**" for part in folders))
    return re.compile(above + _one(last) + ("" if direct_only else _BELOW), re.DOTALL)


def _one(segment: str) -> str:
    """The regular expression of one segment: `*` and `?` never cross a slash."""
    out, chars = [], iter(segment)
    for char in chars:
        if char == "\\":
            out.append(re.escape(next(chars)))
        else:
            out.append({"*": "[^/]*", "?": "[^/]"}.get(char) or re.escape(char))
    return "".join(out) if segment != "*" else "[^/]+"
