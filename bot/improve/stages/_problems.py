"""What a static stage found wrong, and the verdict that follows."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from bot.core.text import one_line
from bot.core.verdict import Fact, Status, Verdict

LISTED = 50
"""Most findings that a verdict carries."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong at one place. `level` is what it makes of the verdict: FAIL or PENDING (a person decides)."""

    rule: str
    path: PurePosixPath
    line: int
    message: str
    level: Status = Status.FAIL

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line else str(self.path)
        return one_line(f"{place}: {self.message} [{self.rule}]", 400)


def conclude(name: str, problems: Iterable[Problem], fine: str) -> Verdict:
    """The verdict of these problems: the worst level, its first problem as the reason, all of them as facts."""
    found = sorted(problems, key=lambda p: (-p.level, str(p.path), p.line, p.rule))
    if not found:
        return Verdict(name, Status.PASS, fine)
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    facts: dict[str, Fact] = {"findings": [str(p) for p in found[:LISTED]], "count": len(found)}
    return Verdict(name, found[0].level, f"{found[0]}{more}", facts=facts)


def only_new(base: Sequence[Problem], head: Sequence[Problem]) -> list[Problem]:
    """The problems of head that base did not have: compared by rule, file and message, never by line."""
    known = Counter((p.rule, p.path, p.message) for p in base)
    fresh = []
    for problem in head:
        key = (problem.rule, problem.path, problem.message)
        if known[key] > 0:
            known[key] -= 1
        else:
            fresh.append(problem)
    return fresh
