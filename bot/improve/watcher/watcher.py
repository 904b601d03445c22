"""One look: what runs, how it is, what that comes to, and what became of what was concluded before."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.core.case import Case, Page, Revert, Settle, Surroundings
from bot.core.change import Origin, Proposal
from bot.core.charter import Charter
from bot.core.errors import MegawattsError
from bot.core.health import Rollout
from bot.core.ids import PullNumber, Sha
from bot.core.verdict import Status, Verdict
from bot.improve.promotions import only_promotions
from bot.improve.watcher import taking
from bot.improve.watcher.book import Book, Watch
from bot.improve.watcher.doors import Doors
from bot.policy.watch import after_merge
from bot.policy.watching import Fate, Mode, Settings, Would, in_force, score

DAY = timedelta(days=1)


class Watcher:
    """The watcher of one application. Level-triggered: every look begins with what is there, and may be repeated."""

    def __init__(self, doors: Doors, settings: Settings) -> None:
        self._doors, self._settings = doors, settings
        self.book = Book(doors.records, settings.application)

    async def run(self) -> None:
        """Look until cancelled, at the health policy's interval."""
        while True:
            await self.look()
            await asyncio.sleep(self._settings.health.interval.total_seconds())

    async def look(self) -> None:
        """One look. A door that does not answer ends it; nothing is concluded without an answer."""
        try:
            stop = await asyncio.to_thread(self._doors.switch.state)
            if stop is not None:
                self._say("held", {"because": f"stopped by {stop.by}: {stop.reason}"})
                return
            await self._look(self._doors.clock())
        except (MegawattsError, OSError) as error:
            self._say("held", {"because": str(error)})

    async def _look(self, now: datetime) -> None:
        doors = self._doors
        await doors.forge.fetch(doors.repo)
        main = await doors.forge.main()
        proposals = tuple(await doors.forge.proposals(everything=True))
        rollout = await doors.deployer.rollout(main)
        if rollout.running is not None:
            watch = self._follow(rollout, rollout.running)
            await self._read(rollout, now)
            if watch is not None and not watch.would:
                await self._judge(watch, replace(rollout, wanted=watch.revision, contains=True), proposals, now)
        if rollout.failed and rollout.running != main:
            await self._failed(main, rollout, proposals, now)
        for watch in self.book.all():
            if watch.revert and not watch.settled:
                await taking.go_on(doors, self.book, watch, self._mode()[0], proposals=proposals, main=main)
        await self._score(proposals, main, rollout, now)

    def _follow(self, rollout: Rollout, running: Sha) -> Watch | None:
        """The watch of what runs. What ran when the watcher came is not judged: nothing is known from before it."""
        before = self.book.running()
        known = self.book.get(running)
        if known is None and before is not None and before != running:
            previous = rollout.previous or before
            # What runs went back to an earlier commit: that is no change to be judged.
            if not self._doors.repo.is_ancestor(running, previous):
                known = self.book.put(Watch(running, previous, rollout.at))
                self._say("watching", {"sha": running, "previous": previous})
        if known is not None and not known.ran:
            known = self.book.put(replace(known, ran=True))
        if before != running:
            self.book.runs(running)
        return known

    async def _read(self, rollout: Rollout, now: datetime) -> None:
        found = list(await self._doors.health.read(Sha(str(rollout.running))))
        if rollout.previous is not None and rollout.previous != rollout.running:
            found += await self._doors.health.read(rollout.previous)
        self.book.save(found, now)

    async def _judge(self, watch: Watch, rollout: Rollout, proposals: Sequence[Proposal], now: datetime) -> None:
        """The engine's own rules after a merge, over whoever's merge it was."""
        change = self._change(watch, proposals)
        reference = self._reference(watch, change)
        if reference is not None or rollout.previous is None:
            rollout = replace(rollout, previous=reference or Sha(watch.previous))
        around = Surroundings(rollout.wanted, reverts_today=self._reverts_today(now))
        # Only the two that are compared: how an earlier revision was is no fault of this one.
        sides = {watch.revision, rollout.running, rollout.previous}
        readings = tuple(one for one in self.book.readings() if one.revision in sides)
        case = Case(change, around, rollout=rollout, readings=readings)
        step = after_merge(case, Charter((), health=self._settings.health), now)
        if isinstance(step, Settle):
            await self._conclude(watch, Would.NOTHING, step.because, change, now)
        elif isinstance(step, Page):
            await self._conclude(watch, Would.PERSON, step.because, change, now)
        elif isinstance(step, Revert):
            alone = _alone(self._doors, watch, change)
            await self._conclude(
                watch, Would.REVERT if alone.passed else Would.PERSON, _with(step.because, alone), change, now
            )

    def _reference(self, watch: Watch, change: Proposal) -> Sha | None:
        """A revert is compared with what ran before the change that it takes back, not with that change."""
        taken = next((one for one in self.book.all() if change.reverts and one.merged == change.reverts), None)
        return Sha(taken.previous) if taken is not None and taken.revision != watch.revision else None

    async def _failed(self, main: Sha, rollout: Rollout, proposals: Sequence[Proposal], now: datetime) -> None:
        """The base branch's head could not even be started; what runs is the one before it."""
        known = self.book.get(main)
        if rollout.running is None or (known is not None and known.would):
            return
        watch = known or self.book.put(Watch(main, rollout.running, now, ran=False))
        await self._judge(watch, replace(rollout, wanted=main, contains=False), proposals, now)

    def _change(self, watch: Watch, proposals: Sequence[Proposal]) -> Proposal:
        """The pull request that this revision is the merge of; else the bare commit, as if a person had opened it."""
        found = next((p for p in proposals if p.merged_as == watch.revision), None)
        if found is not None:
            return found
        tree = self._doors.repo.tree(watch.revision)
        return Proposal(
            PullNumber(0), "", f"{watch.revision[:12]}", watch.revision, tree, Sha(watch.previous), frozenset(), "",
            watch.at, origin=Origin.PERSON, merged_as=watch.revision, merged_at=watch.at,
        )  # fmt: skip

    async def _conclude(self, watch: Watch, would: Would, because: Verdict, change: Proposal, now: datetime) -> None:
        """Write down what it came to, then do what the mode allows."""
        mode, held_back = self._mode()
        done = replace(
            watch, would=would.value, because=because.because[:500], judged=now.isoformat(), pull=int(change.pull),
            merged=str(change.merged_as or watch.revision), settled=would is not Would.REVERT or mode is Mode.SHADOW,
        )  # fmt: skip
        facts = {"sha": watch.revision, "pull": int(change.pull), "would": would.value, "mode": mode.value}
        self._say("concluded", {**facts, "because": f"{because.because}{f' ({held_back})' if held_back else ''}"})
        if would is Would.REVERT and mode is not Mode.SHADOW:
            await taking.propose(self._doors, self.book, done, because)
        else:
            self.book.put(done)

    def _mode(self) -> tuple[Mode, str]:
        return in_force(self._settings, self.book.tally())

    def _reverts_today(self, now: datetime) -> int:
        """Alarms of a day: in the shadow too, so that its figures are those of what it would do."""
        return sum(w.would == Would.REVERT and now - datetime.fromisoformat(w.judged) < DAY for w in self.book.all())

    async def _score(self, proposals: Sequence[Proposal], main: Sha, rollout: Rollout, now: datetime) -> None:
        """Learn of every conclusion whether it was right, as soon as that can be told."""
        waiting = [watch for watch in self.book.all() if watch.would and not watch.score]
        if not waiting:
            return
        taken = await asyncio.to_thread(self._doors.reverts, main)
        for watch in waiting:
            fate = self._fate(watch, proposals, frozenset(taken), rollout, now)
            found = score(Would(watch.would), fate, self._settings.score_after)
            if found is not None:
                self.book.put(replace(watch, score=found.value))
                self._say("scored", {"sha": watch.revision, "would": watch.would, "score": found.value})

    def _fate(
        self, watch: Watch, proposals: Sequence[Proposal], taken: frozenset[Sha], rollout: Rollout, now: datetime
    ) -> Fate:
        repo, merged = self._doors.repo, Sha(watch.merged)
        by_proposal = any(p.reverts == merged and p.merged_as is not None for p in proposals)
        back = merged in taken or watch.revision in taken or by_proposal
        if watch.ours:
            # Its own revert proves nothing; that health came back after it does.
            mine = next((p.merged_as for p in proposals if p.pull == watch.revert), None)
            after = self.book.get(mine) if mine is not None else None
            back = after is not None and after.would == Would.NOTHING
        gone = watch.ran and rollout.running is not None and rollout.running != watch.revision
        went_back = gone and rollout.running is not None and repo.is_ancestor(rollout.running, watch.revision)
        later = [p for p in proposals if p.merged_at is not None and p.merged_at > watch.at and p.reverts is None]
        paths = {path for change in repo.changes(Sha(watch.previous), watch.revision) for path in change.paths}
        repaired = any(p.paths & paths for p in later if p.merged_as != merged)
        return Fate(now - datetime.fromisoformat(watch.judged), back or (went_back and not watch.ours), repaired)

    def _say(self, event: str, facts: dict[str, object]) -> None:
        self._doors.say(event, {"application": self._settings.application, **facts})


def _alone(doors: Doors, watch: Watch, change: Proposal) -> Verdict:
    """Whether this revision is one merge on what ran before it: only then is it clear what to take back."""
    try:
        before = doors.repo.resolve(f"{watch.revision}^1")
    except MegawattsError:
        before = watch.revision
    if change.merged_as != watch.revision or not only_promotions(doors.repo, Sha(watch.previous), before):
        because = "several changes went live at once; a person has to tell which one it was"
        return Verdict("alone", Status.FAIL, because)
    return Verdict("alone", Status.PASS, "it is the one change that went live")


def _with(health: Verdict, alone: Verdict) -> Verdict:
    if alone.passed:
        return health
    return Verdict("revert", Status.FAIL, f"{alone.because}: {health.because}", (health, alone))
