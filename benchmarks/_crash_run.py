"""Tells a story in a process that is killed at a place, tells it again, and compares what is there at the end."""

import asyncio
import json
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks._crash_check import State, state_of, violations
from benchmarks._crash_house import build
from benchmarks._crash_story import Story, tell
from bot.adapters import crash
from bot.app.home import Home

NOBODYS = ("review.row", "review.done", "tick.")
"""Points in what people do: no process of ours is killed there."""
NEVER = "nowhere"
TRIES = 3


@dataclass(frozen=True, slots=True)
class Kill:
    """One kill and what came of it. `reached` is false when the story ended before that place."""

    what: str
    story: str
    place: str
    reached: bool
    wrong: tuple[str, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class Told:
    """A story without a kill: what it leaves, and the places that it passes, with how often."""

    story: Story
    template: Path
    state: State
    places: dict[str, int]
    seconds: float


def forked(work: Callable[[], bool], crash_at: str) -> int:
    """Start a process, leader of its own group, that does the work with a crash point set; its id."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        os.setsid()
        os.environ[crash.VARIABLE] = crash_at
        code = 0 if work() else 3
    except BaseException as error:  # noqa: BLE001  (a child must never return into its parent's code)
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
    finally:
        sys.stderr.flush()
        os._exit(code)


def ended(child: int) -> int:
    """Wait for a process: its exit code, or minus the signal."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def start(story: Story, home: Home, crash_at: str = NEVER, passed: Path | None = None) -> int:
    """Tell the story once in a process of its own; the process."""

    def work() -> bool:
        done = asyncio.run(tell(story, home, home.path / "controller.log"))
        if passed is not None:
            passed.write_text(json.dumps(crash.passages()))
        return done

    return forked(work, crash_at)


def begin(story: Story, template: Path) -> None:
    """The house as it is before the story: the requests that people have made."""
    from bot.adapters.store.records import SqliteRecords

    home = build(Home(template))
    records = SqliteRecords(home.records)
    if story.requested:
        records.put("requests", "1", {"author": "notes"})
    records.close()


def reference(story: Story, folder: Path) -> Told:
    """Tell the story without a kill. Raises RuntimeError if even so it does not come to its end."""
    template, home = folder / f"{story.name}-before", Home(folder / f"{story.name}-told")
    begin(story, template)
    shutil.copytree(template, home.path)
    places, began = folder / f"{story.name}.json", time.monotonic()
    code = ended(start(story, home, passed=places))
    seconds = time.monotonic() - began
    state = asyncio.run(state_of(home))
    wrong = violations(story, home, state, state)
    if code or wrong:
        raise RuntimeError(f"the story `{story.name}` went wrong without a kill ({code}): {wrong}")
    counts = {k: n for k, n in json.loads(places.read_text()).items() if not k.startswith(NOBODYS)}
    return Told(story, template, state, counts, seconds)


def killed_at(told: Told, place: str, folder: Path) -> Kill:
    """Kill the controller at that place, start another, compare."""
    home = Home(folder / "home")
    shutil.copytree(told.template, home.path)
    began = time.monotonic()
    reached = ended(start(told.story, home, place)) == -signal.SIGKILL
    wrong = go_on(told, home)
    shutil.rmtree(home.path)
    return Kill("controller", told.story.name, place, reached, tuple(wrong), time.monotonic() - began)


def killed_after(told: Told, seconds: float, folder: Path) -> Kill:
    """Kill the controller and every git command that it runs, at a moment that means nothing."""
    home = Home(folder / "home")
    shutil.copytree(told.template, home.path)
    began = time.monotonic()
    child = start(told.story, home)
    time.sleep(seconds)
    os.killpg(child, signal.SIGKILL)
    reached = ended(child) == -signal.SIGKILL
    wrong = go_on(told, home)
    shutil.rmtree(home.path)
    place = f"{seconds / told.seconds:.0%} of the way"
    return Kill("controller and git", told.story.name, place, reached, tuple(wrong), time.monotonic() - began)


def go_on(told: Told, home: Home) -> list[str]:
    """Start the controller again until it ends by itself; what is wrong then."""
    code = ended(start(told.story, home))
    wrong = violations(told.story, home, asyncio.run(state_of(home)), told.state)
    return wrong if code == 0 else [f"it did not come to its end ({code})", *wrong]


def places(told: Told, known: set[str]) -> list[str]:
    """Where to kill: every point that no earlier story had, at its first passing, and at its last if it has more."""
    fresh = [(name, count) for name, count in told.places.items() if name not in known]
    known |= {name for name, _count in fresh}
    return [place for name, count in fresh for place in ([name] if count == 1 else [name, f"{name}#{count}"])]


def moments(told: Told, count: int, seed: int) -> list[float]:
    """Seconds into the story, at random, the same for the same seed."""
    draw = random.Random(f"{told.story.name} {seed}")
    return [draw.uniform(0.1, 0.95) * told.seconds for _ in range(count)]
