"""What becomes of ideas, and what that says of those who had them: outcomes, and odds that fade with time. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from statistics import NormalDist

from bot.core.ids import ProposalId
from bot.policy.knowledge_effect import Effect

HALF_LIFE = timedelta(days=60)
"""Old outcomes fade: the code and its people change."""


class Result(StrEnum):
    """How an idea ended. The order of a proposal's life; a later result replaces an earlier one."""

    UNWRITTEN = "unwritten"
    """The author declined: nothing was risked, and the same tree would get the same answer."""
    REFUSED = "refused"
    """A stage refused it before it was proposed."""
    OPEN = "open"
    REJECTED = "rejected"
    MERGED = "merged"
    HEALTHY = "healthy"
    REVERTED = "reverted"


GOOD = frozenset({Result.MERGED, Result.HEALTHY})
BAD = frozenset({Result.REFUSED, Result.REJECTED, Result.REVERTED})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one idea. `rule` and `author` name the strategy; `because` is for people and for the author."""

    idea: ProposalId
    author: str
    rule: str
    kind: str
    result: Result
    because: str
    at: datetime
    title: str = ""
    pull: int = 0
    base: str = ""
    """The commit it was tried on, where that decides whether it may be tried again."""
    paths: tuple[str, ...] = ()
    """Files that it was about, as far as that is known."""
    suggestions: tuple[str, ...] = ()
    """Members' suggestions that led to it: those who made them are told."""
    version: str = ""
    """The version that it went live in."""
    effect: tuple[Effect, ...] = ()
    """What it did where it ran, by the judge's figures of new against old; empty where it never ran."""

    @property
    def strategy(self) -> tuple[str, str]:
        """Author and rule."""
        return self.author, self.rule


@dataclass(frozen=True, slots=True)
class Odds:
    """A strategy's chance of acceptance: a Beta distribution with faded counts (Beta-Bernoulli bandit)."""

    good: float
    bad: float
    seen: float = 0.0
    """Faded count of all ends that are known, of whichever strategy."""

    @property
    def mean(self) -> float:
        return self.good / (self.good + self.bad)

    @property
    def spread(self) -> float:
        """Standard deviation: how unsure we are."""
        total = self.good + self.bad
        return float((self.good * self.bad / (total * total * (total + 1))) ** 0.5)

    @property
    def edge(self) -> float:
        """How many standard deviations are hoped for: the quantile 1 - 1/t after t ends, at least one.

        With a fixed one, whatever did well first would be chosen for ever, and an untried strategy never. Source:
        Kaufmann, Cappe, Garivier, On Bayesian upper confidence bounds, AISTATS 2012.
        """
        return max(1.0, NormalDist().inv_cdf(1 - 1 / (self.seen + 2)))

    @property
    def upper(self) -> float:
        """What strategies are compared by: the chance as it may well be, so that untried ones get their turn."""
        return min(1.0, self.mean + self.edge * self.spread)


PRIORS: Mapping[str, tuple[float, float]] = {"agent": (1.0, 3.0)}
"""Good and bad that an author begins with, where that is not one each. A model writes what merely looks right: it has
to earn its turn before authors whose changes follow from rules."""


def odds(outcomes: Iterable[Outcome], author: str, rule: str, now: datetime) -> Odds:
    """The posterior of one strategy from its author's prior, Beta(1, 1) for most; an outcome of the same author but
    another rule counts a quarter, since its rules have much in common."""
    return Scores.of(outcomes, now).odds(author, rule)


@dataclass(frozen=True, slots=True)
class Scores:
    """Faded counts of good and bad ends, by author and by strategy: one pass over all outcomes for all strategies."""

    authors: Mapping[str, tuple[float, float]]
    strategies: Mapping[tuple[str, str], tuple[float, float]]
    seen: float

    @classmethod
    def of(cls, outcomes: Iterable[Outcome], now: datetime) -> "Scores":
        """What has no end counts nothing."""
        authors: dict[str, tuple[float, float]] = {}
        strategies: dict[tuple[str, str], tuple[float, float]] = {}
        seen = 0.0
        for outcome in outcomes:
            if outcome.result not in GOOD | BAD:
                continue
            weight = 0.5 ** max(0.0, (now - outcome.at) / HALF_LIFE)
            gain = (weight, 0.0) if outcome.result in GOOD else (0.0, weight)
            authors[outcome.author] = _sum(authors.get(outcome.author), gain)
            strategies[outcome.strategy] = _sum(strategies.get(outcome.strategy), gain)
            seen += weight
        return cls(authors, strategies, seen)

    def odds(self, author: str, rule: str) -> Odds:
        """See the function of that name."""
        prior = PRIORS.get(author, (1.0, 1.0))
        every, own = self.authors.get(author, (0.0, 0.0)), self.strategies.get((author, rule), (0.0, 0.0))
        good, bad = (p + o + 0.25 * (e - o) for p, o, e in zip(prior, own, every, strict=True))
        return Odds(good, bad, self.seen)


def _sum(known: tuple[float, float] | None, gain: tuple[float, float]) -> tuple[float, float]:
    return (known[0] + gain[0], known[1] + gain[1]) if known is not None else gain
