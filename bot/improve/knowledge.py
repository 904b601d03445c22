"""What was learned from outcomes: which strategies were accepted, refused or reverted, and what to try next."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from bot.core.change import Idea, Origin, Proposal, Severity
from bot.core.ids import ProposalId
from bot.core.ports import Records
from bot.policy.risk import NONE, Risk, worth

TABLE = "outcomes"
HALF_LIFE = timedelta(days=60)
"""Old outcomes fade: the code and its people change."""
IMPACT = {Severity.LOW: 1.0, Severity.MEDIUM: 2.0, Severity.HIGH: 4.0}


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


@dataclass(frozen=True, slots=True)
class Odds:
    """A strategy's chance of acceptance: a Beta distribution with faded counts (Beta-Bernoulli bandit)."""

    good: float
    bad: float

    @property
    def mean(self) -> float:
        return self.good / (self.good + self.bad)

    @property
    def spread(self) -> float:
        """Standard deviation: how unsure we are."""
        total = self.good + self.bad
        return float((self.good * self.bad / (total * total * (total + 1))) ** 0.5)


PRIORS: Mapping[str, tuple[float, float]] = {"agent": (1.0, 3.0)}
"""Good and bad that an author begins with, where that is not one each. A model writes what merely looks right: it has
to earn its turn before authors whose changes follow from rules."""


def odds(outcomes: Iterable[Outcome], author: str, rule: str, now: datetime) -> Odds:
    """The posterior of one strategy from its author's prior, Beta(1, 1) for most; an outcome of the same author but
    another rule counts a quarter, since its rules have much in common."""
    good, bad = PRIORS.get(author, (1.0, 1.0))
    for outcome in outcomes:
        if outcome.author != author or outcome.result not in GOOD | BAD:
            continue
        weight = 0.5 ** max(0.0, (now - outcome.at) / HALF_LIFE) * (1.0 if outcome.rule == rule else 0.25)
        if outcome.result in GOOD:
            good += weight
        else:
            bad += weight
    return Odds(good, bad)


@dataclass(frozen=True, slots=True)
class Worth:
    """Why an idea stands where it stands (SPEC SI-2)."""

    impact: float
    chance: float
    """Upper edge of the chance of acceptance: mean plus one standard deviation, so that untried strategies get their
    turn."""
    risk: Risk = NONE

    @property
    def value(self) -> float:
        return worth(self.impact, self.chance, self.risk)

    def because(self) -> str:
        """One line for people."""
        figures = f"impact {self.impact:g} x chance {self.chance:.2f} / risk {self.risk.value:.2f}"
        return f"worth {self.value:.2f} = {figures} ({self.risk.because})"


def worth_of(idea: Idea, outcomes: Sequence[Outcome], now: datetime, of: Risk = NONE) -> Worth:
    """The expected value of one idea, with what it is made of."""
    chance = odds(outcomes, idea.author, rule_of(idea), now)
    wished = Severity.HIGH if idea.origin is Origin.MEMBER else Severity.MEDIUM
    impact = max((IMPACT[f.severity] for f in idea.findings), default=IMPACT[wished])
    return Worth(impact, min(1.0, chance.mean + chance.spread), of)


def rank(
    ideas: Sequence[Idea],
    outcomes: Sequence[Outcome],
    now: datetime,
    risks: Mapping[ProposalId, Risk] = MappingProxyType({}),
) -> tuple[Idea, ...]:
    """Ideas with their expected value, best first. Ties go by id: the same look gives the same order."""
    valued = (replace(idea, value=worth_of(idea, outcomes, now, risks.get(idea.id, NONE)).value) for idea in ideas)
    return tuple(sorted(valued, key=lambda idea: (-idea.value, idea.id)))


def failures(outcomes: Iterable[Outcome], idea: Idea, most: int = 5) -> tuple[Outcome, ...]:
    """What went wrong before with the same rule or the same files, newest first: what an author must not repeat."""
    paths = {str(finding.path) for finding in idea.findings}
    rule, own = rule_of(idea), Result.UNWRITTEN
    alike = [o for o in outcomes if o.idea == idea.id or o.rule == rule or paths & set(o.paths)]
    told = [o for o in alike if o.result in BAD or (o.result is own and o.author == idea.author)]
    return tuple(sorted(told, key=lambda o: o.at, reverse=True)[:most])


class Knowledge:
    """Outcomes on disk."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def remember(self, outcome: Outcome) -> None:
        row = {
            "author": outcome.author,
            "rule": outcome.rule,
            "kind": outcome.kind,
            "result": outcome.result.value,
            "because": outcome.because[:1000],
            "at": outcome.at.isoformat(),
            "title": outcome.title,
            "pull": outcome.pull,
            "base": outcome.base,
            "paths": list(outcome.paths[:50]),
            "suggestions": list(outcome.suggestions),
            "version": outcome.version,
        }
        self._records.put(TABLE, outcome.idea, row)

    def outcomes(self) -> tuple[Outcome, ...]:
        return tuple(_outcome(key, row) for key, row in self._records.scan(TABLE))

    def of(self, idea: ProposalId) -> Outcome | None:
        row = self._records.get(TABLE, idea)
        return _outcome(idea, row) if row is not None else None


AUTHOR, RULE = "author/", "rule/"


def strategy_labels(idea: Idea) -> tuple[str, str]:
    """The labels by which a pull request names its strategy: what was learned can be read from the forge again."""
    return f"{AUTHOR}{idea.author}", f"{RULE}{rule_of(idea)}"


def rule_of(idea: Idea) -> str:
    """What an outcome is counted under: the rule of the first finding, else the kind."""
    return idea.findings[0].rule if idea.findings else idea.kind.value


def strategy(proposal: Proposal) -> tuple[str, str]:
    """Author and rule of a proposal, read from its labels; without them no author, and its kind as the rule."""

    def named(prefix: str, otherwise: str) -> str:
        found = sorted(label.removeprefix(prefix) for label in proposal.labels if label.startswith(prefix))
        return found[0] if found else otherwise

    return named(AUTHOR, ""), named(RULE, proposal.kind.value)


def _outcome(key: str, row: Mapping[str, Any]) -> Outcome:
    return Outcome(
        idea=ProposalId(key),
        author=str(row["author"]),
        rule=str(row["rule"]),
        kind=str(row["kind"]),
        result=Result(row["result"]),
        because=str(row["because"]),
        at=datetime.fromisoformat(row["at"]),
        title=str(row.get("title", "")),
        pull=int(row.get("pull", 0)),
        base=str(row.get("base", "")),
        paths=tuple(map(str, row.get("paths", ()))),
        suggestions=tuple(map(str, row.get("suggestions", ()))),
        version=str(row.get("version", "")),
    )
