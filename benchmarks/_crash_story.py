"""The stories of the crash benchmark: what is wanted, what people do meanwhile, and when a story is at its end."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks import _crash_people as people
from benchmarks._crash_house import DOUBTFUL, FAILS, Ground, House, open_house
from bot.app.events import emitter
from bot.app.home import Home
from bot.improve.look import View, view

People = Callable[[House, View], Awaitable[None]]
End = Callable[[House, View], bool]
ROUNDS = 400


def _settled(count: int) -> End:
    def end(house: House, seen: View) -> bool:
        offered = [p for p in seen.proposals if not p.draft]
        done = len(seen.settled) == len(offered) >= count
        return done and not house.records.scan("requests") and not house.records.scan("rollbacks")

    return end


def _again(house: House, seen: View) -> bool:
    """What was taken back is settled, and stands as a draft for people."""
    return _settled(2)(house, seen) and any(p.draft for p in seen.proposals)


def _closed(_house: House, seen: View) -> bool:
    return bool(seen.proposals) and all(p.closed for p in seen.proposals)


def _tried_again(_house: House, seen: View) -> bool:
    """The one that was closed stays so, and its second try is settled."""
    return any(p.closed for p in seen.proposals) and len(seen.settled) == 1


def _paged(house: House, _seen: View) -> bool:
    return bool(house.records.scan("pages"))


@dataclass(frozen=True, slots=True)
class Story:
    """One life of proposals. `pulls`: without drafts. `reverts`: how many reverts are right at its end."""

    name: str
    wanted: tuple[str, ...]
    people: People
    end: End
    pulls: int = 1
    merges: int = 1
    reverts: int = 0
    tags: int = 1
    requested: bool = False
    drafts: int = 0
    """Changes that were taken back and came again for people."""
    revises: bool = False
    """The author reads what reviewers write."""


STORIES = (
    Story("healthy", ("notes/a.txt", "notes/b.txt"), people.nobody, _settled(1), requested=True),
    Story("unhealthy", ("notes/bad.txt",), people.nobody, _again, pulls=2, merges=2, reverts=1, drafts=1),
    Story("asked", ("said/a.txt",), people.approve, _settled(1)),
    Story("closed", (f"notes/{FAILS}.txt",), people.push, _closed, merges=0, tags=0),
    Story("paged", (f"notes/{DOUBTFUL}.txt",), people.push, _paged, merges=0, tags=0),
    Story(
        "rolled back",
        ("notes/a.txt", "notes/b.txt"),
        people.roll_back,
        _settled(3),
        pulls=3,
        merges=3,
        reverts=1,
        tags=3,
    ),
    Story("by hand", ("notes/a.txt",), people.take_back, _settled(1), tags=0),
    Story("reviewed", ("said/a.txt",), people.refuse, _closed, merges=0, tags=0),
    Story("revised", ("said/a.txt",), people.refuse, _settled(1), revises=True),
    Story("ticked", (f"notes/{FAILS}.txt",), people.tick, _tried_again, pulls=2),
    Story("two at once", (), people.merge_two, _settled(3), pulls=3, merges=3, reverts=1, tags=2),
)
"""`healthy` has one request of a person's and two ideas that it could grant: exactly one may be proposed."""


async def tell(
    story: Story,
    home: Home,
    log: Path,
    *,
    deployed: bool = False,
    pause: float = 0.0,
    ground: Ground | None = None,
) -> bool:
    """Reconcile until the story is at its end; whether it came there. What is there already is not done again."""
    with log.open("a") as stream:
        say = emitter("controller", stream)
        house = open_house(
            home,
            story.wanted,
            say,
            deployed=deployed,
            only_requested=story.requested,
            revises=story.revises,
            ground=ground,
        )
        # People are not killed: what they were about to do before a kill they do before the next round.
        await story.people(house, await view(house.context))
        for _ in range(ROUNDS):
            seen = await house.engine.reconcile()
            await house.engine.settle_tasks()
            if seen is not None:
                await story.people(house, seen)
                if story.end(house, seen):
                    return True
            await asyncio.sleep(pause)
        return False
