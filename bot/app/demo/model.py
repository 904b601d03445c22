"""What the demo observed: steps, proposals, deploys, and what members met second by second."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from bot.core.verdict import Verdict

STEPS = {
    "find": "analysts find real things in this repository and rank them",
    "write": "an author writes a test that kills a mutant no test killed before",
    "validate": "every stage judges it in the sandbox",
    "propose": "a pull request carries the evidence",
    "decide": "the decision explains itself",
    "merge": "it merges by rule",
    "deploy": "the deployer runs the merged commit, ready before switching",
    "healthy": "it is watched, found healthy, and gets a version",
    "bad_deploy": "a tuned value passes every stage and is deployed",
    "detect": "live traffic shows that it hurts",
    "revert": "an exact inverse is proposed and merged",
    "recovered": "the revert runs and is healthy again",
    "refused_policy": "refused: a change of the policy",
    "refused_tests": "refused: a weakened test",
    "refused_rename": "refused: a sealed file moved away",
    "refused_dependency": "refused: a look-alike dependency without a hash",
    "refused_secret": "refused: a planted secret",
    "vote": "members vote a tier-2 proposal over",
    "vote_voided": "a push after the vote voids it",
}


@dataclass(slots=True)
class Step:
    """One thing that has to be seen. `status` is `ok`, `failed` or `not reached`."""

    id: str
    title: str
    status: str = "not reached"
    seconds: float = 0.0
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Second:
    """What members met in one second: messages by outcome. `t` counts from the start of the demo."""

    t: float
    counts: Mapping[str, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def bad(self) -> int:
        return sum(n for outcome, n in self.counts.items() if outcome in {"rejected", "failed", "error"})


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment on the picture: a deploy, a revert, or a version found healthy."""

    t: float
    kind: str
    label: str


@dataclass(slots=True)
class Told:
    """One proposal and its way through the stages."""

    pull: int
    title: str
    kind: str
    author: str
    outcome: str
    head: str
    gate: Verdict | None = None
    why: Verdict | None = None
    body: str = ""


@dataclass(slots=True)
class Observed:
    """Everything that the demo saw."""

    steps: dict[str, Step] = field(default_factory=lambda: {i: Step(i, title) for i, title in STEPS.items()})
    proposals: list[Told] = field(default_factory=list)
    deploys: list[dict[str, Any]] = field(default_factory=list)
    seconds: list[Second] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    ranking: list[dict[str, Any]] = field(default_factory=list)
    spent: float = 0.0

    @property
    def passed(self) -> bool:
        """Whether each outcome was observed."""
        return all(step.status == "ok" for step in self.steps.values())

    def to_dict(self) -> dict[str, Any]:
        """The JSON that other programs rely on."""
        return {
            "outcome": "passed" if self.passed else "failed",
            "seconds": round(self.spent, 1),
            "steps": [{**asdict(s), "seconds": round(s.seconds, 2)} for s in self.steps.values()],
            "proposals": [
                {
                    "pull": p.pull,
                    "title": p.title,
                    "kind": p.kind,
                    "author": p.author,
                    "outcome": p.outcome,
                    "head": p.head,
                    "gate": p.gate.to_dict() if p.gate else None,
                }
                for p in self.proposals
            ],
            "deploys": self.deploys,
        }
