"""Act: carry out one Step. Each act may be repeated, and a kill between any two effects loses nothing."""

import hashlib
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import singledispatch

from bot.core import case as steps
from bot.core.case import Case, Step
from bot.core.change import Patch, Proposal
from bot.core.charter import Charter
from bot.core.errors import Denied, Unavailable
from bot.core.ids import Sha
from bot.core.tier import Tier
from bot.core.verdict import Status, Verdict
from bot.improve import backing, releases
from bot.improve.body import tree
from bot.improve.context import CONSENT, GATE, HEALTH, Asked, Context
from bot.improve.knowledge import Result
from bot.improve.knowledge_noting import remember
from bot.improve.look import save_readings
from bot.improve.release import next_version
from bot.improve.reverts import shunned
from bot.improve.reverts.taking import LABELS, take_back
from bot.policy.blame import before_rollout

REVERT_LABELS = LABELS


async def act(step: Step, case: Case, charter: Charter, ctx: Context) -> None:
    """Do what `decide` said. Raises Unavailable or Denied; the next look starts anew from what is there.

    A stop that came after the decision still holds the act.
    """
    stop = ctx.switch.state()
    if stop is not None and not isinstance(step, steps.Wait):
        ctx.say("held", {"pull": case.proposal.pull, "because": f"stopped by {stop.by}: {stop.reason}"})
        return
    await _act(step, case, charter, ctx)


@singledispatch
async def _act(step: Step, _case: Case, _charter: Charter, _ctx: Context) -> None:
    raise TypeError(f"no act for {type(step).__name__}")


@_act.register
async def _wait(step: steps.Wait, case: Case, _charter: Charter, ctx: Context) -> None:
    await _observe_early(case, ctx)
    ctx.say("wait", {"pull": case.proposal.pull, "because": step.because})


@_act.register
async def _validate(step: steps.Validate, case: Case, _charter: Charter, ctx: Context) -> None:
    proposal = case.proposal
    asked = Asked(
        base=case.around.main,
        head=step.head,
        claim=proposal.claim,
        kind=proposal.kind,
        by_engine=proposal.by_engine,
        label=f"#{proposal.pull}",
    )
    verdict = await ctx.validate(asked)
    await report_gate(ctx, verdict, case.around.main, step.head, proposal)


async def report_gate(
    ctx: Context, verdict: Verdict, base: Sha, head: Sha, proposal: Proposal | None = None
) -> Verdict:
    """Post the gate's verdict as a status of that head, bound to its tree and to the base it was compared with."""
    bound = replace(verdict, facts={**verdict.facts, "base": base, "head": head, "tree": ctx.repo.tree(head)})
    await ctx.forge.report(head, GATE, bound)
    pull = proposal.pull if proposal else 0
    ctx.say("gate", {"pull": pull, "status": verdict.status.name.lower(), "because": verdict.because})
    return bound


@_act.register
async def _update(step: steps.Update, case: Case, _charter: Charter, ctx: Context) -> None:
    proposal = case.proposal
    merged = ctx.repo.merged_tree(step.onto, step.head)
    if merged is None:
        raise Denied(f"#{proposal.pull} conflicts with the base branch; a person has to bring it up to date")
    paths = sorted(proposal.paths)
    files = {path: ctx.repo.read(Sha(merged), path) for path in paths}
    message = f"{proposal.title}\n\nBrought up to date with the base branch.\n\nIdea: {proposal.idea or 'none'}\n"
    fresh = ctx.repo.commit(Patch(step.onto, files), message, author="megawatts[bot]")
    await ctx.forge.publish(ctx.repo, proposal.branch, fresh, expecting=step.head)
    ctx.say("updated", {"pull": proposal.pull, "head": fresh})


