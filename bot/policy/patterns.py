"""When members come with what, and what they come with next: counts over everybody, from a bot's own notes. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.policy.symptoms import Symptom

LEAST = 5
"""Members, counted once a day each, below whom nothing is said."""
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True, slots=True)
class Patterns:
    """Members, counted once a day each. Hours are UTC."""

    hours: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    days: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    follows: tuple[tuple[str, str, int], ...] = ()
    """An intent, the one that came after it, and how often; the most first."""

    def row(self) -> dict[str, Any]:
        """As JSON values."""
        told = [{"first": first, "then": then, "count": count} for first, then, count in self.follows]
        return {"hours": self.hours, "days": self.days, "follows": told}

    def lines(self, most: int = 15) -> list[str]:
        """For a terminal."""
        both = sorted(set(self.hours) | set(self.days))
        told = [f"  {name}: {_top(self.days.get(name, {}))}; {_top(self.hours.get(name, {}))}" for name in both[:most]]
        after = [f"  {first} -> {then}: {count}" for first, then, count in self.follows[:most]]
        return ["When (days; hours, UTC):", *(told or ["  not enough is known"]),
                "What follows within half an hour:", *(after or ["  not enough is known"])]  # fmt: skip


def patterns(noted: Iterable[Symptom]) -> Patterns:
    """Sums over all processes and days that are kept; what is below LEAST is left out."""
    sums: defaultdict[str, defaultdict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for one in noted:
        if one.sort in {"hour", "follow"}:
            sums[one.sort][one.name].update(one.counts)
        elif one.sort == "answer":
            sums["day"][one.name][DAYS[one.day.weekday()]] += sum(one.counts.values())
    pairs = [(first, then, count) for first, some in sums["follow"].items() for then, count in some.items()]
    often = sorted((pair for pair in pairs if pair[2] >= LEAST), key=lambda pair: (-pair[2], pair))
    return Patterns(_enough(sums["hour"]), _enough(sums["day"]), tuple(often))


def _enough(counted: Mapping[str, Counter[str]]) -> dict[str, dict[str, int]]:
    kept = {name: {what: n for what, n in sorted(some.items()) if n >= LEAST} for name, some in sorted(counted.items())}
    return {name: some for name, some in kept.items() if some}


def _top(counts: Mapping[str, int]) -> str:
    best = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:4]
    return ", ".join(f"{what} {count}" for what, count in best) or "-"
