"""Simulated samples: what the judge says where nothing changed, and how soon it sees what did."""

import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.core.health import HealthPolicy, MetricRule, Reading, Rollout
from bot.core.ids import Sha
from bot.core.verdict import Status
from bot.policy.health import assess
from bot.policy.judge.court import judge
from bot.policy.judge.samples import Samples

OLD, NEW = Sha("a" * 40), Sha("b" * 40)
START = datetime(2026, 1, 1, tzinfo=UTC)
Row = tuple[float, float]
"""Value and total of one reading."""
Source = Callable[[random.Random], Iterator[Row]]


def latency(median: float = 0.2, spread: float = 0.6) -> Source:
    """Independent log-normal seconds."""

    def rows(dice: random.Random) -> Iterator[Row]:
        while True:
            yield median * math.exp(dice.gauss(0, spread)), 0.0

    return rows


def level(middle: float = 100.0) -> Source:
    """A gauge whose neighbours resemble each other (autocorrelation 0.7), with a spike in every fiftieth value."""

    def rows(dice: random.Random) -> Iterator[Row]:
        now = dice.gauss(0, 7)
        while True:
            now = 0.7 * now + dice.gauss(0, 5)
            yield middle + now + (dice.uniform(50, 200) if dice.random() < 0.02 else 0.0), 0.0

    return rows


def count(mean: float = 0.7) -> Source:
    """Poisson counts."""
    return lambda dice: ((float(_poisson(dice, mean)), 0.0) for _ in iter(int, 1))


def rate(bad: float = 0.02) -> Source:
    """Two to twenty events a reading, of which so many are bad."""

    def rows(dice: random.Random) -> Iterator[Row]:
        while True:
            total = dice.randint(2, 20)
            yield float(sum(dice.random() < bad for _ in range(total))), float(total)

    return rows


def _poisson(dice: random.Random, mean: float) -> int:
    bar, product, k = math.exp(-mean), dice.random(), 0
    while product > bar:
        product *= dice.random()
        k += 1
    return k


RULES: Mapping[str, MetricRule] = {
    "latency": MetricRule("latency", "latency"),
    "level": MetricRule("level", "level", "both"),
    "rate": MetricRule("rate", "rate"),
    "count": MetricRule("count", "count"),
}
SAME: Mapping[str, Source] = {"latency": latency(), "level": level(), "rate": rate(), "count": count()}


@dataclass(frozen=True, slots=True)
class Change:
    """A deploy that makes one metric worse."""

    title: str
    kind: str
    before: Source
    after: Source


CHANGES = (
    Change("errors from 0 to 30%", "rate", rate(0.0), rate(0.3)),
    Change("errors from 2% to 6%", "rate", rate(0.02), rate(0.06)),
    Change("latency three times as long", "latency", latency(), latency(0.6)),
    Change("latency a quarter longer", "latency", latency(), latency(0.25)),
    Change("level up by 5 robust sd", "level", level(), level(135.0)),
    Change("sparse events from 0.7 to 3 an interval", "count", count(), count(3.0)),
)


def once(kind: str, seed: int, sizes: tuple[int, int]) -> Status:
    """One comparison of two sets from one source."""
    rows = SAME[kind](random.Random(seed))
    before, after = ([next(rows) for _ in range(size)] for size in sizes)
    return judge(RULES[kind], _samples(before), _samples(after)).status


def watch(
    kind: str, before: Source, after: Source, seed: int, *, past: int, looks: int, every: int = 1
) -> tuple[int | None, int | None]:
    """The readings after which it said FAIL, and PASS, first; asked after `every` so many, past a PASS too."""
    dice = random.Random(seed)
    old, new = before(dice), after(dice)
    policy = HealthPolicy((RULES[kind],), warm_up=timedelta(0), deadline=timedelta(days=1))
    rollout = Rollout(NEW, NEW, contains=True, ready=True, at=START, previous=OLD)
    readings = [Reading(kind, OLD, START - timedelta(seconds=5 * (past - i)), *next(old)) for i in range(past)]
    failed: int | None = None
    passed: int | None = None
    for look in range(1, looks + 1):
        now = START + timedelta(seconds=5 * look)
        readings.append(Reading(kind, NEW, now, *next(new)))
        if look % every:
            continue
        status = assess(policy, readings, rollout, NEW, now).status
        if status is Status.PASS and passed is None:
            passed = look
        if status is Status.FAIL:
            failed = look
            break
    return failed, passed


def _samples(rows: Sequence[Row]) -> Samples:
    return Samples(tuple(value for value, _ in rows), tuple(total for _, total in rows))
