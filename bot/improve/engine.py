"""The loop: look, decide, act, look again; and a new idea when there is room. Level-triggered, safe to kill."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any

from bot.core.case import Case, Page, Revert, Step, Stop, Validate, Wait
from bot.core.change import Proposal
from bot.core.errors import Denied, MegawattsError
from bot.core.ids import PullNumber
from bot.core.verdict import Status, Verdict
from bot.improve.act import act, record_decision
from bot.improve.body import dashboard
from bot.improve.clockwatch import ClockWatch
from bot.improve.context import Context
from bot.improve.ideas import Workshop, propose
from bot.improve.look import View, look, view
from bot.improve.provenance import keep
from bot.improve.recall import recall
from bot.policy.lifecycle import decide
from bot.policy.record import case_to_row

REST = timedelta(minutes=10)
"""How long the same ground rests after it gave nothing."""
Orders = Callable[[View], Awaitable[None]]
FAULTS = (MegawattsError, OSError)
"""What a round survives: doors that do not answer, stores that are damaged, a disk that is full."""


class Engine:
    """One controller. Long work (validation, writing) runs beside the loop, so that a watch never waits for it."""

    def __init__(self, ctx: Context, shop: Workshop, *, new_ideas: bool = True, orders: Orders | None = None) -> None:
        """`orders` takes up what admins ordered where members talk, before each round decides anything."""
        self._ctx = ctx
        self._orders = orders
        self._shop = shop
        self._new_ideas = new_ideas
        self._running: dict[str, asyncio.Task[None]] = {}
        self._why: dict[PullNumber, str] = {}
        self._shown = ""
        self._barren: tuple[str, str] = ("", "")
        self._rest_until: datetime | None = None
        self._clock = ClockWatch(ctx.clock, ctx.elapsed)
        self._whole = False
        """Whether records and audit log are known to hold what the forge shows."""

    async def run(self) -> None:
        """Reconcile until cancelled, at the health policy's interval."""
        while True:
            seen = await self.reconcile()
            pause = seen.charter.health.interval.total_seconds() if seen is not None else 5.0
            await asyncio.sleep(pause)

    async def reconcile(self) -> View | None:
        """One round over every proposal. A door that does not answer ends the round; nothing is decided without it."""
        try:
            seen = await view(self._ctx)
            if why := self._clock.jumped():
                self._ctx.say("held", {"because": why})
                return seen
            await self._recall(seen)
            if self._orders is not None:
                await self._orders(seen)
            for proposal in seen.unsettled():
                await self._one(seen, proposal)
            await self._roll_back(seen)
            await keep(self._ctx, seen)
            await self._show(seen)
            # Where this round has merged something, an idea on the base before it would be judged twice.
            room = self._ctx.switch.state() is None and self._new_ideas and self._fertile(seen)
            if room and await self._ctx.forge.main() == seen.main:
                self._start("idea", self._idea(seen))
        except FAULTS as error:
            self._trouble("held", error)
            return None
        return seen

    async def _recall(self, seen: View) -> None:
        """After a start and after any fault: what was done but not noted is noted before anything else is done."""
        if self._whole:
            return
        missing = await recall(self._ctx, seen)
        self._whole = True
        if missing:
            self._ctx.say("recalled", {"notes": missing})

    def _trouble(self, event: str, error: Exception, pull: int = 0) -> None:
        """Say what went wrong, and look at the next round whether a note was lost by it."""
        self._whole = False
        because = str(error) if isinstance(error, MegawattsError) else f"{type(error).__name__}: {error}"
        self._ctx.say(event, {"pull": pull, "because": because} if pull else {"because": because})

    async def settle_tasks(self) -> None:
        """Wait for the long work that is under way."""
        await asyncio.gather(*self._running.values())

    async def _one(self, seen: View, proposal: Proposal) -> None:
        now = self._ctx.clock()
        try:
            if await self._renewed(seen, proposal):
                return
            case = await look(self._ctx, seen, proposal, now)
            step = decide(case, seen.charter, now)
            self._note(case, step, now)
            self._ctx.crash_point(f"decided.{_name(step)}")
            if isinstance(step, Validate):
                self._start(f"validate {step.head}", self._act(step, case, seen))
                return
            await act(step, case, seen.charter, self._ctx)
            self._ctx.crash_point(f"acted.{_name(step)}")
        except Denied as error:
            self._ctx.say("denied", {"pull": proposal.pull, "because": str(error)})
            if proposal.merged_as is not None:
                await self._page(seen, proposal, str(error), now)
        except FAULTS as error:
            self._trouble("later", error, proposal.pull)

    async def _renewed(self, seen: View, proposal: Proposal) -> bool:
        """Make an open revert anew when something was merged in between: it is merged on the base branch as it is."""
        behind = proposal.reverts is not None and proposal.merged_as is None and proposal.base != seen.main
        if not behind or proposal.reverts is None or self._ctx.switch.state() is not None:
            return False
        before = await self._ctx.forge.branch(proposal.branch)
        await self._ctx.forge.revert(proposal.reverts, f"Brought up to date with {seen.main}.")
        return await self._ctx.forge.branch(proposal.branch) != before

    async def _page(self, seen: View, proposal: Proposal, because: str, now: datetime) -> None:
        """A forge that refuses an act after the merge (a revert that conflicts) needs a person."""
        case = await look(self._ctx, seen, proposal, now)
        await act(Page(Verdict("denied", Status.ERROR, because)), case, seen.charter, self._ctx)

    async def _act(self, step: Validate, case: Case, seen: View) -> None:
        try:
            await act(step, case, seen.charter, self._ctx)
            self._ctx.crash_point("acted.validate")
        except FAULTS as error:
            self._trouble("later", error, case.proposal.pull)

    def _note(self, case: Case, step: Step, now: datetime) -> None:
        pull = case.proposal.pull
        because = getattr(step, "because", "")
        text = because.because if isinstance(because, Verdict) else str(because)
        self._why[pull] = f"{_name(step)}: {text}" if text else _name(step)
        if not isinstance(step, Wait):
            record_decision(self._ctx, case, step, case_to_row(case), now)

    def _start(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """Run long work beside the loop, one of each name at a time."""
        if name in self._running:
            work.close()
            return
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._running[name] = task
        task.add_done_callback(lambda _task: self._running.pop(name, None))

    async def _idea(self, seen: View) -> None:
        try:
            attempt = await propose(self._ctx, self._shop, seen)
            self._ctx.crash_point("acted.propose")
        except FAULTS as error:
            self._trouble("later", error)
            return
        if attempt is None:
            self._barren = self._ground(seen)
            self._rest_until = self._ctx.clock() + REST

    def _ground(self, seen: View) -> tuple[str, str]:
        """What new ideas grow from: the base branch, and what people asked for."""
        return seen.main, ",".join(key for key, _row in self._ctx.records.scan("requests"))

    def _fertile(self, seen: View) -> bool:
        """Whether it is worth looking for ideas: not again on the same ground, unless quotas had time to recover."""
        rested = self._rest_until is None or self._ctx.clock() >= self._rest_until
        return rested or self._ground(seen) != self._barren

    async def _roll_back(self, seen: View) -> None:
        """A person's rollback: newest merge first, one at a time, until the named version's tree is back."""
        if self._ctx.switch.state() is not None:
            return  # it is done when people resume
        for key, row in self._ctx.records.scan("rollbacks"):
            try:
                done = await self._roll_back_one(seen, key, row)
            except FAULTS as error:
                self._trouble("rollback", error)
                continue
            self._ctx.crash_point("acted.rollback")
            if done:
                self._ctx.records.delete("rollbacks", key)
                self._ctx.say("rollback", {"because": "done"})

    async def _roll_back_one(self, seen: View, key: str, row: dict[str, Any]) -> bool:
        if any(p.reverts and p.merged_as is None and not p.closed for p in seen.proposals):
            return False  # one open revert at a time
        tags = await self._ctx.forge.tags()
        version = str(row.get("version", ""))
        if version and version not in tags:
            self._ctx.say("rollback", {"because": f"no version {version}; known: {', '.join(sorted(tags)) or 'none'}"})
            return True
        keep = tags.get(version)
        merged = sorted(
            (p for p in seen.proposals if p.merged_as and not p.reverts and p.merged_at),
            key=lambda p: p.merged_at or self._ctx.clock(),
            reverse=True,
        )
        left = [p for p in merged if seen.reverting(p.merged_as) is None]
        if keep is not None:
            left = [p for p in left if p.merged_as and not self._ctx.repo.is_ancestor(p.merged_as, keep)]
        if not version and row.get("merged"):
            left = [p for p in left if p.merged_as == row["merged"]]
        if not left or left[0].merged_as is None:
            return True
        if not version:
            # Which one is the newest is written down first: after a kill the one before it must not be taken for it.
            self._ctx.records.put("rollbacks", key, {**row, "merged": left[0].merged_as})
        self._ctx.crash_point("rollback.chosen")
        reason = Verdict(
            "rollback", Status.FAIL, f"rolled back by {row.get('by', 'a person')}: {row.get('reason', '')}"
        )
        case = await look(self._ctx, seen, left[0], self._ctx.clock())
        await act(Revert(left[0].merged_as, reason), case, seen.charter, self._ctx)
        return keep is None

    async def _show(self, seen: View) -> None:
        stop: Stop | None = self._ctx.switch.state()
        text = dashboard(seen.proposals, self._why, {}, stop.reason if stop else "")
        if text != self._shown:
            await self._ctx.forge.dashboard(text)
            self._shown = text


def _name(step: Step) -> str:
    return type(step).__name__.lower()
