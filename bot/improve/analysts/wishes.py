"""Members' suggestions that were accepted to be tried, for an author that can read. Their words stay in their row."""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from bot.core.change import Finding, Kind, Severity
from bot.core.errors import Denied
from bot.core.ids import ProposalId
from bot.improve.analysts.suggestions import Rows, Suggestions, accepted
from bot.improve.authors.agent import places
from bot.improve.authors.agent.finish import KINDS
from bot.improve.authors.agent.request import Wish
from bot.improve.authors.agent.takes import WISH, wish_id
from bot.improve.doors import Profile, Workspace

_PATH = re.compile(r"(?<![\w./~-])[A-Za-z_][\w.-]*(?:/[\w.-]+)+")
HINTS = 5


def wish_of(row: Mapping[str, Any]) -> Wish:
    """The typed request in a row. A plan may be a text, or lines."""
    plan = row.get("plan", "")
    text = "\n".join(map(str, plan)) if isinstance(plan, list | tuple) else str(plan or "")
    named = row.get("paths")
    words = [str(path) for path in named] if isinstance(named, list | tuple) else _PATH.findall(text)
    return Wish(str(row.get("text", ""))[:2000], text[:6000], _paths(words))


def _paths(words: Sequence[str]) -> tuple[PurePosixPath, ...]:
    found: dict[PurePosixPath, None] = {}
    for word in words:
        try:
            found[places.named(word)] = None
        except Denied:
            continue
    return tuple(found)[:HINTS]


def finder(rows: Rows) -> Callable[[ProposalId], Wish | None]:
    """Looks an idea's wish up again, as its row is now: what was taken back since is not carried out."""

    def find(idea: ProposalId) -> Wish | None:
        found = (row for _key, row in rows() if accepted(row) and wish_id(str(row["id"])) == idea)
        return next((wish_of(row) for row in found), None)

    return find


class Wishes:
    """Analyst: one finding for each accepted suggestion that no deterministic author takes and that is not done."""

    name = "wishes"

    def __init__(self, rows: Rows, done: Callable[[ProposalId], bool]) -> None:
        self._rows, self._done = rows, done

    async def find(self, work: Workspace, profile: Profile) -> Sequence[Finding]:
        """Findings that hold a number, who asked and a kind; the member's words are read when it is written."""
        typed = await Suggestions(self._rows).find(work, profile)
        taken = {str(finding.evidence["suggestion"]) for finding in typed}
        rows = [row for _key, row in self._rows() if accepted(row) and str(row["id"]) not in taken]
        return [_finding(row) for row in rows if not self._done(wish_id(str(row["id"])))]


def _finding(row: Mapping[str, Any]) -> Finding:
    number, kind = str(row["id"]), str(row.get("kind", ""))
    return Finding(
        rule=WISH,
        path=PurePosixPath(),
        line=1,
        end_line=1,
        severity=Severity.HIGH,
        message="a member's suggestion was accepted to be tried",
        analyst=Wishes.name,
        symbol=number,
        evidence={
            "suggestion": number,
            "by": str(row.get("user", "")),
            "kind": kind if kind in {one.value for one in KINDS} else Kind.FEATURE.value,
        },
    )
