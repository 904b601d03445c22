"""CODEOWNERS, generated from the charter, and read back to prove that both say the same."""

import difflib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from bot.core.charter import Charter, Ward
from bot.core.tier import Tier
from bot.core.verdict import Status, Verdict
from bot.policy import pattern
from bot.policy.promotion import WHERE
from bot.policy.tier import ward_of

PATH = "CODEOWNERS"

_HEADER = """\
# Generated from .github/charter.toml by `megawatts policy codeowners --write`; change the charter, not this file.
# The last line that matches wins. A line without owners is held by the required status `megawatts/consent`:
# CODEOWNERS cannot say "a maintainer or a vote", nor "nobody, if only an image is promoted".
"""


@dataclass(frozen=True, slots=True)
class Line:
    """One rule of a CODEOWNERS file; without owners it takes ownership away."""

    pattern: str
    owners: tuple[str, ...]


def generate(charter: Charter) -> str:
    """The text of CODEOWNERS: a line for each ward, in order, with owners at tier 3 and above only; and behind the ward
    that speaks for a file of the charter's promotions a line that takes its owners away."""
    lanes = promoted(charter)
    lines = [line for ward in charter.wards for line in _lines(ward, [p for p, own in lanes.items() if own is ward])]
    width = max((len(line.pattern) for line in lines), default=0)
    rows = (f"{line.pattern:<{width}} {' '.join(line.owners)}".rstrip() for line in lines)
    return "\n".join((_HEADER, *rows)) + "\n"


def promoted(charter: Charter) -> Mapping[str, Ward]:
    """The files into which the charter's promoter may write an image, each with the ward that gives it owners.

    What a ward seals keeps its owners, whatever else the charter says; what has none needs no line.
    """
    lane = charter.promotion
    paths = [f"deploy/environments/{name}/bot.yaml" for name in sorted(set(lane.environments if lane else ()))]
    wards = {path: ward_of(path, charter, adds=True) for path in paths if WHERE.fullmatch(path)}
    return {path: ward for path, ward in wards.items() if ward is not None and ward.tier is Tier.CRITICAL}


def _lines(ward: Ward, lanes: Iterable[str]) -> Iterator[Line]:
    """A ward's line and those of the promotions in it. GitHub's pattern of a file matches a folder of that name as
    well: what would lie there keeps its owners."""
    yield Line(ward.pattern, _owners(ward))
    for path in lanes:
        yield Line(f"/{path}", ())
        yield Line(f"/{path}/", ward.owners)


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
    files, lines, lanes = tuple(paths), read(text), frozenset(promoted(charter))
    wrong = [str(path) for path in files if owners_of(path, lines) != _asked(path, charter, lanes)]
    if wrong:
        because = f"{len(wrong)} of {len(files)} files have other owners than the charter says: {', '.join(wrong[:5])}"
        return Verdict("ownership", Status.FAIL, because, facts={"files": wrong})
    return Verdict("ownership", Status.PASS, f"{len(files)} files have the owners that the charter says")


def _asked(path: PurePosixPath, charter: Charter, lanes: Collection[str]) -> tuple[str, ...]:
    ward = ward_of(path, charter, adds=True)
    return _owners(ward) if ward and str(path) not in lanes else ()
