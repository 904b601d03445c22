"""What a verdict says against a change, as places in files."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.core.text import one_line
from bot.core.verdict import Status, Verdict

LEVELS = {
    Status.FAIL: "error",
    Status.ERROR: "error",
    Status.INCONCLUSIVE: "warning",
    Status.PENDING: "notice",
}
"""How loud each status is; a pass says nothing."""
_PLACED = re.compile(
    r"(?P<path>[^:\s][^:]*?)(?::(?P<line>\d{1,7}))?: (?P<message>.+?)(?: \[(?P<rule>[\w./-]{1,60})\])?"
)


@dataclass(frozen=True, slots=True)
class Place:
    """One thing that a stage said. Without a path it is about the whole change."""

    stage: str
    rule: str
    level: str
    message: str
    path: str = ""
    line: int = 0


def places(verdict: Verdict, paths: frozenset[str]) -> tuple[Place, ...]:
    """Everything that was said against the change, worst first, each once. `paths` are the files it may be about."""
    found = dict.fromkeys(_walk(verdict, paths))
    order = list(dict.fromkeys(LEVELS.values()))
    return tuple(sorted(found, key=lambda place: order.index(place.level)))


def _walk(verdict: Verdict, paths: frozenset[str]) -> Iterator[Place]:
    """Of each stage its findings; where it has none, its one sentence."""
    stages = verdict.children or (verdict,)
    for stage in stages:
        if stage.passed:
            continue
        listed = [(one, part) for part in stage.walk() if not part.passed for one in _findings(part)]
        if listed:
            yield from (_place(stage.name, part.status, text, paths) for text, part in listed)
        else:
            yield _place(stage.name, stage.status, stage.because, paths)


def _findings(verdict: Verdict) -> list[str]:
    found = verdict.facts.get("findings")
    return found if isinstance(found, list) else []


def _place(stage: str, status: Status, text: str, paths: frozenset[str]) -> Place:
    """A finding reads `path:line: message [rule]`. A path that is none of the change's files is part of the message."""
    line = one_line(text, 1000)
    matched = _PLACED.fullmatch(line)
    if matched is None or matched["path"] not in paths:
        return Place(stage, stage, LEVELS[status], line)
    number = int(matched["line"] or 0)
    return Place(stage, matched["rule"] or stage, LEVELS[status], matched["message"], matched["path"], number)
