"""The range of merges whose health is not settled: who is in it, what they share, and what points at one of them."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cmp_to_key, lru_cache, partial

from bot.core.case import Case, Revert, Step, Validate
from bot.core.change import Proposal
from bot.core.health import Reading, Rollout
from bot.core.ids import Sha
from bot.core.ports import Repository
from bot.core.verdict import Verdict
from bot.improve.context import GATE, Context
from bot.improve.look import View, saved_readings
from bot.improve.promotions import lies_on
from bot.improve.reverts import replays
from bot.policy.blame import NOBODY
from bot.policy.culprit import Range, Suspect, frames
from bot.policy.ranges import Replay, steer
from bot.policy.watch import SECURITY, on_the_line

SLOWER = 1.02
"""Times the processor time of before, from which on a measurement of the gate is worth telling."""


def unsettled(ctx: Context, seen: View) -> tuple[Proposal, ...]:
    """Merged proposals, reverts included, whose health is not settled: in the order of the base branch."""
    members = [p for p in seen.proposals if p.merged_as is not None and p.pull not in seen.settled]

    def order(one: Proposal, other: Proposal) -> int:
        if one.merged_as is None or other.merged_as is None or one.merged_as == other.merged_as:
            return 0
        return -1 if _is_before(ctx.repo, one.merged_as, other.merged_as) else 1  # type: ignore[arg-type]  # a door is hashed by its identity

    return tuple(sorted(members, key=cmp_to_key(order)))


@lru_cache(maxsize=1000)
def _is_before(repo: Repository, one: Sha, other: Sha) -> bool:
    """Asked at every look, and never answered otherwise."""
    return repo.is_ancestor(one, other)


async def shared(ctx: Context, seen: View, case: Case) -> Case:
    """The case with what the whole range shows: its merges run in one revision, so they are watched as one.

    The newest watch counts; of the earlier ones only what ran before, and how it was when it was well. If the newest
    cannot start, none of them was seen to.
    """
    members = unsettled(ctx, seen) if case.proposal.merged_as is not None else ()
    first, tip = (members[0].merged_as, members[-1].merged_as) if members else (None, None)
    if case.rollout is None:
        return case
    if len(members) < 2 or case.proposal not in members or first is None or tip is None:
        return replace(case, readings=_compared(ctx, case.readings, case.rollout))
    *earlier, latest = (saved_readings(ctx, p.merged_as) for p in members if p.merged_as is not None)
    wanted = {r.revision for rows in earlier for r in rows} - {case.rollout.running, NOBODY}
    wanted = {r for r in wanted if r == case.rollout.previous or not lies_on(ctx.repo, first, r)}
    before = [r for rows in earlier for r in rows if r.revision in wanted and r.at < case.rollout.at]
    readings = _compared(ctx, sorted((*before, *latest), key=lambda r: r.at), case.rollout)
    if case.rollout.contains or case.rollout.failed or case.proposal.reverts is not None:
        return replace(case, readings=readings)
    failed = (await ctx.deployer.rollout(tip)).failed
    return replace(case, readings=readings, rollout=replace(case.rollout, failed=failed))


def _compared(ctx: Context, readings: Sequence[Reading], rollout: Rollout) -> tuple[Reading, ...]:
    return on_the_line(readings, rollout, partial(lies_on, ctx.repo))


async def steered(ctx: Context, seen: View, case: Case, step: Step) -> Step | Replay:
    """The step of one merge, seen together with the others of its range. Alone it does what it would do."""
    if case.proposal.merged_as is None or isinstance(step, Validate):
        return step
    members = unsettled(ctx, seen)
    if case.proposal not in members:
        return step
    if len(members) < 2 and not isinstance(step, Revert):
        return step
    return steer(step, case, await _range(ctx, seen, case, members), members[-1].pull)


async def _range(ctx: Context, seen: View, case: Case, members: tuple[Proposal, ...]) -> Range:
    originals = [p for p in members if p.reverts is None]
    start = originals[0].base if originals else members[0].base
    targets = {p.merged_as for p in originals}
    made = [p for p in seen.proposals if p.reverts in targets and not p.closed]
    opened = seen.open_revert()
    suspects = [await _suspect(ctx, seen, p, start) for p in originals]
    failed = case.rollout.failed if case.rollout is not None else ""
    return Range(
        start=start,
        suspects=tuple(suspects),
        made=len(made),
        open_revert=opened.pull if opened is not None else None,
        pointed=frames(failed, {path for p in originals for path in p.paths}),
    )


async def _suspect(ctx: Context, seen: View, proposal: Proposal, start: Sha) -> Suspect:
    merged = Sha(str(proposal.merged_as))
    revert = seen.taking(merged)
    closed = [p for p in seen.proposals if p.reverts == merged and p.closed]
    return Suspect(
        pull=proposal.pull,
        merged=merged,
        paths=proposal.paths,
        security=SECURITY in proposal.labels,
        taken_back=revert is not None and revert.merged_as is not None,
        refused=revert is None and bool(closed),
        replay=replays.known(ctx.records, start, merged),
        hints=_hints(await ctx.forge.reported(proposal.head, GATE)),
    )


def _hints(gate: Verdict | None) -> tuple[str, ...]:
    """What the change's own gate measured, worth telling to people."""
    if gate is None:
        return ()
    speed, behaviour = gate.find("performance"), gate.find("behaviour")
    factors = speed.facts.get("cpu") if speed is not None else None
    slower = max((_number(v) for v in factors.values()), default=0.0) if isinstance(factors, dict) else 0.0
    found = [f"its gate measured {slower:g} times the processor time"] if slower > SLOWER else []
    differences = behaviour.facts.get("differences") if behaviour is not None else None
    if isinstance(differences, list) and differences:
        found.append(f"its gate saw {len(differences)} differences in behaviour")
    return tuple(found)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
