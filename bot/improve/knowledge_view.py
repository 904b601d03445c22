"""What was learned, for people: strategies with their odds, the lessons behind them, and what is tried next and why."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.core.text import one_line
from bot.improve.body import Row
from bot.policy.knowledge import BAD, Odds, Scores
from bot.policy.knowledge_effect import Effect, moved
from bot.policy.knowledge_lifecycle import Lesson, State

MOST = 8
"""Strategies that the dashboard names."""


@dataclass(frozen=True, slots=True)
class Strategy:
    """One author with one rule: how it is rated now, and all that it tried."""

    author: str
    rule: str
    odds: Odds
    lessons: tuple[Lesson, ...]
    """The newest first."""

    @property
    def name(self) -> str:
        return f"{self.author}/{self.rule}"

    @property
    def counts(self) -> Mapping[str, int]:
        """How often it ended how."""
        return dict(sorted(Counter(one.outcome.result.value for one in self.lessons).items()))

    @property
    def active(self) -> int:
        return sum(one.active for one in self.lessons)

    @property
    def effects(self) -> tuple[Effect, ...]:
        """What its changes did where they ran."""
        return tuple(effect for one in self.lessons for effect in one.outcome.effect)

    def because(self) -> str:
        """Why it stands where it stands."""
        rated = self.odds
        figures = f"{rated.upper:.2f} = chance {rated.mean:.2f} + {rated.edge:.1f} x spread {rated.spread:.2f}"
        counts = ", ".join(f"{count} {name}" for name, count in self.counts.items())
        archived = len(self.lessons) - self.active
        old = f" ({archived} archived, which count no more)" if archived else ""
        return f"{figures}; {counts}{old}; last {self.lessons[0].outcome.at:%Y-%m-%d}{_did(self.effects)}"

    def row(self) -> dict[str, Any]:
        """As JSON values."""
        did = {name: {"changes": count, "median": round(by, 4)} for name, (count, by) in moved(self.effects).items()}
        return {
            "author": self.author,
            "rule": self.rule,
            "chance": round(self.odds.mean, 4),
            "spread": round(self.odds.spread, 4),
            "edge": round(self.odds.edge, 4),
            "upper": round(self.odds.upper, 4),
            "counts": self.counts,
            "active": self.active,
            "last": lesson_row(self.lessons[0]),
            "effects": did,
        }


def strategies(lessons: Iterable[Lesson], now: datetime) -> tuple[Strategy, ...]:
    """Every strategy that was tried, in the order in which the next ranking prefers them, all else being equal."""
    by_name: dict[tuple[str, str], list[Lesson]] = {}
    for one in lessons:
        by_name.setdefault(one.outcome.strategy, []).append(one)
    teaching = [one.outcome for some in by_name.values() for one in some if one.active]
    scores = Scores.of(teaching, now)
    found = [Strategy(author, rule, scores.odds(author, rule), tuple(some)) for (author, rule), some in by_name.items()]
    return tuple(sorted(found, key=lambda one: (-one.odds.upper, one.name)))


def failed(lessons: Iterable[Lesson]) -> tuple[Lesson, ...]:
    """What was refused, rejected or taken back, the newest first; the active ones warn whoever writes the like."""
    return tuple(one for one in lessons if one.outcome.result in BAD)


def lesson_row(one: Lesson) -> dict[str, Any]:
    """As JSON values."""
    outcome, facts = one.outcome, one.facts
    return {
        "lesson": outcome.idea,
        "strategy": "/".join(outcome.strategy),
        "state": one.state.value,
        "result": outcome.result.value,
        "because": outcome.because,
        "at": outcome.at.isoformat(),
        "title": outcome.title,
        "pull": outcome.pull,
        "paths": list(outcome.paths),
        "tried_again": facts.tried,
        "agreed": facts.agreed,
        "against": facts.against,
        "lives_days": facts.life.days,
        "effect": [effect.row() for effect in outcome.effect],
    }


def lesson_lines(one: Lesson) -> str:
    """One lesson for a terminal. Its words are what authors, gates and people wrote: one line, nothing else."""
    outcome, facts = one.outcome, one.facts
    pull = f" #{outcome.pull}" if outcome.pull else ""
    later = f", {facts.agreed} later tries agree and {facts.against} do not" if facts.tried else ""
    head = f"{outcome.idea} {outcome.at:%Y-%m-%d} {one.state.value}{pull}: {one_line(one.line(), 260)}"
    effects = "".join(f"\n    {one_line(effect.line(), 160)}" for effect in outcome.effect)
    return f"{head}{later}{effects}"


def board_rows(lessons: Sequence[Lesson]) -> list[Row]:
    """For the dashboard, as of the last outcome, so that it says the same until something ends."""
    if not lessons:
        return []
    found = strategies(lessons, max(one.outcome.at for one in lessons))
    return [Row(one.name, one.because(), about=_states(one.lessons)) for one in found[:MOST]]


def _states(lessons: Sequence[Lesson]) -> str:
    counts = Counter(one.state for one in lessons)
    return ", ".join(f"{counts[state]} {state.value}" for state in State if counts[state])


def _did(effects: Sequence[Effect]) -> str:
    """What its changes moved, in the middle."""
    told = [f"{metric} {by:+.0%} in {count}" for metric, (count, by) in moved(effects).items()]
    return f"; median effect of its changes: {', '.join(told)}" if told else ""
