"""One revision: written on top of the change, judged by the gate, pushed to the same branch, and answered."""

from dataclasses import replace

from bot.core.case import Case
from bot.core.change import Patch, Proposal, Refusal
from bot.core.errors import Denied
from bot.core.ids import PullNumber, Sha
from bot.core.verdict import Status
from bot.core.votes import Remark
from bot.improve.act import report_gate
from bot.improve.context import Asked, Context, commit_message
from bot.improve.ideas import MODEL_MADE, Workshop
from bot.improve.look import View
from bot.improve.reverts import shunned
from bot.improve.reviews import words
from bot.improve.reviews.revisers import idea_of, reviser
from bot.improve.reviews.revision import Revision
from bot.policy.review_rounds import Answer, Round

TABLE = "answers"
ACT = "revise"


async def revise(ctx: Context, shop: Workshop, seen: View, case: Case, turn: Round) -> str:
    """Carry out one round. What is returned says why it has to be tried later; empty: it is done with.

    Raises Denied if people stopped everything or pushed meanwhile: the next look begins anew.
    """
    proposal = case.proposal
    able = reviser(shop, proposal)
    if able is None:
        return ""
    start = _start(ctx, seen, proposal)
    async with ctx.checkout(start) as work:
        request = Revision(idea_of(proposal), turn.remarks, turn.number)
        try:
            patch = await able.revise(request, work, shop.profile(start))
        except Exception as error:  # noqa: BLE001  (one broken author must not stop the loop)
            patch = Refusal(f"{able.name} broke: {type(error).__name__}", later=True)
    if isinstance(patch, Refusal):
        return patch.because if patch.later else await _declined(ctx, proposal, turn, patch.because)
    return await _judged(ctx, seen, proposal, turn, patch)


def _start(ctx: Context, seen: View, proposal: Proposal) -> Sha:
    """What is revised: the head, or the same change on the base branch as it is now."""
    if proposal.base == seen.main:
        return proposal.head
    merged = ctx.repo.merged_tree(seen.main, proposal.head)
    if merged is None:
        raise Denied(f"#{proposal.pull} conflicts with the base branch; a person has to bring it up to date")
    files = {path: ctx.repo.read(Sha(merged), path) for path in sorted(proposal.paths)}
    message = f"{proposal.title}\n\nBrought up to date with the base branch.\n\nIdea: {proposal.idea or 'none'}\n"
    return ctx.repo.commit(Patch(seen.main, files), message, author="megawatts[bot]")


async def _judged(ctx: Context, seen: View, proposal: Proposal, turn: Round, patch: Patch) -> str:
    """The gate's word on the new head, and nothing is pushed that it refuses."""
    try:
        message = commit_message(proposal.title, words.commit_words(turn), proposal.idea or "none", patch)
        head = ctx.repo.commit(patch, message, author="megawatts[bot]")
    except Denied as error:
        return await _declined(ctx, proposal, turn, str(error))
    known = shunned.known(ctx.records, ctx.repo, seen.main, head)
    if known is not None:
        return await _declined(ctx, proposal, turn, f"the same change was taken back before (#{known['pull']})")
    asked = Asked(seen.main, head, proposal.claim, proposal.kind, by_engine=True, label=f"#{proposal.pull}")
    verdict = await ctx.validate(asked)
    if verdict.status in {Status.ERROR, Status.INCONCLUSIVE}:
        return f"the stages could not judge the revision: {verdict.because}"
    if verdict.status is Status.FAIL:
        return await _declined(ctx, proposal, turn, f"a revision was written, and refused: {verdict.because}")
    if ctx.switch.state() is not None:
        raise Denied(f"stopped before the revision of #{proposal.pull} was pushed")
    # On record first: after a kill, a head that is this one was made for these remarks.
    for remark in turn.remarks:
        _note(ctx, proposal.pull, Answer(remark.id, turn.number, head))
    ctx.crash_point("revise.noted")
    if "model" in patch.facts:  # before anybody sees the head without it
        await ctx.forge.edit(proposal.pull, add=(MODEL_MADE,))
    await ctx.forge.publish(ctx.repo, proposal.branch, head, expecting=proposal.head)
    ctx.crash_point("revise.pushed")
    await report_gate(ctx, verdict, seen.main, head, replace(proposal, head=head))
    record(ctx, proposal.pull, turn.because, head)
    ctx.crash_point("revise.audited")
    await _tell(ctx, proposal.pull, turn, words.changed(head, patch.summary, turn.number), head)
    ctx.say("revised", {"pull": proposal.pull, "head": head, "round": turn.number})
    return ""


def record(ctx: Context, pull: PullNumber, because: str, head: Sha) -> None:
    """Put a revision on record, once."""
    if not any(entry.act == ACT and entry.facts.get("head") == head for entry in ctx.audit.entries()):
        ctx.audit.append("controller", ACT, f"#{pull}", because, {"head": head})


async def _declined(ctx: Context, proposal: Proposal, turn: Round, because: str) -> str:
    """Tell each reviewer why not. The round is spent, and the pull request waits for people."""
    await ctx.forge.edit(proposal.pull, add=(words.LABEL,))
    await _tell(ctx, proposal.pull, turn, words.kept(because, turn.number), None)
    ctx.say("handed_over", {"pull": proposal.pull, "because": because})
    return ""


async def _tell(ctx: Context, pull: PullNumber, turn: Round, text: str, head: Sha | None) -> None:
    for remark in turn.remarks:
        await answer(ctx, pull, remark, text, Answer(remark.id, turn.number, head))


async def answer(ctx: Context, pull: PullNumber, remark: Remark, text: str, done: Answer) -> None:
    """Answer one remark: a comment of its own, then the note that it was answered."""
    await ctx.forge.comment(pull, words.answered(remark, text), marker=f"remark-{remark.id}")
    ctx.crash_point("answer.said")
    _note(ctx, pull, replace(done, told=True))


def _note(ctx: Context, pull: PullNumber, done: Answer) -> None:
    row = {"remark": done.remark, "round": done.round, "head": done.head or "", "told": done.told}
    ctx.records.put(TABLE, f"{pull}/{done.remark}", {**row, "at": ctx.clock().isoformat()})