@_act.register
async def _ask(step: steps.Ask, case: Case, charter: Charter, ctx: Context) -> None:
    proposal = case.proposal
    owners = step.owners or charter.maintainers
    if step.tier is Tier.VALIDATED:
        excluded = [proposal.asked_by] if proposal.asked_by else []
        ctx.polls.open(
            proposal,
            charter.quorum,
            ctx.clock(),
            summary=proposal.title,
            excluded=excluded,
            guild=charter.home_guild,
            gate=case.gate,
        )
    ctx.crash_point("act.ask.polled")
    what = "one maintainer or the members' vote" if step.tier is Tier.VALIDATED else "the owners of every touched path"
    pending = Verdict("consent", Status.PENDING, f"waits for {what}")
    await ctx.forge.report(step.head, CONSENT, pending)
    ctx.crash_point("act.ask.reported")
    # Last, since a head that was asked about is not asked about again.
    await ctx.forge.request_owners(proposal.pull, step.head, owners)
    ctx.say("asked", {"pull": proposal.pull, "tier": int(step.tier), "of": what})


_act.register(steps.BackUp)(backing.back_up)


@_act.register
async def _merge(step: steps.Merge, case: Case, _charter: Charter, ctx: Context) -> None:
    proposal = case.proposal
    await backing.hold_without(step, ctx)
    await _answered(step, case, ctx)
    await ctx.forge.report(step.head, CONSENT, step.because)
    await ctx.forge.comment(proposal.pull, f"Merging {step.head}.\n\n{tree(step.because)}", marker="decision")
    ctx.crash_point("act.merge.before")
    if ctx.switch.state() is not None:
        raise Denied("stopped between the decision and the merge")
    message = f"{proposal.title} (#{proposal.pull})"
    merged = await ctx.forge.merge(proposal.pull, expecting=step.head, base=case.around.main, message=message)
    ctx.crash_point("act.merge.done")
    ctx.audit.append("controller", "merge", f"#{proposal.pull}", step.because.because, {"merge": merged})
    ctx.crash_point("act.merge.audited")
    remember(ctx, proposal, Result.MERGED, step.because.because)
    ctx.say(
        "merged", {"pull": proposal.pull, "kind": proposal.kind.value, "merge": merged, "because": step.because.because}
    )


async def _answered(step: steps.Merge, case: Case, ctx: Context) -> None:
    """What the gate's stages asked of people is answered: a forge whose rules hold merges until the gate is green lets
    this head go. The stages keep what they said, so that consent which is taken back is asked for again."""
    gate = case.gate
    if gate is not None and gate.status is Status.PENDING:
        because = f"people consented to what waited for them: {gate.because}"
        await ctx.forge.report(step.head, GATE, replace(gate, status=Status.PASS, because=because))


@_act.register
async def _observe(step: steps.Observe, case: Case, _charter: Charter, ctx: Context) -> None:
    found = list(await ctx.health.read(step.merged if case.rollout is None else case.rollout.running or step.merged))
    if step.previous is not None:
        found += await ctx.health.read(step.previous)
    ctx.crash_point("act.observe.read")
    save_readings(ctx, step.merged, found)
    ctx.say("observed", {"pull": case.proposal.pull, "readings": len(found)})


async def _observe_early(case: Case, ctx: Context) -> None:
    """Readings of what still runs, so that what began before the rollout is known. Without them nothing is held up."""
    revision = before_rollout(case)
    if revision is None:
        return
    with suppress(Unavailable):
        save_readings(ctx, case.proposal.merged_as or case.proposal.head, await ctx.health.read(revision))


@_act.register
async def _settle(step: steps.Settle, case: Case, _charter: Charter, ctx: Context) -> None:
    proposal = case.proposal
    tags = await ctx.forge.tags()
    version = next((name for name, sha in tags.items() if sha == step.merged and name.startswith("v")), "")
    if not version:
        version = next_version(tags, proposal.kind)
        await ctx.forge.tag(version, step.merged, f"{proposal.title}\n\n{step.because.because}")
    ctx.crash_point("act.settle.tagged")
    await releases.publish(ctx, version, proposal)
    if case.rollout is not None and case.rollout.running is not None:
        await ctx.deployer.promote(case.rollout.running)
    remember(ctx, proposal, Result.HEALTHY, step.because.because, version=version, health=step.because)
    await ctx.forge.comment(proposal.pull, f"Live and healthy in {version}.\n\n{tree(step.because)}", marker="settled")
    if proposal.reverts is not None:
        await _end_reverted(proposal, step.because, ctx)
    ctx.crash_point("act.settle.commented")
    # Last, since this is what ends the watch: a kill before it repeats the rest.
    facts = {**step.because.facts, "version": version}
    await ctx.forge.report(step.merged, HEALTH, replace(step.because, facts=facts))
    ctx.crash_point("act.settle.reported")
    ctx.audit.append("controller", "settle", f"#{proposal.pull}", step.because.because, {"version": version})
    ctx.say(
        "healthy",
        {"pull": proposal.pull, "kind": proposal.kind.value, "version": version, "because": step.because.because},
    )


