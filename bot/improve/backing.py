"""The backup before a merge: made and verified, written on the head, and looked at again at the merge."""

from bot.core.backup import Receipt
from bot.core.case import BackUp, Case, Merge
from bot.core.charter import BackupRule, Charter
from bot.core.errors import Denied, MegawattsError
from bot.core.verdict import Status, Verdict
from bot.improve.body import plain
from bot.improve.context import Context
from bot.policy.backup import NAME

CONTEXT = "megawatts/backup"


async def back_up(step: BackUp, case: Case, charter: Charter, ctx: Context) -> None:
    """Make a backup and write its id, or why there is none, on the head. Repeated, it makes one more, and no harm."""
    pull = case.proposal.pull
    found = await _made(step, case, charter.backup or BackupRule(), ctx)
    ctx.crash_point("act.backup.made")
    ctx.audit.append("controller", "backup", f"#{pull}", found.because, {"backup": str(found.facts.get("id", ""))})
    ctx.crash_point("act.backup.audited")
    if found.passed:
        await ctx.forge.comment(pull, f"Before this may merge: {plain(found.because, 500)}.", marker="backup")
    ctx.crash_point("act.backup.commented")
    # Last, since this is what the next look goes by: a kill before it makes another backup.
    await ctx.forge.report(step.head, CONTEXT, found)
    ctx.say("backup", {"pull": pull, "status": found.status.name.lower(), "because": found.because})


async def hold_without(step: Merge, ctx: Context) -> None:
    """Denied if the backup that this merge rests on is gone, or is not any more what was made."""
    rests = step.because.find(NAME)
    if rests is None:
        return
    found = await _looked_at(str(rests.facts.get("id", "")), ctx)
    if not found.passed:
        facts = {**rests.facts, "at": ctx.clock().isoformat()}
        await ctx.forge.report(step.head, CONTEXT, Verdict(NAME, Status.FAIL, found.because, facts=facts))
        raise Denied(f"nothing is merged without its backup: {found.because}")


async def _made(step: BackUp, case: Case, rule: BackupRule, ctx: Context) -> Verdict:
    if ctx.backups is None:
        return _report(step, ctx, "no backup can be made here: run the controller where the stores are", None)
    try:
        receipt = await ctx.backups.make(f"before the merge of #{case.proposal.pull}", keep=rule.keep)
    except (MegawattsError, OSError) as error:
        return _report(step, ctx, f"no backup could be made: {error}", None)
    what = ", ".join(receipt.parts)
    return _report(step, ctx, f"backup {receipt.id} ({what}) is made and verified", receipt)


def _report(step: BackUp, ctx: Context, because: str, receipt: Receipt | None) -> Verdict:
    facts = {"head": str(step.head), "at": ctx.clock().isoformat()}
    if receipt is None:
        return Verdict(NAME, Status.FAIL, because, facts=facts)
    made = {"at": receipt.at.isoformat(), "id": receipt.id, "digest": receipt.digest, "bytes": str(receipt.size)}
    return Verdict(NAME, Status.PASS, because, facts={**facts, **made})


async def _looked_at(id: str, ctx: Context) -> Verdict:  # noqa: A002  (as the door calls it)
    if ctx.backups is None:
        return Verdict(NAME, Status.FAIL, f"no backup can be looked at here, so {id} proves nothing")
    try:
        return await ctx.backups.verify(id)
    except (MegawattsError, OSError) as error:
        return Verdict(NAME, Status.FAIL, f"backup {id} cannot be looked at: {error}")
