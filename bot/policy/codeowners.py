"""CODEOWNERS, generated from the charter, and read back to prove that both say the same."""

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from bot.core.charter import Charter, Ward
from bot.core.tier import Tier
from bot.core.verdict import Status, Verdict
from bot.policy import pattern
from bot.policy.tier import ward_of

PATH = "CODEOWNERS"

_HEADER = """\
# Generated from .github/charter.toml by `megawatts policy codeowners --write`; change the charter, not this file.
# The last line that matches wins. A line without owners is held by the required status `megawatts/consent`:
# CODEOWNERS cannot say "a maintainer or a vote".
"""


@dataclass(frozen=True, slots=True)
class Line:
    """One rule of a CODEOWNERS file; without owners it takes ownership away."""

    pattern: str
    owners: tuple[str, ...]


def generate(charter: Charter) -> str:
    """The text of CODEOWNERS: one line for each ward, in order; owners only at tier 3 and above."""
    width = max((len(ward.pattern) for ward in charter.wards), default=0)
    lines = (f"{ward.pattern:<{width}} {' '.join(_owners(ward))}".rstrip() for ward in charter.wards)
    return "\n".join((_HEADER, *lines)) + "\n"


def _owners(ward: Ward) -> tuple[str, ...]:
    return ward.owners if ward.tier >= Tier.CRITICAL else ()


def read(text: str) -> tuple[Line, ...]:
    """The rules of a CODEOWNERS file as GitHub reads them: comments and malformed patterns say nothing."""
    lines = []
    for row in text.splitlines():
        words = re.findall(r"(?:\\.|[^\s\\])+", row)
        comment = next((i for i, word in enumerate(words) if word.startswith("#")), len(words))
        if words[:comment] and not pattern.problem(words[0]):
            lines.append(Line(words[0], tuple(words[1:comment])))
    return tuple(lines)


def owners_of(path: PurePosixPath | str, lines: tuple[Line, ...]) -> tuple[str, ...]:
    """Who owns a file by these rules; empty: nobody."""
    index = pattern.last_match([line.pattern for line in lines], path)
    return () if index is None else lines[index].owners


def same(text: str, charter: Charter) -> Verdict:
    """PASS if a CODEOWNERS file is what the charter generates; FAIL shows the first difference."""
    wanted = generate(charter)
    if text == wanted:
        return Verdict("codeowners", Status.PASS, "equals what the charter generates")
    rows = difflib.ndiff(text.splitlines(), wanted.splitlines())
    first = next((row for row in rows if row[:2] in ("- ", "+ ")), "the end of the file")
    fix = "run `megawatts policy codeowners --write`"
    return Verdict("codeowners", Status.FAIL, f"differs from the charter at: {first.rstrip()}; {fix}")


def agree(paths: Iterable[PurePosixPath], text: str, charter: Charter) -> Verdict:
    """The reverse check: file by file, CODEOWNERS asks for owners exactly where the charter does."""
    files, lines = tuple(paths), read(text)
    wrong = [str(path) for path in files if owners_of(path, lines) != _asked(path, charter)]
    if wrong:
        because = f"{len(wrong)} of {len(files)} files have other owners than the charter says: {', '.join(wrong[:5])}"
        return Verdict("ownership", Status.FAIL, because, facts={"files": wrong})
    return Verdict("ownership", Status.PASS, f"{len(files)} files have the owners that the charter says")


def _asked(path: PurePosixPath, charter: Charter) -> tuple[str, ...]:
    ward = ward_of(path, charter, adds=True)
    return _owners(ward) if ward else ()
