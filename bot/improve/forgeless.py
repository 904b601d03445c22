"""While the forge is out of reach: watch what was merged, and go back where that is proven right."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from bot.core.case import Case, Observe, Page, Revert, Wait
from bot.core.change import Proposal
from bot.core.errors import Denied, Misconfigured, Unavailable
from bot.core.ids import PullNumber, Sha
from bot.core.verdict import Status, Verdict
from bot.improve import remembered
from bot.improve.act import act
from bot.improve.context import Context
from bot.improve.look import DAY, View, look
from bot.improve.reverts import capture
from bot.improve.reverts.batch import shared, unsettled
from bot.policy.lifecycle import decide
from bot.policy.reconcile import PATIENCE, TABLE, RollBack, RolledBack, merges_of, without_forge

OURS = "engine/"
"""Our keys in the table: a deployer may keep rows of its own there, under the name of its application."""
ACT = "roll_back"


class Forgeless:
    """What one controller does without the forge. Every step may be repeated; a kill loses nothing."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._seen: View | None = None
        self._silent: datetime | None = None
        self._again: datetime | None = None
        """Not before then, after the deployer refused."""

    def answered(self, seen: View) -> None:
        """The forge answers: this is what it showed."""
        self._seen, self._silent, self._again = seen, None, None
        remembered.keep(self._ctx, seen)

    async def round(self, doubt: str = "") -> None:
        """One look without the forge. `doubt`: why the clock is not trusted now; nothing is done then.

        Raises what the deployer, the health source or the records raise: the next look starts anew.
        """
        now = self._ctx.clock()
        if self._silent is None or doubt:
            self._silent = now
        if doubt or self._ctx.switch.state() is not None:
            return
        if self._seen is None:  # restarted without the forge: what it showed the process before
            self._seen = remembered.view(self._ctx)
        if not await self._finish(now):
            await self._watch(now)

    async def _finish(self, now: datetime) -> bool:
        """Carry out what was decided before a kill; whether there is something decided at all."""
        begun = [(k, r) for k, r in self._ctx.records.scan(TABLE, OURS) if not r.get("done")]
        for key, row in begun:
            left = row_of(key, row)
            if (await self._ctx.deployer.rollout(left.bad)).running in {left.bad, left.good, None}:
                await self._carry_out(key, left, pull_of(row), now)
            else:
                await self._drop(key)  # something else runs by now: what was decided is about nothing
        return bool(begun)

    async def _watch(self, now: datetime) -> None:
        """The newest merge that is not settled speaks for all, as it does while the forge answers."""
        seen, ctx = self._seen, self._ctx
        members = unsettled(ctx, seen) if seen is not None else ()
        if seen is None or not members:
            return
        tip = members[-1]
        case = await shared(ctx, seen, await look(ctx, seen, tip, now))
        if case.rollout is not None and case.rollout.held and not case.rollout.contains:
            return  # it is done: what runs is the one before
        # A revert that is only open cannot be merged now.
        case = case if case.revert_merged else replace(case, reverted_by=None)
        step = decide(case, seen.charter, now)
        if isinstance(step, Observe):
            await act(step, case, seen.charter, ctx)
        elif isinstance(step, Page):
            page(self._ctx, tip.pull, step.because)
        elif isinstance(step, Revert):
            await self._bad(seen, case, step.because, now)

    async def _bad(self, seen: View, case: Case, health: Verdict, now: datetime) -> None:
        """It would be taken back in git now."""
        step = self._weighed(seen, case, health, now)
        if isinstance(step, Page):
            page(self._ctx, case.proposal.pull, step.because)
        elif isinstance(step, Wait):
            self._ctx.say("held", {"pull": case.proposal.pull, "because": step.because})
        elif self._again is None or now >= self._again:
            await self._begin(case, step, health, now)

    def _weighed(self, seen: View, case: Case, health: Verdict, now: datetime) -> RollBack | Page | Wait:
        rollout, merged = case.rollout, Sha(str(case.proposal.merged_as))
        if rollout is None or not (rollout.contains or rollout.running is None):
            return Wait(None, "it does not run, so there is nothing to go back from before the forge answers")
        bad = rollout.running or merged
        rows = [row_of(key, row) for key, row in self._ctx.records.scan(TABLE)]
        if begun := [row for row in rows if row.bad == bad]:
            return _slow(begun[0], now)
        spent = case.around.reverts_today + len({row.bad for row in rows if now - row.at < DAY})
        good = _last_good(seen)
        step = without_forge(
            rollout, health, away=self._away(now), good=good, spent=spent, budget=seen.charter.health.reverts_per_day
        )
        if isinstance(step, RollBack) and (why := self._not_alone(seen, case.proposal, bad, step.to)):
            return Page(Verdict("culprit", Status.FAIL, f"the forge is away and health is bad, but {why}", (health,)))
        return step

    def _away(self, now: datetime) -> timedelta:
        return now - (self._silent or now)

    def _not_alone(self, seen: View, proposal: Proposal, bad: Sha, good: Sha) -> str:
        """Why going back would take more than this one merge away, or something else; empty: it would not."""
        members = unsettled(self._ctx, seen)
        if len(members) > 1:
            return f"{len(members)} merges are not settled: nothing says which of them it was"
        if not self._ctx.repo.is_ancestor(good, bad):
            return f"{good[:12]} is not what ran before it"
        between = merges_of(seen.proposals, RolledBack(bad, good, "", self._ctx.clock()), self._ctx.repo.is_ancestor)
        lost = [m.sha for m in between if m.in_bad and not m.in_good]
        if any(m.in_good and m.reverted_by and not self._ctx.repo.is_ancestor(m.reverted_by, good) for m in between):
            return f"{good[:12]} holds what was taken back since"
        if lost != [proposal.merged_as]:
            return f"going back to {good[:12]} would take {len(lost)} merges away, not this one alone"
        return ""

    async def _begin(self, case: Case, step: RollBack, health: Verdict, now: datetime) -> None:
        """On record first, with the failure as it was seen; then it is done."""
        ctx, merged = self._ctx, Sha(str(case.proposal.merged_as))
        bad = (case.rollout.running if case.rollout else None) or merged
        left = RolledBack(bad, step.to, step.because.because, now)
        key = f"{OURS}{bad}"
        capture.keep(ctx.records, case, merged, health, now.isoformat())
        ctx.crash_point("forgeless.captured")
        ctx.records.put(TABLE, key, {**left.row(), "pull": case.proposal.pull})
        ctx.crash_point("forgeless.recorded")
        await self._carry_out(key, left, case.proposal.pull, now)

    async def _carry_out(self, key: str, left: RolledBack, pull: PullNumber, now: datetime) -> None:
        """Hold, go back, say so. Nothing is done if the forge answers after all: git is the better way."""
        ctx = self._ctx
        if await self._answers() or ctx.switch.state() is not None:
            return
        try:
            await ctx.deployer.hold(left.reason)
            ctx.crash_point("forgeless.held")
            await ctx.deployer.roll_back(left.good, left.reason)
        except Denied as error:
            await self._refused(key, pull, str(error), now)
            return
        ctx.crash_point("forgeless.rolled_back")
        note(ctx, key, left, pull)

    async def _answers(self) -> bool:
        try:
            await self._ctx.forge.main()
        except Unavailable:
            return False
        return True

    async def _drop(self, key: str) -> None:
        """The hold is given back, unless an earlier way back stands on it."""
        if {other for other, _row in self._ctx.records.scan(TABLE)} <= {key}:
            await self._ctx.deployer.release()
        self._ctx.crash_point("forgeless.given_up")
        self._ctx.records.delete(TABLE, key)

    async def _refused(self, key: str, pull: PullNumber, because: str, now: datetime) -> None:
        """It stays as it was."""
        await self._drop(key)
        self._again = now + PATIENCE
        page(
            self._ctx, pull, Verdict("refused", Status.ERROR, f"the forge is away, and the deployer refuses: {because}")
        )


