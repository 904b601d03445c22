"""The deployer process: looks at the base branch, starts what is new, switches, keeps the one before."""

import asyncio
import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from bot.adapters.crash import point
from bot.adapters.localdeploy import hot_path
from bot.adapters.localdeploy.process import BotFailed, Launch, answers, can_write, end, marked, start
from bot.adapters.localdeploy.router import Router
from bot.adapters.localdeploy.state import Board, Instance, State, Wishes
from bot.core.errors import Denied, MegawattsError, Misconfigured
from bot.core.ids import Sha
from bot.core.ports import Repository

TRIES = 2
"""A commit is blamed when its bot did not come up so many times: once may be the machine's fault."""
PAUSE = 5.0
"""Seconds until a start that failed is tried again."""
MISSES = 2
"""One missed answer is not a death."""


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
    extra: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What a bot is told by its environment, secrets among it."""
    reload: bool = False
    """Whether a change of data alone may be read by the warm bot instead of a new one."""


class Follower:
    """Blue/green on one machine: ready before switching, the previous one kept, every step repeatable."""

    def __init__(self, plan: Plan, say: Callable[[str, dict[str, str]], None]) -> None:
        self._plan = plan
        self._say = say
        self._board = Board(plan.folder)
        self._state = State()
        self._misses: dict[int, int] = {}
        self._tried: dict[Sha, int] = {}
        self._not_before = 0.0
        self._mend_after = 0.0
        self._troubles: dict[str, str] = {}
        self.router = Router(lambda: self._state)

    async def run(self, port: int = 0) -> None:
        """Follow until cancelled. Running bots are left alone: the next deployer adopts them."""
        await self.adopt()
        self._put(replace(self._state, port=await self._listen(port)))
        try:
            while True:
                await self.step()
                await asyncio.sleep(self._plan.interval)
        finally:
            await self.router.stop()

    async def step(self) -> None:
        """One look: restart what died, promote, deploy what is new. What cannot be read or written changes nothing."""
        await self._attempt("state", self._heal)
        await self._attempt("bots", self._mend)
        await self._attempt("forge", self._follow)

    async def _attempt(self, what: str, work: Callable[[], object]) -> None:
        """A full disk, a forge that is away or a broken file must not end the process that answers members."""
        try:
            done = work()
            if asyncio.iscoroutine(done):
                await done
        except (MegawattsError, OSError) as error:
            self._trouble(what, str(error))
        else:
            self._troubles.pop(what, None)

    def _trouble(self, what: str, because: str) -> None:
        """Say it when it begins, not at every look."""
        if self._troubles.get(what) != because:
            self._troubles[what] = because
            self._say(what, {"error": because})

    async def _follow(self) -> None:
        wishes = self._board.wishes()
        main = self._plan.repo.resolve(f"refs/heads/{self._plan.branch}")
        current = self._state.current
        if current is not None and self._state.split and wishes.promote == current.sha:
            self._put(replace(self._state, split=False))
            self._say("promoted", {"sha": current.sha})
            point("deploy.promoted")
        wanted = target(main, wishes, self._state)
        if wanted is not None and time.monotonic() >= self._not_before:
            await self._deploy(wanted)

    async def _deploy(self, sha: Sha) -> None:
        self._say("starting", {"sha": sha})
        point("deploy.before")
        try:
            fresh = await self._reloaded(sha) or await self._launch(sha)
        except (MegawattsError, OSError) as error:
            self._not_started(sha, error)
            return
        point("deploy.ready")
        old = self._state.current
        spare = self._state.previous
        # The new one is ready: from this write on it takes traffic. Only then is the oldest ended.
        fresh = replace(fresh, since=time.time())
        self._put(replace(self._state, current=fresh, previous=old, split=old is not None))
        self._say("switched", {"sha": sha, "previous": old.sha if old else ""})
        point("deploy.switched")
        if spare is not None:
            if spare.pid != fresh.pid:
                await end(spare)
            self._sweep()
            point("deploy.ended")

    def _not_started(self, sha: Sha, error: Exception) -> None:
        """A commit is blamed only for what is its own fault: not for a full disk, and not for a single bad start."""
        self._not_before = time.monotonic() + PAUSE
        its_own = isinstance(error, BotFailed | Denied) and can_write(self._plan.folder)
        self._tried[sha] = self._tried.get(sha, 0) + its_own
        if self._tried[sha] >= TRIES or (its_own and isinstance(error, Denied)):
            self._put(replace(self._state, failed={**self._state.failed, sha: str(error)}))
            self._not_before = 0.0
            self._say("failed", {"sha": sha, "because": str(error)})
        else:
            self._say("not started", {"sha": sha, "because": f"{error}; it is tried again"})

    async def _reloaded(self, sha: Sha) -> Instance | None:
        """The warm bot with the data of that commit; None: a new one has to be started.

        It is the one that would be ended now, so that the one that answers stays as it is, and is compared with.
        """
        spare = self._state.previous
        if not self._plan.reload or spare is None or not hot_path.may_reload(self._plan.repo, spare, sha).passed:
            return None
        try:
            self._laid_out(sha)
            fresh = await hot_path.reload(self._plan.folder, spare, sha, self._plan.ready_within)
        except (MegawattsError, OSError) as error:
            self._say("not reloaded", {"sha": sha, "because": f"{error}; a new bot is started"})
            return None
        self._say("reloaded", {"sha": sha, "code": fresh.started})
        return fresh

    async def _launch(self, sha: Sha) -> Instance:
        tree = self._laid_out(sha)
        log = self._plan.folder / "logs" / f"{sha[:12]}.log"
        return await start(
            tree, sha, Launch(self._plan.argv(sha), self._plan.folder, log, self._plan.ready_within, self._plan.extra)
        )

    def _laid_out(self, sha: Sha) -> Path:
        tree = self._plan.folder / "trees" / sha
        # A tree left half-made by a crash is made again: what runs must equal its commit.
        with suppress(FileNotFoundError):
            if sha not in self._shas():
                shutil.rmtree(tree)
        if not tree.exists():
            tree.mkdir(parents=True)
            self._plan.repo.materialise(sha, tree)
        return tree

    def _instances(self) -> tuple[Instance, ...]:
        return tuple(i for i in (self._state.current, self._state.previous) if i is not None)

    def _shas(self) -> frozenset[Sha]:
        """Commits whose trees are in use: what is read as data, and what runs as code."""
        return frozenset(sha for i in self._instances() for sha in (i.sha, i.started))

    async def _mend(self) -> None:
        """Restart what died: the current bot, and the one before while it is what the current is compared with."""
        current, previous = self._state.current, self._state.previous
        if previous is not None and await self._is_dead(previous):
            await self._mend_previous(previous)
        if current is None or not await self._is_dead(current) or time.monotonic() < self._mend_after:
            return
        self._mend_after = time.monotonic() + PAUSE
        fresh = await self._restart(current)
        self._put(replace(self._state, current=fresh, restarts=self._state.restarts + 1))
        self._mend_after = 0.0

    async def _mend_previous(self, previous: Instance) -> None:
        """A watch without its control can only call a person, so that one is restarted; if it cannot be, forget it."""
        if self._state.split:
            with suppress(MegawattsError, OSError):
                self._put(replace(self._state, previous=await self._restart(previous)))
                return
        self._put(replace(self._state, previous=None, split=False))
        self._say("lost previous", {"sha": previous.sha})
        await self._end(previous)

    async def _restart(self, dead: Instance) -> Instance:
        self._say("restarting", {"sha": dead.sha})
        point("mend.before")
        await self._end(dead)
        point("mend.ended")
        fresh = await self._launch(dead.sha)
        point("mend.ready")
        return replace(fresh, since=dead.since)

    async def _is_dead(self, instance: Instance) -> bool:
        if await answers(instance):
            self._misses.pop(instance.pid, None)
            return False
        self._misses[instance.pid] = self._misses.get(instance.pid, 0) + 1
        return self._misses[instance.pid] >= MISSES

    async def _end(self, instance: Instance) -> None:
        """End a bot, but no other process that was given its number since."""
        if instance.pid in marked(self._plan.folder):
            await end(instance, within=1.0)

    async def adopt(self) -> None:
        """Take over what the deployer before left. Bots that it started and never wrote down are ended."""
        try:
            self._state = self._board.state()
        except MegawattsError as error:
            self._say("state lost", {"because": str(error)})
        ours = marked(self._plan.folder)
        previous = self._state.previous
        if previous is not None and previous.pid not in ours:
            self._state = replace(self._state, previous=None, split=False)
        # A current one that is gone stays written down: the first looks restart it.
        for pid in ours - {i.pid for i in self._instances()}:
            self._say("ended a stray", {"pid": str(pid)})
            await end(Instance(Sha(""), pid, 0, 0.0))
        self._sweep()

    def _sweep(self) -> None:
        """Remove trees of which nothing runs any more."""
        trees = self._plan.folder / "trees"
        for tree in trees.iterdir() if trees.is_dir() else ():
            if tree.name not in self._shas():
                shutil.rmtree(tree, ignore_errors=True)

    async def _listen(self, port: int) -> int:
        """Take the port that was asked for, else the one of before, else any."""
        try:
            return await self.router.start(port or self._state.port)
        except OSError as error:
            await self.router.stop()
            if port:
                raise Misconfigured(
                    f"port {port} on 127.0.0.1 cannot be used ({error.strerror}); choose another with --port"
                ) from error
            self._say("port taken", {"port": str(self._state.port), "because": str(error.strerror)})
        return await self.router.start(0)

    def _heal(self) -> None:
        """Others read what runs from the file: one that was lost or broken is written again."""
        try:
            known = self._board.state() == self._state
        except MegawattsError as error:
            self._say("state lost", {"because": str(error)})
            known = False
        if not known:
            self._board.publish(self._state)

    def _put(self, state: State) -> None:
        self._state = state
        try:
            self._board.publish(state)
        except OSError as error:  # it runs all the same; the next look writes it
            self._trouble("state", str(error))

    async def shut_down(self) -> None:
        """End every bot of this deployer, one that is only just starting included (a restart does not do this)."""
        known = {instance.pid: instance for instance in self._instances()}
        pids = {*known, *marked(self._plan.folder)}
        await asyncio.gather(*(end(known.get(pid, Instance(Sha(""), pid, 0, 0.0))) for pid in pids))
