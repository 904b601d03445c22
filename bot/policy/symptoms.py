"""What a running bot notes of itself: counts by places in its own code, never a word that somebody wrote. Pure."""

import hashlib
import re
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Literal

from bot.policy.red_team import lower_bound

Sort = Literal["error", "step", "tool", "answer", "hour", "follow"]
SORTS: tuple[Sort, ...] = ("error", "step", "tool", "answer", "hour", "follow")
TABLE = "symptoms"
KEPT = timedelta(days=14)
"""How long a day's counts say anything."""
HALF_LIFE = timedelta(days=5)
EDGES = (0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 60.0)
"""Upper edges of the classes in which the seconds of a step are counted; what took longer is in the class `more`."""
_CLASSES = (*(f"{edge:g}" for edge in EDGES), "more")
OWN = 0.05
"""Seconds that a step of our own may take, 95 times of 100."""
BUDGETS: Mapping[str, float] = {"tools": 2.0, "model": 20.0, "moderation_in": 1.0, "moderation_out": 1.0}
"""Seconds of steps that wait for somebody else: a tool's own timeout, a model. Each is one of EDGES."""
SURE = 0.99
"""Confidence that a share is over its limit, before anything is said of it."""
_NAME = re.compile(r"[A-Za-z_][\w.+/:-]{0,159}", re.ASCII)
_SHA = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
MOST_COUNTS = 32
_ENOUGH = 2_000
"""Events that are calculated with; of more, the share alone counts, which makes nothing surer."""


@dataclass(frozen=True, slots=True)
class Symptom:
    """Counts of one day of one process. `name`: `path:function`, a step, a tool or an intent.

    Of an intent: its outcomes (`answer`), the hours, in UTC, at which it came (`hour`), and the intents that the same
    member came with next (`follow`).
    """

    sort: Sort
    name: str
    revision: str
    day: date
    counts: Mapping[str, int] = field(default_factory=dict)
    line: int = 0
    """Of an error: where it was raised last, at that revision."""

    def key(self, process: str) -> str:
        """The same at each writing of the same day and process."""
        digest = hashlib.sha256(f"{self.sort}\0{self.name}".encode()).hexdigest()[:12]
        return f"{self.day.isoformat()}/{process}/{self.sort}/{digest}"

    def row(self) -> dict[str, Any]:
        return {
            "sort": self.sort,
            "name": self.name,
            "revision": self.revision,
            "day": self.day.isoformat(),
            "counts": dict(self.counts),
            "line": self.line,
        }


def read(row: Mapping[str, Any]) -> Symptom | None:
    """A row of the table; None for one of any other shape, whoever wrote it."""
    try:
        sort, name, revision = row["sort"], str(row["name"]), str(row["revision"])
        counts = {str(key): int(count) for key, count in dict(row["counts"]).items()}
        found = Symptom(sort, name, revision, date.fromisoformat(str(row["day"])), counts, int(row.get("line", 0)))
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    named = all(_NAME.fullmatch(text) for text in (name, *(key for key in counts if not _number(key))))
    whole = named and len(counts) <= MOST_COUNTS and all(0 <= count < 10**9 for count in counts.values())
    return found if whole and sort in SORTS and known(revision) and found.line >= 0 else None


def known(revision: str) -> bool:
    """Whether it names a commit: counts of nobody knows which code are nobody's evidence."""
    return _SHA.fullmatch(revision) is not None


def _number(text: str) -> bool:
    return text.replace(".", "", 1).isdecimal() and len(text) < 8


def weight(day: date, today: date) -> float:
    """1 for today, half of it after HALF_LIFE, 0 when it is over or in the future."""
    age = today - day
    return float(0.5 ** (age / HALF_LIFE)) if timedelta(days=-1) <= age <= KEPT else 0.0


def class_of(seconds: float) -> str:
    """The name under which a step's time is counted."""
    return _CLASSES[bisect_left(EDGES, seconds)]


def over(counts: Mapping[str, float], budget: float) -> tuple[float, float]:
    """How many of a step's runs took longer than a budget that is one of EDGES, and how many runs there were."""
    within = sum(counts.get(f"{edge:g}", 0.0) for edge in EDGES if edge <= budget)
    total = sum(counts.values())
    return total - within, total


def p95(counts: Mapping[str, float]) -> float:
    """Upper edge of the class in which 95 of 100 runs have ended; endless in the last class, 0 without a run."""
    total, seen = sum(counts.values()), 0.0
    for edge in EDGES:
        seen += counts.get(f"{edge:g}", 0.0)
        if total and seen >= 0.95 * total:
            return edge
    return float("inf") if total else 0.0


def surely_over(bad: float, total: float, share: float) -> bool:
    """Whether the true share of bad ones is over `share`, with confidence SURE (Clopper and Pearson 1934)."""
    shrink = min(1.0, _ENOUGH / total) if total > 0 else 0.0
    whole = int(total * shrink)
    return whole > 0 and lower_bound(min(int(bad * shrink), whole), whole, SURE) > share