def note(ctx: Context, key: str, left: RolledBack, pull: PullNumber) -> None:
    """What was done, on record and told: once."""
    text = f"went back from {left.bad[:12]} to {left.good[:12]}: {left.reason}"
    facts = {"bad": str(left.bad), "good": str(left.good), "at": left.at.isoformat()}
    if not any(entry.act == ACT and dict(entry.facts) == facts for entry in ctx.audit.entries()):
        ctx.audit.append("controller", ACT, f"#{pull}", left.reason, facts)
    ctx.crash_point("forgeless.audited")
    page(ctx, pull, Verdict("rolled_back", Status.FAIL, f"{text}; git says so once the forge is back"))
    ctx.crash_point("forgeless.paged")
    ctx.records.put(TABLE, key, {**left.row(), "pull": pull, "done": True})
    ctx.say("rollback", {"pull": pull, "because": text})


def page(ctx: Context, pull: PullNumber, because: Verdict) -> None:
    """A person is needed, and cannot be told on the forge: once for one kind of reason, whatever its figures."""
    key = f"without the forge/{pull}/{because.name}"
    if ctx.records.get("pages", key) is not None:
        return
    ctx.say("page", {"pull": pull, "because": because.because})
    ctx.audit.append("controller", "page", f"#{pull}", because.because)
    row = {"pull": pull, "because": because.because, "at": ctx.clock().isoformat()}
    ctx.records.add("pages", key, row)


def row_of(key: str, row: dict[str, Any]) -> RolledBack:
    try:
        return RolledBack.read(row)
    except (KeyError, ValueError) as error:
        raise Misconfigured(
            f"row {key} of {TABLE} cannot be read ({error!r}): delete it once git says what runs"
        ) from None


def pull_of(row: dict[str, Any]) -> PullNumber:
    return PullNumber(int(row.get("pull", 0)))


def _last_good(seen: View) -> Sha | None:
    """The newest merge whose watch ended well."""
    well = [p for p in seen.proposals if p.merged_as and (v := seen.settled.get(p.pull)) is not None and v.passed]
    return max(well, key=lambda p: (p.merged_at is not None, p.merged_at, p.pull)).merged_as if well else None


def _slow(left: RolledBack, now: datetime) -> Page | Wait:
    """It was told to go back, and what was left runs still."""
    if now - left.at < PATIENCE:
        return Wait(None, f"on the way back to {left.good[:12]}")
    because = f"told to go back to {left.good[:12]}, and {left.bad[:12]} runs still"
    return Page(Verdict("stuck", Status.ERROR, because))
