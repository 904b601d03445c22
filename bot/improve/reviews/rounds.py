"""One look at what reviewers say of one pull request, and what that does to the step that was decided."""

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.core.case import Case, Close, Merge, Step, Wait
from bot.core.change import Proposal
from bot.core.errors import MegawattsError
from bot.core.ids import PullNumber, Sha
from bot.core.ports import Records
from bot.core.votes import Remark
from bot.improve.context import Context
from bot.improve.ideas import Workshop
from bot.improve.look import View
from bot.improve.reviews import words
from bot.improve.reviews.revisers import reviser
from bot.improve.reviews.revising import TABLE, answer, record, revise
from bot.policy.consent import required_owners
from bot.policy.review_rounds import Answer, Move, Round, next_round

REST = timedelta(minutes=10)
"""How long a revision rests for which no model was there or no money left."""
RESTING = "review_rests"
Start = Callable[[str, Coroutine[Any, Any, None]], None]
"""Runs long work beside the loop, one of each name at a time."""


@dataclass(frozen=True, slots=True)
class Reviews:
    """What reviewers say, heeded before a step is taken."""

    ctx: Context
    shop: Workshop
    start: Start

    async def heed(self, seen: View, case: Case, step: Step) -> Step:
        """The step that was decided, or a wait where reviewers have the word.

        A revision runs beside the loop. Nothing merges over an open remark; what a reviewer refuses is closed, as
        ever, only where nobody can revise it.
        """
        ctx, proposal = self.ctx, case.proposal
        theirs = not proposal.by_engine or proposal.reverts is not None or proposal.draft
        if theirs or proposal.merged_as or proposal.closed or case.around.stop or _ends(step):
            return step
        remarks = await ctx.forge.remarks(proposal.pull)
        if not remarks:
            return step
        able = reviser(self.shop, proposal)
        known = await _caught_up(ctx, proposal, remarks)
        turn = next_round(case, remarks, known, seen.charter, author=able is not None)
        if turn.move is Move.REVISE:
            if _rested(ctx, proposal.pull):
                self.start(f"revise {proposal.pull}", _guarded(ctx, self.shop, seen, case, turn))
            return Wait(None, f"is being revised: {turn.because}")
        if turn.move is Move.HAND_OVER:
            await hand_over(ctx, seen, case, turn, words.unread if able is None else None)
        return _held(step, turn, closes=able is None)


def _ends(step: Step) -> bool:
    """Whether it is closed for another reason than a review: then no revision is worth the while."""
    return isinstance(step, Close) and not _refused(step)


def _refused(step: Step) -> bool:
    return isinstance(step, Close) and any(v.name.startswith("review of ") for v in step.because.walk())


async def _caught_up(ctx: Context, proposal: Proposal, remarks: Sequence[Remark]) -> tuple[Answer, ...]:
    """What was answered so far. A revision that a kill left without its answers, or its entry, gets them now."""
    known = answers(ctx.records, proposal.pull)
    for one in known:
        remark = next((r for r in remarks if r.id == one.remark), None)
        if remark is not None and not one.told and one.head == proposal.head:
            record(ctx, proposal.pull, f"round {one.round}, found pushed", proposal.head)
            text = words.changed(proposal.head, "see the commit", one.round)
            await answer(ctx, proposal.pull, remark, text, one)
    return known


def answers(records: Records, pull: PullNumber) -> tuple[Answer, ...]:
    """What was done about the remarks of one pull request so far."""
    rows = [row for _key, row in records.scan(TABLE, f"{pull}/")]
    return tuple(
        Answer(str(r["remark"]), int(r["round"]), Sha(r["head"]) if r["head"] else None, bool(r["told"])) for r in rows
    )


def _held(step: Step, turn: Round, *, closes: bool) -> Step:
    if turn.move is Move.GO:
        return step
    if isinstance(step, Merge):
        return Wait(None, turn.because)
    return Wait(None, turn.because) if _refused(step) and not closes else step


async def hand_over(
    ctx: Context, seen: View, case: Case, turn: Round, text: Callable[[Remark], str] | None = None
) -> None:
    """Label it, ask the owners, answer every remark. Repeatable; the answers are last, since they end it."""
    proposal = case.proposal
    await ctx.forge.edit(proposal.pull, add=(words.LABEL,))
    await ctx.forge.comment(proposal.pull, words.handed_over(turn), marker="handed-over")
    ctx.crash_point("review.labelled")
    owners = required_owners(proposal.paths, case.only_adds, seen.charter)
    await ctx.forge.request_owners(proposal.pull, proposal.head, owners or seen.charter.maintainers)
    ctx.audit.append("controller", "hand over", f"#{proposal.pull}", turn.because)
    ctx.crash_point("review.audited")
    for remark in turn.remarks:
        said = text(remark) if text is not None else words.kept(f"{turn.because}; people go on from here", turn.number)
        await answer(ctx, proposal.pull, remark, said, Answer(remark.id, turn.number))
    ctx.say("handed_over", {"pull": proposal.pull, "because": turn.because})


async def _guarded(ctx: Context, shop: Workshop, seen: View, case: Case, turn: Round) -> None:
    """Beside the loop nothing may break: what went wrong is said, and tried again after a rest."""
    pull = case.proposal.pull
    try:
        later = await revise(ctx, shop, seen, case, turn)
    except (MegawattsError, OSError) as error:
        later = str(error)
    if later:
        ctx.records.put(RESTING, str(pull), {"until": (ctx.clock() + REST).isoformat()})
        ctx.say("later", {"pull": pull, "because": later})
    elif ctx.records.get(RESTING, str(pull)) is not None:
        ctx.records.delete(RESTING, str(pull))


def _rested(ctx: Context, pull: PullNumber) -> bool:
    row = ctx.records.get(RESTING, str(pull))
    return row is None or ctx.clock() >= datetime.fromisoformat(str(row["until"]))
