"""What a server's members come for, in counts that point at nobody: only with its admins' word, and only of many. Pure.

A row holds how many different members there were of a kind, never who; what is shown was met on LEAST days and by
LEAST members, in steps of LEAST, so that two looks a day apart do not differ by one member.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from bot.core.ids import GuildId

TABLE = "insights"
KEPT = timedelta(days=90)
WINDOW = timedelta(days=28)
"""The whole days that a look goes back; there is no other, so that none can be taken from another."""
LEAST = 5
MOST_CELLS = 128
"""Kinds of a day that a row holds."""
EVERYBODY = "members"
_CELL = re.compile(r"(members|(intent|outcome)/[a-z][a-z0-9_:+]{0,79}|hour/[0-2][0-9])")


@dataclass(frozen=True, slots=True)
class Tally:
    """One day of one guild, as one process met it. A cell is `intent/NAME`, `hour/HH`, `outcome/NAME` or `members`."""

    guild: GuildId
    day: date
    people: Mapping[str, int] = field(default_factory=dict)
    """Different members of that day, by cell."""
    week: Mapping[str, int] = field(default_factory=dict)
    """Different members since the week began, by cell: more than on any one day, never fewer."""

    def key(self, process: str) -> str:
        """The same at each writing of the same day and process."""
        return f"{self.guild}/{self.day.isoformat()}/{process}"

    def row(self) -> dict[str, Any]:
        return {
            "guild": self.guild, "day": self.day.isoformat(), "people": dict(self.people), "week": dict(self.week),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Insight:
    """Something that enough members came for on enough days."""

    cell: str
    people: int
    """Members a day, summed over the days and rounded down to steps of LEAST."""
    days: int


def cells(intent: str, outcome: str, hour: int) -> tuple[str, ...]:
    """The cells that one answer counts in; an intent's name of another shape counts in none of its own."""
    found = (EVERYBODY, f"intent/{intent}", f"outcome/{outcome}", f"hour/{hour:02d}")
    return tuple(cell for cell in found if _CELL.fullmatch(cell))


def read(row: Mapping[str, Any]) -> Tally | None:
    """A row of the table; None for one of any other shape."""
    try:
        people, week = _counts(row["people"]), _counts(row["week"])
        return Tally(GuildId(str(row["guild"])), date.fromisoformat(str(row["day"])), people, week)
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


def _counts(found: Any) -> dict[str, int]:
    counts = {str(cell): int(count) for cell, count in dict(found).items() if _CELL.fullmatch(str(cell))}
    if len(counts) > MOST_CELLS or not all(0 < count < 10**7 for count in counts.values()):
        raise ValueError
    return counts


def summary(tallies: Iterable[Tally], guild: GuildId, today: date) -> tuple[Insight, ...]:
    """What may be shown of one guild, of the whole days before today, the most first. Nothing below LEAST different
    days or LEAST different members, of which the most of any one week are known."""
    people: defaultdict[str, int] = defaultdict(int)
    members: defaultdict[str, int] = defaultdict(int)
    days: defaultdict[str, set[date]] = defaultdict(set)
    for one in tallies:
        if one.guild != guild or not today - WINDOW <= one.day < today:
            continue
        for cell, count in one.people.items():
            people[cell] += count
            members[cell] = max(members[cell], count, one.week.get(cell, 0))
            days[cell].add(one.day)
    enough = [cell for cell in people if len(days[cell]) >= LEAST and members[cell] >= LEAST]
    found = [Insight(cell, people[cell] // LEAST * LEAST, len(days[cell])) for cell in enough]
    return tuple(sorted(found, key=lambda one: (-one.people, one.cell)))
