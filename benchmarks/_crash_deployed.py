"""Kills beside the real deployer: `megawatts deployer` as users start it, its bots, and a controller that asks them."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmarks._crash_check import State, state_of, violations
from benchmarks._crash_run import NEVER, Kill, begin, forked
from benchmarks._crash_story import STORIES, Story, tell
from bot.adapters import crash
from bot.adapters.git.repository import GitRepository
from bot.adapters.localdeploy.process import alive, marked
from bot.adapters.localdeploy.state import Board
from bot.adapters.localdeploy.state import State as Running
from bot.app.home import Home
from bot.core.errors import MegawattsError

ROOT = Path(__file__).parent.parent
PAUSE = 0.25
"""Seconds between two looks of the controller: a bot that is mended is back before it counts as silent."""
WITHIN = 60.0
DEPLOYER = {
    "healthy": ("deploy.before", "deploy.before#2", "deploy.started#2", "deploy.ready#2", "deploy.switched#2",
                "deploy.promoted"),
    "unhealthy": ("deploy.started#3", "deploy.ready#3", "deploy.switched#3", "deploy.ended"),
}  # fmt: skip
"""The first passing is the start of what is there already, the second the change, the third its revert."""
MENDING = ("mend.before", "mend.ended", "deploy.started#2", "mend.ready")
CONTROLLER = {"healthy": ("act.observe.read", "act.settle.tagged"), "unhealthy": ("act.revert.opened",)}


@dataclass
class System:
    """The processes of one home, restarted when they die, as a supervisor of services does."""

    home: Home
    story: Story
    deaths: list[str] = field(default_factory=list)
    deployer: subprocess.Popen[bytes] | None = None
    controller: int = 0
    finished: bool = False

    def start_deployer(self, crash_at: str = NEVER) -> None:
        environment = {**os.environ, crash.VARIABLE: crash_at, "PYTHONPATH": str(ROOT)}
        argv = [sys.executable, "-m", "bot", "deployer", "--home", str(self.home.path)]
        with (self.home.path / "deployer.log").open("ab") as log:
            self.deployer = subprocess.Popen(
                argv, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def start_controller(self, crash_at: str = NEVER) -> None:
        log = self.home.path / "controller.log"
        work = lambda: asyncio.run(tell(self.story, self.home, log, deployed=True, pause=PAUSE))  # noqa: E731
        self.controller = forked(work, crash_at)

    def supervise(self) -> None:
        """Restart what was killed; see whether the story has ended."""
        if self.deployer is not None and self.deployer.poll() is not None:
            self.deaths.append(f"deployer {self.deployer.returncode}")
            self.start_deployer()
        if self.finished or not self.controller:
            return
        pid, status = os.waitpid(self.controller, os.WNOHANG)
        if pid == 0:
            return
        code = os.waitstatus_to_exitcode(status)
        self.finished = code == 0
        self.deaths.append(f"controller {code}")
        if not self.finished:
            self.start_controller()

    def until(self, so: Callable[[], bool], within: float = WITHIN) -> bool:
        """Supervise until it is so; False if it did not come to that."""
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            if so():
                return True
            self.supervise()
            time.sleep(0.05)
        return False

    def running(self) -> Running:
        """What the deployer says, nothing while its file cannot be read."""
        with suppress(MegawattsError):
            return Board(self.home.deploy).state()
        return Running()

    def stop(self) -> None:
        """End what was started here."""
        if not self.finished and self.controller:
            os.killpg(self.controller, signal.SIGKILL)
            os.waitpid(self.controller, 0)
        if self.deployer is not None:
            self.deployer.kill()
            self.deployer.wait()
        for pid in marked(self.home.deploy):
            os.kill(pid, signal.SIGKILL)


def standing(system: System) -> list[str]:
    """What is wrong with what runs: one bot for each of current and previous, no stray, and the address answers."""
    main = GitRepository(system.home.forge / "repo.git").resolve("refs/heads/main")
    settled = lambda: _settled(system, main)  # noqa: E731
    if system.until(settled, 20.0):
        return []
    state = system.running()
    known = {i.pid for i in (state.current, state.previous) if i is not None}
    runs = state.current.sha[:9] if state.current else "nothing"
    return [f"{runs} runs, not {main[:9]}; processes {sorted(marked(system.home.deploy))}, known {sorted(known)}"]


def _settled(system: System, main: str) -> bool:
    state = system.running()
    if state.current is None or state.current.sha != main or not state.port:
        return False
    known = {i.pid for i in (state.current, state.previous) if i is not None}
    return marked(system.home.deploy) == known and all(map(alive, known)) and _answer(state.port) == main


def _answer(port: int) -> str:
    """The revision that answers a member at the stable address."""
    body = json.dumps({"user": "ada", "text": "hello"}).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{port}/chat", data=body)
    try:
        with urllib.request.urlopen(request, timeout=3) as answer:
            return str(json.loads(answer.read())["revision"])
    except (OSError, ValueError, KeyError):
        return ""


Meddle = Callable[[System], bool]


def _nothing(_system: System) -> bool:
    return True


def _wait_for_bot(system: System) -> bool:
    """What is there already must run before anything is proposed: it is what a change is compared with."""
    return system.until(lambda: _answers(system))


def _end_only_bot(system: System) -> bool:
    """Kill the bot that runs before there is any proposal."""
    if not _wait_for_bot(system) or not _kill_bot(system, "current"):
        return False
    return system.until(lambda: system.running().restarts > 0 and _answers(system))


def _end_watched(system: System) -> bool:
    return system.until(lambda: system.running().split) and _kill_bot(system, "current")


def _end_control(system: System) -> bool:
    """Kill the one before while the new one is watched: it is restarted, else the watch could only call a person."""
    return system.until(lambda: system.running().split) and _kill_bot(system, "previous")


def _kill_bot(system: System, which: str) -> bool:
    instance = getattr(system.running(), which)
    if instance is None:
        return False
    os.kill(instance.pid, signal.SIGKILL)
    return True


def _answers(system: System) -> bool:
    state = system.running()
    return state.current is not None and bool(state.port) and _answer(state.port) == state.current.sha


@dataclass(frozen=True, slots=True)
class Case:
    """One kill: of which process, at which point of it or by which hand, before or while the story is told."""

    what: str
    place: str
    deployer: str = NEVER
    controller: str = NEVER
    before: Meddle = _wait_for_bot
    during: Meddle = _nothing
    either: bool = False
    """A watched bot that dies may be found silent: then its change is taken back, once. Both ends are right."""


def cases(story: Story) -> list[Case]:
    """What is killed in this story."""
    found = [Case("deployer", place, deployer=place) for place in DEPLOYER[story.name]]
    found += [Case("controller", place, controller=place) for place in CONTROLLER[story.name]]
    if story.name == "healthy":
        found += [Case("deployer, mending", place, deployer=place, before=_end_only_bot) for place in MENDING]
        found += [
            Case("bot", "bot.only", before=_end_only_bot),
            Case("bot", "bot.control", during=_end_control),
            Case("bot", "bot.watched", during=_end_watched, either=True),
        ]
    return found


def kills(folder: Path) -> Iterator[Kill]:
    """Every case of the two stories that deploy."""
    for story in (one for one in STORIES if one.name in DEPLOYER):
        template = folder / f"{story.name}-deployed"
        begin(story, template)
        state, _deaths, wrong, _seconds = _play(story, template, folder, Case("nobody", NEVER), None)
        if wrong:
            raise RuntimeError(f"the deployed story `{story.name}` went wrong without a kill: {wrong}")
        for case in cases(story):
            _state, deaths, wrong, seconds = _play(story, template, folder, case, state)
            signalled = f"{case.what.partition(',')[0]} {-signal.SIGKILL}" in deaths
            yield Kill(
                case.what, f"{story.name}, deployed", case.place, signalled or case.what == "bot", wrong, seconds
            )


Played = tuple[State, list[str], tuple[str, ...], float]


def _play(story: Story, template: Path, folder: Path, case: Case, wanted: State | None) -> Played:
    home = Home(folder / "deployed")
    shutil.copytree(template, home.path)
    system, began = System(home, story), time.monotonic()
    try:
        wrong = _told(system, case)
        state = asyncio.run(state_of(home))
        wrong += _judged(story, home, state, wanted or state, either=case.either)
        return state, system.deaths, tuple(wrong), time.monotonic() - began
    finally:
        system.stop()
        shutil.rmtree(home.path)


def _told(system: System, case: Case) -> list[str]:
    wrong = []
    system.start_deployer(case.deployer)
    if not case.before(system):
        wrong.append("no bot ran that could be killed")
    system.start_controller(case.controller)
    if not case.during(system):
        wrong.append("what was to be killed never ran")
    if not system.until(lambda: system.finished):
        wrong.append("it did not come to its end")
    return wrong + standing(system)


def _judged(story: Story, home: Home, found: State, wanted: State, *, either: bool) -> list[str]:
    reverts = sum(proposal["reverts"] for proposal in found["proposals"])
    if not either or not reverts:
        return violations(story, home, found, wanted)
    taken_back = replace(story, pulls=2, merges=2, reverts=1)
    return violations(taken_back, home, found, found)
