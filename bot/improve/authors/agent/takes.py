"""Which findings a model is given, and what each is called. Titles and reasons are ours; nobody's words are in them."""

import hashlib
from dataclasses import dataclass

from bot.core.change import Claim, Finding, Idea, Kind, Origin
from bot.core.ids import ProposalId, UserId

WISH = "wish"
"""Rule of the finding that stands for an accepted suggestion."""


@dataclass(frozen=True, slots=True)
class Task:
    """What a finding of one rule is turned into."""

    kind: Kind
    title: str
    """`{what}` is the symbol, or the file's name."""
    claim: Claim = Claim.PRESERVING


TASKS = {
    "complexity": Task(Kind.REFACTOR, "make {what} simpler"),
    "duplication": Task(Kind.REFACTOR, "say once what {what} repeats"),
    "missing-types": Task(Kind.REFACTOR, "annotate {what}"),
    "dead-code": Task(Kind.REFACTOR, "remove {what}, which nothing uses"),
    "import-cycle": Task(Kind.REFACTOR, "break the import cycle of {what}"),
    "coverage-gap": Task(Kind.TEST, "test {what}"),
    "runtime-error": Task(Kind.FIX, "mend {what}, which broke while the bot ran", Claim.NONE),
    "failing-tool": Task(Kind.FIX, "mend {what}, whose calls fail", Claim.NONE),
    "slow-step": Task(Kind.REFACTOR, "make {what} quicker"),
    "disliked-answer": Task(Kind.BEHAVIOUR, "answer {what} better", Claim.NONE),
}
"""By rule; what no task names stays with people (an unused dependency is a decision, not an edit)."""


def takes(finding: Finding, author: str) -> Idea | None:
    """The idea that a finding leads to; None if it is nothing for a model."""
    if finding.rule == WISH:
        return _wished(finding, author)
    task = TASKS.get(finding.rule)
    if task is None:
        return None
    what = finding.symbol.rpartition(".")[2] or finding.path.name
    return Idea(
        id=ProposalId(hashlib.sha256(f"{author}\0{finding.fingerprint}".encode()).hexdigest()[:12]),
        title=task.title.format(what=what),
        why=finding.message,
        kind=task.kind,
        origin=Origin.ANALYST,
        author=author,
        findings=(finding,),
        claim=task.claim,
    )


def wish_id(suggestion: str) -> ProposalId:
    """The idea of a suggestion, whenever and wherever it is asked for."""
    return ProposalId(hashlib.sha256(f"{WISH}\0{suggestion}".encode()).hexdigest()[:12])


def _wished(finding: Finding, author: str) -> Idea:
    """It carries no finding: which files a wish will touch nobody knows before it is written."""
    number = str(finding.evidence["suggestion"])
    return Idea(
        id=wish_id(number),
        title=f"carry out suggestion {number}",
        why=f"A member suggested it ({number}), and it was accepted to be tried.",
        kind=Kind(str(finding.evidence["kind"])),
        origin=Origin.MEMBER,
        author=author,
        asked_by=UserId(str(finding.evidence["by"])),
    )
