"""Who revises a pull request, and what it is about."""

from bot.core.change import Idea, Proposal
from bot.core.ids import ProposalId
from bot.improve.ideas import Workshop
from bot.improve.knowledge import strategy
from bot.improve.reviews.revision import Reviser


def reviser(shop: Workshop, proposal: Proposal) -> Reviser | None:
    """Who revises: the author of the change if it reads words, else the first that does; None: nobody here does."""
    name, _rule = strategy(proposal)
    able = [author for author in shop.authors if isinstance(author, Reviser)]
    return next((author for author in able if author.name == name), able[0] if able else None)


def idea_of(proposal: Proposal) -> Idea:
    """The idea behind a pull request, as the forge remembers it."""
    name, _rule = strategy(proposal)
    return Idea(
        id=ProposalId(proposal.idea or ""),
        title=proposal.title.partition(": ")[2] or proposal.title,
        why="Reviewers ask for changes to it.",
        kind=proposal.kind,
        origin=proposal.origin,
        author=name,
        asked_by=proposal.asked_by,
        claim=proposal.claim,
    )
