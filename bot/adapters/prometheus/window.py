"""What happened to a revision between two looks at its series. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.adapters.prometheus.queries import STARTED, TARGET
from bot.core.health import MetricRule, Reading
from bot.core.ids import Sha
from bot.policy.figures import Sample, taken

Target = tuple[str, ...]
Key = tuple[str, frozenset[tuple[str, str]]]
"""Name and labels of a series."""


@dataclass(frozen=True, slots=True)
class Look:
    """The series of one revision at one evaluation. Times are the server's, in Unix seconds."""

    evaluated: float
    values: Mapping[Key, float]
    scraped: Mapping[Target, float]
    """When each process was scraped last."""

    @property
    def age(self) -> float:
        """Seconds since the newest scrape."""
        return self.evaluated - max(self.scraped.values())


def look_of(evaluated: float, rows: Sequence[tuple[Mapping[str, str], float]]) -> Look | None:
    """Rows of an instant query as a look; None where no process of the revision is known."""
    values: dict[Key, float] = {}
    scraped: dict[Target, float] = {}
    for labels, value in rows:
        if "__name__" in labels:
            rest = frozenset((name, one) for name, one in labels.items() if name != "__name__")
            values[labels["__name__"], rest] = value
        else:
            scraped[_target(labels)] = value
    return Look(evaluated, values, scraped) if scraped else None


def carried(before: Look | None, now: Look) -> Look:
    """What the next look is compared with: the newest known value of every series, also of a process that is away."""
    if before is None:
        return now
    return Look(now.evaluated, {**before.values, **now.values}, {**before.scraped, **now.scraped})


def fresh(before: Look, now: Look) -> bool:
    """Whether any process was scraped since the look before."""
    return any(before.scraped.get(target, 0.0) < at for target, at in now.scraped.items())


def readings(rules: Sequence[MetricRule], revision: Sha, at: datetime, before: Look, now: Look) -> tuple[Reading, ...]:
    """What `policy.figures.taken` makes of the time between two looks.

    Counters are what each grew by: one of a process that restarted counts from zero, one that was away from where it
    was last seen, one that is new from zero if its process started since the look before, else not yet.
    """
    samples = [
        Sample(key[0], dict(key[1]), value, _since(key, value, before, now)) for key, value in now.values.items()
    ]
    return taken(rules, revision, at, samples)


def silence(rules: Sequence[MetricRule], revision: Sha, at: datetime) -> tuple[Reading, ...]:
    """No answer, for every rule: never health."""
    return tuple(Reading(rule.name, revision, at, None) for rule in rules)


def _since(key: Key, value: float, before: Look, now: Look) -> float:
    """What one counter grew by since the look before."""
    target = _target(dict(key[1]))
    started = _start(target, now)
    old = before.values.get(key)
    if target not in before.scraped:
        return value if started > before.evaluated else 0.0
    if old is None or value < old or started > _start(target, before):
        return value
    return value - old


def _start(target: Target, look: Look) -> float:
    """When a process started; 0 where it does not tell."""
    key = (STARTED, frozenset(zip(TARGET, target, strict=True)))
    if key in look.values:
        return look.values[key]
    return next((v for (name, rest), v in look.values.items() if name == STARTED and _target(dict(rest)) == target), 0)


def _target(labels: Mapping[str, str]) -> Target:
    return tuple(labels.get(name, "") for name in TARGET)
