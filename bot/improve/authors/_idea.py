"""How an author names what it would do."""

import hashlib
from dataclasses import dataclass

from bot.core.change import Finding, Idea, Origin
from bot.core.ids import ProposalId
from bot.improve.doors import Author


@dataclass(frozen=True, slots=True)
class Words:
    """What people read of an idea."""

    title: str
    why: str


def analysed(author: Author, finding: Finding, key: str, words: Words, *, value: float = 0.0) -> Idea:
    """An idea that an analyst's finding led to. Of one `key` there is one idea, however often it is found again."""
    return Idea(
        id=ProposalId(hashlib.sha256(key.encode()).hexdigest()[:12]),
        title=words.title,
        why=words.why,
        kind=author.kind,
        origin=Origin.ANALYST,
        author=author.name,
        findings=(finding,),
        claim=author.claim,
        value=value,
    )