async def _end_reverted(revert: Proposal, because: Verdict, ctx: Context) -> None:
    assert revert.reverts is not None  # noqa: S101  (the caller asked)
    if await ctx.forge.reported(revert.reverts, HEALTH) is None:
        why = Verdict("health", Status.FAIL, f"taken back by #{revert.pull}", (because,))
        await ctx.forge.report(revert.reverts, HEALTH, why)


@_act.register
async def _revert(step: steps.Revert, case: Case, _charter: Charter, ctx: Context) -> None:
    proposal = case.proposal
    # What must not be forgotten comes first: once the revert is open, the next look only waits for it.
    remember(ctx, proposal, Result.REVERTED, step.because.because, health=step.because)
    quarantine(ctx, proposal, step.because.because)
    ctx.crash_point("act.revert.shunned")
    await take_back(ctx, case, step.merged, step.because)


@_act.register
async def _close(step: steps.Close, case: Case, _charter: Charter, ctx: Context) -> None:
    proposal = case.proposal
    await ctx.forge.comment(proposal.pull, f"Closed.\n\n{tree(step.because)}", marker="closed")
    remember(ctx, proposal, Result.REJECTED, step.because.because)
    # On record before it is done: a closed proposal is not looked at again.
    ctx.audit.append("controller", "close", f"#{proposal.pull}", step.because.because)
    ctx.crash_point("act.close.audited")
    await ctx.forge.close(proposal.pull, step.because.because)
    ctx.say(
        "closed",
        {
            "pull": proposal.pull,
            "kind": proposal.kind.value,
            "because": step.because.because,
            "stage": leading(step.because),
        },
    )


def leading(verdict: Verdict) -> str:
    """The name of the deepest verdict that spoke: what a person should look at first."""
    worst = verdict
    while worst.children:
        child = max(worst.children, key=lambda v: v.status)
        if child.status is not worst.status:
            break
        worst = child
        if worst.status is Status.FAIL and worst.because:
            break
    return worst.name


@_act.register
async def _page(step: steps.Page, case: Case, _charter: Charter, ctx: Context) -> None:
    proposal = case.proposal
    digest = hashlib.sha256(f"{proposal.head}\0{step.because.because}".encode()).hexdigest()[:12]
    key = f"{proposal.pull}/{digest}"
    if ctx.records.get("pages", key) is not None:
        return  # said already: a person is paged once for one reason
    ctx.say("page", {"pull": proposal.pull, "because": step.because.because})
    await ctx.forge.comment(proposal.pull, f"A person is needed.\n\n{tree(step.because)}", marker=f"page-{digest}")
    ctx.audit.append("controller", "page", f"#{proposal.pull}", step.because.because)
    ctx.crash_point("act.page.audited")
    row = {"pull": proposal.pull, "because": step.because.because, "at": ctx.clock().isoformat()}
    ctx.records.add("pages", key, row)


def quarantine(ctx: Context, proposal: Proposal, because: str) -> None:
    """Remember the patch of a change that was taken back: the same edit is not proposed again under another name."""
    shunned.shun(ctx.records, ctx.repo, proposal, because)


def record_decision(ctx: Context, case: Case, step: Step, row: dict[str, object], now: datetime) -> None:
    """Keep what a decision was made from, for `megawatts policy replay`; one row for one head and step."""
    key = f"{case.proposal.pull}/{case.proposal.head[:12]}/{type(step).__name__}"
    ctx.records.add("decisions", key, {**row, "step": type(step).__name__, "at": now.isoformat()})
