"""The life of a lesson: from the first try that taught it, over its use, to the archive. Pure; time is an argument."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.policy.knowledge import BAD, GOOD, HALF_LIFE, Outcome, Result

LIFE = 4
"""Half-lives after which a lesson that nothing bore out goes to the archive: a sixteenth of it would count still."""
LONGEST, SHORTEST = 8, 1
"""Half-lives at most and at least, however often later tries agreed with it or did not."""
MOST_ACTIVE = 1_000
"""Lessons that rank and warn; of more, the oldest go to the archive."""
MOST_ARCHIVED = 1_000
"""Archived lessons that keep their words; of more, the oldest keep only how they ended."""
UNDER_WAY = frozenset({Result.OPEN, Result.MERGED})


class State(StrEnum):
    """Where a lesson is in its life, in the order of that life."""

    DISCOVERED = "discovered"
    """An idea is being tried, or its author declined: nothing is known of its worth."""
    VALIDATED = "validated"
    """It was merged: the gate and whoever had to agree have agreed, and its health is still watched."""
    STORED = "stored"
    """It has its end: it counts in the ranking, and a failure warns the next writer."""
    APPLIED = "applied"
    """The same strategy was tried again since, with this lesson known."""
    MONITORED = "monitored"
    """Such a later try is under way: how it ends bears the lesson out or not."""
    REINFORCED = "reinforced"
    """More later tries ended the same way than otherwise: it lives longer."""
    ARCHIVED = "archived"
    """Too old, or too many are newer: it ranks and warns no more. What it refused stays refused."""
    FORGOTTEN = "forgotten"
    """A person had its words deleted. What it refused stays refused."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the next state follows from."""

    accepted: bool = False
    """It was merged, or has its end."""
    ended: bool = False
    tried: int = 0
    """Later tries of the same strategy."""
    running: int = 0
    """Of these, how many have no end yet."""
    agreed: int = 0
    """Of these, how many ended as well or as badly."""
    against: int = 0
    age: timedelta = timedelta()
    crowded: bool = False
    """Whether too many newer lessons are in use."""
    forgotten: bool = False

    @property
    def life(self) -> timedelta:
        """How old it may become: each later try that agrees adds a half-life, each that does not takes one."""
        return HALF_LIFE * min(LONGEST, max(SHORTEST, LIFE + self.agreed - self.against))

    @property
    def over(self) -> bool:
        return self.crowded or self.age > self.life


def step(state: State, facts: Facts) -> State:
    """One step of a lesson's life. Nothing comes back from being forgotten."""
    if facts.forgotten or state is State.FORGOTTEN:
        return State.FORGOTTEN
    if facts.over:
        return State.ARCHIVED
    return _STEPS[state](facts)


def settled(facts: Facts, state: State = State.DISCOVERED) -> State:
    """Where steps on the same facts end: it is the same state, wherever they began, unless it was forgotten."""
    while (following := step(state, facts)) is not state:
        state = following
    return state


def _early(facts: Facts) -> State:
    """A lesson whose end is not stored: what has one was accepted or refused, which is known all the same."""
    return State.VALIDATED if facts.accepted or facts.ended else State.DISCOVERED


def _stored(facts: Facts) -> State:
    if not facts.ended:
        return _early(facts)
    return State.APPLIED if facts.tried else State.STORED


def _used(facts: Facts) -> State:
    """A lesson that later tries could have learned from."""
    if not (facts.ended and facts.tried):
        return State.STORED
    if facts.running:
        return State.MONITORED
    return State.REINFORCED if facts.agreed > facts.against else State.APPLIED


def _kept(facts: Facts) -> State:
    return State.STORED if facts.ended else _early(facts)


_STEPS: Mapping[State, Callable[[Facts], State]] = {
    State.DISCOVERED: _early,
    State.VALIDATED: _kept,
    State.STORED: _stored,
    State.APPLIED: _used,
    State.MONITORED: _used,
    State.REINFORCED: _used,
    State.ARCHIVED: _kept,
}


@dataclass(frozen=True, slots=True)
class Lesson:
    """One outcome, with where it is in its life and what that follows from."""

    outcome: Outcome
    state: State
    facts: Facts

    @property
    def active(self) -> bool:
        """Whether it ranks and warns."""
        return self.state not in {State.ARCHIVED, State.FORGOTTEN}

    def line(self) -> str:
        """For people: rule, author, files, how it ended and why."""
        one = self.outcome
        files = ", ".join(one.paths[:3]) + (f" and {len(one.paths) - 3} more" if len(one.paths) > 3 else "")
        where = f" on {files}" if files else ""
        return f"{one.rule} by {one.author}{where}: {one.result.value}, {one.because or 'no reason was given'}"


def lessons(outcomes: Iterable[Outcome], now: datetime, *, most: int = MOST_ACTIVE) -> tuple[Lesson, ...]:
    """Every outcome as a lesson, the newest first."""
    strategies: defaultdict[tuple[str, str], list[Outcome]] = defaultdict(list)
    for outcome in sorted(outcomes, key=lambda o: (o.at, o.idea)):
        strategies[outcome.strategy].append(outcome)
    found = [one for some in strategies.values() for one in _strategy(some, now)]
    found.sort(key=lambda one: (one.outcome.at, one.outcome.idea), reverse=True)
    return tuple(_crowded(found, most))


def active(outcomes: Iterable[Outcome], now: datetime) -> tuple[Outcome, ...]:
    """The outcomes that rank and warn, the newest first."""
    return tuple(one.outcome for one in lessons(outcomes, now) if one.active)


def _strategy(outcomes: Sequence[Outcome], now: datetime) -> list[Lesson]:
    """The lessons of one strategy, from its last try back: what came later is what bears out what came before."""
    found: list[Lesson] = []
    good = bad = running = tried = 0
    for outcome in reversed(outcomes):
        agreed, against = (good, bad) if outcome.result in GOOD else (bad, good) if outcome.result in BAD else (0, 0)
        ended = outcome.result in {*BAD, Result.HEALTHY}
        facts = Facts(ended or outcome.result in GOOD, ended, tried, running, agreed, against, now - outcome.at)
        found.append(Lesson(outcome, settled(facts), facts))
        good += outcome.result is Result.HEALTHY
        bad += outcome.result in BAD
        running += outcome.result in UNDER_WAY
        tried += outcome.result is not Result.UNWRITTEN
    return found


def _crowded(newest: Sequence[Lesson], most: int) -> Iterable[Lesson]:
    """What is beyond the bound goes to the archive; what waits for people does not."""
    places = most
    for one in newest:
        if one.active and places <= 0 and one.outcome.result is not Result.OPEN:
            facts = replace(one.facts, crowded=True)
            yield Lesson(one.outcome, settled(facts, one.state), facts)
            continue
        places -= one.active
        yield one
