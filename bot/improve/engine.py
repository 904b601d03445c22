"""The loop: look, decide, act, look again; and a new idea when there is room. Level-triggered, safe to kill."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from bot.core.case import BackUp, Case, Close, Merge, Page, Revert, Settle, Step, Update, Validate, Wait
from bot.core.change import Proposal
from bot.core.errors import Denied, MegawattsError, Unavailable
from bot.core.ids import PullNumber
from bot.core.verdict import Status, Verdict
from bot.improve.act import act, record_decision
from bot.improve.catchup import catch_up
from bot.improve.clockwatch import ClockWatch
from bot.improve.context import Context
from bot.improve.forgeless import Forgeless
from bot.improve.hearing import Ear
from bot.improve.ideas import Workshop, propose
from bot.improve.look import View, look, surroundings, view
from bot.improve.pacing import Pace
from bot.improve.provenance import keep
from bot.improve.recall import recall
from bot.improve.reverts import reland, replays
from bot.improve.reverts.batch import shared, steered
from bot.improve.reverts.outside import noticed
from bot.improve.reverts.reland import due
from bot.improve.reverts.taking import renewed
from bot.improve.reviews.rounds import Reviews
from bot.improve.rollback import TABLE as ROLLBACKS
from bot.improve.rollback import roll_back
from bot.improve.showing import Showing
from bot.improve.upkeep import Upkeep, asked
from bot.policy.lifecycle import decide
from bot.policy.ranges import Replay
from bot.policy.record import case_to_row

REST = timedelta(minutes=10)
"""How long the same ground rests after it gave nothing."""
MOVES = (Close, Merge, Revert, Settle, Update)
"""Steps of our own after which something else may be due at once: nobody else need tell of them."""
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
        self._reviews = Reviews(ctx, shop, self._start)
        self._new_ideas = new_ideas
        self._running: dict[str, asyncio.Task[None]] = {}
        self._why: dict[PullNumber, str] = {}
        self._upkeep = Upkeep(ctx)
        self._barren: tuple[str, str] = ("", "")
        self._rest_until: datetime | None = None
        self._clock = ClockWatch(ctx.clock, ctx.elapsed)
        self._forgeless = Forgeless(ctx)
        self._showing = Showing(ctx)
        self._whole = False
        """Whether records and audit log are known to hold what the forge shows."""
        self._woken = asyncio.Event()
        self._pace = Pace(ctx.calm)
        self._ear = Ear(ctx.records, ctx.switch)

    def wake(self) -> None:
        """Something changed outside: look soon instead of at the next interval. It carries no news of its own."""
        self._woken.set()

    async def run(self) -> None:
        """Reconcile until cancelled, at the health policy's interval, or sooner when woken."""
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            seen = await self.reconcile()
            waiting, watched = _counts(seen)
            took = loop.time() - began
            self._ctx.say("round", {"whole": seen is not None, "seconds": took, "open": waiting, "watched": watched})
            interval = seen.charter.health.interval.total_seconds() if seen is not None else 5.0
            pause = self._pace.rest(interval, watched=watched != 0, took=took, now=self._ctx.clock())
            await self._ear.rest(pause, self._woken)

    async def reconcile(self) -> View | None:
        """One round over every proposal. A door that does not answer ends the round; nothing is decided without it."""
        self._pace.begin()
        self._ear.listen()
        try:
            seen = await self._view()
            if seen is None:
                return None
            if why := self._clock.jumped():
                self._ctx.say("held", {"because": why})
                return seen
            await self._recall(seen)
            if await self._catch_up(seen):
                self.wake()
                return seen  # what was seen is not so any more
            if self._orders is not None:
                await self._orders(seen)
            for proposal in seen.unsettled():
                await self._one(seen, proposal)
            await self._roll_back(seen)
            await self._bring_again(seen)
            await keep(self._ctx, seen)
            await self._upkeep.round(seen, self._why)
            await self._showing.show(seen)
            # Where this round has merged something, an idea on the base before it would be judged twice.
            room = self._ctx.switch.state() is None and self._new_ideas and self._fertile(seen)
            if room and await self._ctx.forge.main() == seen.main:
                self._start("idea", self._idea(seen))
        except FAULTS as error:
            self._trouble("held", error)
            return None
        return seen

    async def _view(self) -> View | None:
        """What the forge shows; without it, only what runs is watched."""
        try:
            seen = await view(self._ctx)
        except Unavailable as error:
            self._trouble("held", error)
            await self._forgeless.round(self._clock.jumped())
            return None
        self._forgeless.answered(seen)
        return seen

    async def _catch_up(self, seen: View) -> bool:
        try:
            return await catch_up(self._ctx, seen)
        except FAULTS as error:
            self._trouble("rollback", error)
            return False

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
        door = error.door if isinstance(error, Unavailable) else ""
        about = {"pull": pull} if pull else {}
        self._ctx.say(event, {**about, "because": because, "door": door})

    @contextmanager
    def _surviving(self, event: str = "later", pull: int = 0) -> Iterator[None]:
        try:
            yield
        except FAULTS as error:
            self._trouble(event, error, pull)

    async def settle_tasks(self) -> None:
        """Wait for the long work that is under way."""
        await asyncio.gather(*self._running.values())

    async def _one(self, seen: View, proposal: Proposal) -> None:
        now = self._ctx.clock()
        try:
            if await renewed(self._ctx, seen, proposal) or await noticed(self._ctx, seen, proposal):
                self.wake()
                return
            case = await shared(self._ctx, seen, await look(self._ctx, seen, proposal, now))
            step = await steered(self._ctx, seen, case, decide(case, seen.charter, now))
            if isinstance(step, Replay):
                self._start(f"replay {step.prefix}", self._replay(step))
                return
            step = await self._reviews.heed(seen, case, step)
            self._note(case, step, now)
            self._pace.waits(step)
            self._ctx.crash_point(f"decided.{_name(step)}")
            if isinstance(step, Validate | BackUp):
                self._start(f"{_name(step)} {step.head}", self._act(step, case, seen))
                return
            await act(step, case, seen.charter, self._ctx)
            self._ctx.crash_point(f"acted.{_name(step)}")
            if isinstance(step, MOVES):
                self.wake()
        except Denied as error:
            self._ctx.say("denied", {"pull": proposal.pull, "because": str(error)})
            if proposal.merged_as is not None:
                await self._page(seen, proposal, str(error), now)
        except FAULTS as error:
            self._trouble("later", error, proposal.pull)

    async def _page(self, seen: View, proposal: Proposal, because: str, now: datetime) -> None:
        """What refuses an act after the merge (a revert that conflicts), or a look at what runs, needs a person."""
        case = Case(proposal, surroundings(seen, proposal, self._ctx, now))
        with self._surviving(pull=proposal.pull):
            await act(Page(Verdict("denied", Status.ERROR, because)), case, seen.charter, self._ctx)

    async def _act(self, step: Validate | BackUp, case: Case, seen: View) -> None:
        with self._surviving(pull=case.proposal.pull):
            await act(step, case, seen.charter, self._ctx)
            self._ctx.crash_point(f"acted.{_name(step)}")

    async def _replay(self, step: Replay) -> None:
        with self._surviving():
            await replays.run(self._ctx, step)

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
        task.add_done_callback(lambda _task: self._ended(name))

    def _ended(self, name: str) -> None:
        """What it found is looked at now, not when the interval is over."""
        self._running.pop(name, None)
        self.wake()

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
        return seen.main, asked(self._ctx.records)

    def _fertile(self, seen: View) -> bool:
        """Whether it is worth looking for ideas: not again on the same ground, unless quotas had time to recover."""
        rested = self._rest_until is None or self._ctx.clock() >= self._rest_until
        return rested or self._ground(seen) != self._barren

    async def _roll_back(self, seen: View) -> None:
        """What people ordered to be taken back."""
        if self._ctx.switch.state() is not None:
            return  # it is done when people resume
        for key, row in self._ctx.records.scan(ROLLBACKS):
            try:
                done = await roll_back(self._ctx, seen, key, row)
            except FAULTS as error:
                self._trouble("rollback", error)
                continue
            self._ctx.crash_point("acted.rollback")
            if done:
                self.wake()
                self._ctx.records.delete(ROLLBACKS, key)
                self._ctx.say("rollback", {"because": "done"})

    async def _bring_again(self, seen: View) -> None:
        """What was taken back, and was the culprit, comes again as a draft."""
        for original, revert in due(self._ctx, seen) if self._ctx.switch.state() is None else ():
            self._start("re-land", self._draft(seen, original, revert))

    async def _draft(self, seen: View, original: Proposal, revert: Proposal) -> None:
        with self._surviving(pull=original.pull):
            await reland.offer(self._ctx, seen, original, revert)
            self._ctx.crash_point("acted.reland")


def _counts(seen: View | None) -> tuple[int | None, int | None]:
    """Proposals that wait for a merge, and merges whose health is watched; None: not known in this round."""
    if seen is None:
        return None, None
    left = seen.unsettled()
    watched = sum(proposal.merged_as is not None for proposal in left)
    return len(left) - watched, watched


def _name(step: Step) -> str:
    return type(step).__name__.lower()
