"""The deployer process: looks at the base branch, starts what is new, switches, keeps the one before."""

import asyncio
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from bot.adapters.localdeploy.process import Launch, answers, end, start
from bot.adapters.localdeploy.router import Router
from bot.adapters.localdeploy.state import Board, Instance, State, Wishes
from bot.core.errors import MegawattsError, Unavailable
from bot.core.ids import Sha
from bot.core.ports import Repository


def target(main: Sha, wishes: Wishes, state: State) -> Sha | None:
    """The commit that should run now, or None if nothing should change. Pure."""
    wanted = Sha(wishes.roll_back) if wishes.roll_back else main
    if wishes.hold and not wishes.roll_back:
        return None
    if wanted in state.failed or (state.current is not None and state.current.sha == wanted):
        return None
    return wanted


@dataclass(frozen=True, slots=True)
class Plan:
    """What a follower needs to start a bot. `argv(sha)` comes after the interpreter."""

    repo: Repository
    branch: str
    folder: Path
    argv: Callable[[Sha], list[str]]
    interval: float = 0.5
    ready_within: float = 30.0


class Follower:
    """Blue/green on one machine: ready before switching, the previous one kept, every step repeatable."""

    def __init__(self, plan: Plan, say: Callable[[str, dict[str, str]], None]) -> None:
        self._plan = plan
        self._say = say
        self._board = Board(plan.folder)
        self._state = State()
        self._failures = 0
        self.router = Router(lambda: self._state)

    async def run(self, port: int = 0) -> None:
        """Follow until cancelled. Running bots are left alone: the next deployer adopts them."""
        self._state = await self._adopt()
        self._put(replace(self._state, port=await self.router.start(port or self._state.port)))
        try:
            while True:
                await self.step()
                await asyncio.sleep(self._plan.interval)
        finally:
            await self.router.stop()

    async def step(self) -> None:
        """One look: promote, restart what died, deploy what is new. An unreadable forge changes nothing."""
        try:
            wishes = self._board.wishes()
            main = self._plan.repo.resolve(f"refs/heads/{self._plan.branch}")
        except MegawattsError as error:
            self._say("forge", {"error": str(error)})
            return
        await self._mend()
        current = self._state.current
        if current is not None and self._state.split and wishes.promote == current.sha:
            self._put(replace(self._state, split=False))
            self._say("promoted", {"sha": current.sha})
        wanted = target(main, wishes, self._state)
        if wanted is not None:
            await self._deploy(wanted)

    async def _deploy(self, sha: Sha) -> None:
        self._say("starting", {"sha": sha})
        try:
            fresh = await self._launch(sha)
        except (MegawattsError, OSError) as error:
            self._put(replace(self._state, failed={**self._state.failed, sha: str(error)}))
            self._say("failed", {"sha": sha, "because": str(error)})
            return
        old = self._state.current
        spare = self._state.previous
        # The new one is ready: from this write on it takes traffic. Only then is the oldest ended.
        fresh = replace(fresh, since=time.time())
        self._put(replace(self._state, current=fresh, previous=old, split=old is not None))
        self._say("switched", {"sha": sha, "previous": old.sha if old else ""})
        if spare is not None:
            await end(spare)
            if spare.sha not in {sha, old.sha if old else ""}:
                shutil.rmtree(self._plan.folder / "trees" / spare.sha, ignore_errors=True)

    async def _launch(self, sha: Sha) -> Instance:
        tree = self._plan.folder / "trees" / sha
        # A tree left half-made by a crash is made again: what runs must equal its commit.
        with suppress(FileNotFoundError):
            if not any(i is not None and i.sha == sha for i in (self._state.current, self._state.previous)):
                shutil.rmtree(tree)
        if not tree.exists():
            tree.mkdir(parents=True)
            self._plan.repo.materialise(sha, tree)
        log = self._plan.folder / "logs" / f"{sha[:12]}.log"
        return await start(tree, sha, Launch(self._plan.argv(sha), log, self._plan.ready_within))

    async def _mend(self) -> None:
        """Restart a current bot that died; forget a previous one that did."""
        current, previous = self._state.current, self._state.previous
        if previous is not None and not await answers(previous):
            self._put(replace(self._state, previous=None, split=False))
            self._say("lost previous", {"sha": previous.sha})
        if current is None or await answers(current):
            self._failures = 0
            return
        self._failures += 1
        if self._failures < 2:
            return  # one missed answer is not a death
        self._say("restarting", {"sha": current.sha})
        await end(current, within=1.0)
        try:
            fresh = await self._launch(current.sha)
        except Unavailable as error:
            self._say("restart failed", {"sha": current.sha, "because": str(error)})
            return
        self._failures = 0
        self._put(replace(self._state, current=replace(fresh, since=current.since), restarts=self._state.restarts + 1))

    async def _adopt(self) -> State:
        try:
            state = self._board.state()
        except MegawattsError as error:
            self._say("state lost", {"because": str(error)})
            return State()
        current = state.current if state.current and await answers(state.current) else None
        previous = state.previous if state.previous and await answers(state.previous) else None
        return replace(state, current=current, previous=previous, split=state.split and None not in (current, previous))

    def _put(self, state: State) -> None:
        self._state = state
        self._board.publish(state)

    async def shut_down(self) -> None:
        """End every bot that this deployer runs (the end of a demo; a restart does not do this)."""
        for instance in (self._state.current, self._state.previous):
            if instance is not None:
                await end(instance)
