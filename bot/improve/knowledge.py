"""What was learned from outcomes: which strategies were accepted, refused or reverted, and what to try next."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from bot.core.change import Idea, Origin, Proposal, Severity
from bot.core.ids import ProposalId
from bot.core.ports import Records
from bot.policy.knowledge import BAD, GOOD, HALF_LIFE, Odds, Outcome, Result, odds
from bot.policy.knowledge_effect import read
from bot.policy.knowledge_lifecycle import active
from bot.policy.risk import NONE, Risk, worth

__all__ = [
    "BAD", "ENDS", "GOOD", "HALF_LIFE", "TABLE", "Knowledge", "Odds", "Outcome", "Result", "Worth", "failures", "odds",
    "rank", "rule_of", "strategy", "strategy_labels", "worth_of",
]  # fmt: skip
TABLE = "outcomes"
ENDS = "outcome_ends"
"""How ideas ended whose words are kept no longer: what was refused is known, and why it was is not."""
IMPACT = {Severity.LOW: 1.0, Severity.MEDIUM: 2.0, Severity.HIGH: 4.0}


@dataclass(frozen=True, slots=True)
class Worth:
    """Why an idea stands where it stands (SPEC SI-2)."""

    impact: float
    chance: float
    """Upper edge of the chance of acceptance, so that untried strategies get their turn (`Odds.upper`)."""
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
    return Worth(impact, chance.upper, of)


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
    """Outcomes on disk. `bot/improve/knowledge_keeping.py` bounds them, and deletes what people want forgotten."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def remember(self, outcome: Outcome) -> None:
        """Keep it, in the place of what was known of that idea."""
        self._records.put(TABLE, outcome.idea, _row(outcome))
        self._records.delete(ENDS, outcome.idea)

    def outcomes(self) -> tuple[Outcome, ...]:
        """Those that still have their words."""
        return tuple(_outcome(key, row) for key, row in self._records.scan(TABLE))

    def active(self, now: datetime) -> tuple[Outcome, ...]:
        """Those that rank ideas and warn writers: the archived are left out."""
        return active(self.outcomes(), now)

    def everything(self) -> tuple[Outcome, ...]:
        """All that is known to have ended, those without words too: what is refused stays refused (SPEC SI-2)."""
        found = {outcome.idea: outcome for outcome in self.ends()}
        return tuple((found | {outcome.idea: outcome for outcome in self.outcomes()}).values())

    def ends(self) -> tuple[Outcome, ...]:
        """Those of whose words nothing is left."""
        return tuple(_outcome(key, row) for key, row in self._records.scan(ENDS))

    def of(self, idea: ProposalId) -> Outcome | None:
        """What became of one idea."""
        row = self._records.get(TABLE, idea) or self._records.get(ENDS, idea)
        return _outcome(idea, row) if row is not None else None

    def bare(self, outcome: Outcome) -> None:
        """Keep only how it ended. The end is written first: a kill between the two forgets nothing that was refused."""
        left = replace(outcome, because="", title="", paths=(), suggestions=(), version="", effect=())
        self._records.put(ENDS, outcome.idea, _row(left))
        self._records.delete(TABLE, outcome.idea)

    def drop(self, outcome: Outcome) -> None:
        """Keep nothing of it."""
        self._records.delete(TABLE, outcome.idea)
        self._records.delete(ENDS, outcome.idea)


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


def _row(outcome: Outcome) -> dict[str, Any]:
    return {
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
        "effect": [effect.row() for effect in outcome.effect],
    }


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
        effect=read(row.get("effect", ())),
    )
