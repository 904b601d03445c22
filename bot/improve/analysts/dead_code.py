"""Finds code that nothing uses, as far as names tell."""

import asyncio
from collections.abc import Sequence
from pathlib import PurePosixPath

from bot.core.change import Finding, Severity
from bot.improve.analysts._trees import modules
from bot.improve.doors import Profile, Workspace

NAME = "dead_code"
CONFIDENCE = 80
"""vulture's own measure, in percent: unused imports 90, arguments and unreachable code 100, all else 60."""


class DeadCode:
    """Analyst: what vulture is sure of. Tests count as use; findings are in the product only."""

    name = NAME

    async def find(self, work: Workspace, profile: Profile) -> Sequence[Finding]:
        return await asyncio.to_thread(_find, work, profile)


def _find(work: Workspace, profile: Profile) -> list[Finding]:
    from vulture import Vulture  # noqa: PLC0415  (only the engine has it)

    dead = Vulture()
    read = {str(work.path / m.path): m.path for m in modules(work, profile)}
    tests = [f for t in profile.tests for f in sorted((work.path / t).rglob("*.py")) or [work.path / t]]
    for file in [*read, *map(str, tests)]:
        try:
            with open(file, encoding="utf-8") as opened:  # noqa: PTH123  (the path is a string key here)
                dead.scan(opened.read(), filename=file)
        except (OSError, ValueError):
            continue
    found = dead.get_unused_code(min_confidence=CONFIDENCE)
    mine = [(read[str(item.filename)], item) for item in found if str(item.filename) in read]
    return [
        Finding(
            rule="dead-code",
            path=PurePosixPath(path),
            line=item.first_lineno,
            end_line=item.last_lineno,
            severity=Severity.LOW,
            message=item.message,
            analyst=NAME,
            symbol=str(item.name),
            evidence={"confidence": int(item.confidence), "kind": str(item.typ)},
        )
        for path, item in sorted(mine, key=lambda row: (str(row[0]), row[1].first_lineno))
    ]
