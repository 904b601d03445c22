"""Notes what became of the idea behind a pull request, with what it did where it ran."""

from datetime import datetime

from bot.core.change import Proposal
from bot.core.ids import ProposalId
from bot.core.verdict import Verdict
from bot.improve.body import plain
from bot.improve.context import Context
from bot.improve.knowledge import Knowledge, Outcome, Result, strategy
from bot.policy.knowledge_effect import measured


def remember(
    ctx: Context,
    proposal: Proposal,
    result: Result,
    because: str,
    *,
    at: datetime | None = None,
    version: str = "",
    health: Verdict | None = None,
) -> None:
    """Record what became of the idea behind a proposal; people's own pull requests teach nothing.

    `health`: the judge's verdict on what runs, whose figures of new against old are kept with it. Without figures,
    those that are known of the same pull request stay: a change that people take back later did what it did.
    """
    if proposal.idea is None or proposal.reverts is not None:
        return
    knowledge = Knowledge(ctx.records)
    before = knowledge.of(proposal.idea)
    author, rule = (before.author, before.rule) if before else strategy(proposal)
    known = before.effect if before and before.pull == proposal.pull else ()
    outcome = Outcome(
        idea=ProposalId(proposal.idea),
        author=author,
        rule=rule,
        kind=proposal.kind.value,
        result=result,
        because=plain(because, 500),
        at=at or ctx.clock(),
        title=proposal.title,
        pull=proposal.pull,
        paths=tuple(sorted(map(str, proposal.paths))),
        suggestions=before.suggestions if before else (),
        version=version or (before.version if before else ""),
        effect=(measured(health) if health else ()) or known,
    )
    knowledge.remember(outcome)
