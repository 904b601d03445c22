"""The stories of the crash benchmark: what is wanted, what people do meanwhile, and when a story is at its end."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from benchmarks._crash_house import DOUBTFUL, FAILS, House, open_house
from bot.adapters.git.repository import GitRepository
from bot.app.events import emitter
from bot.app.home import Home
from bot.core.change import Patch
from bot.improve.look import View, view

People = Callable[[House, View], Awaitable[None]]
End = Callable[[House, View], bool]
ROUNDS = 400
PEOPLE = PurePosixPath("notes/people.txt")


async def _nobody(_house: House, _seen: View) -> None:
    """Nobody does anything."""


async def _approve(house: House, seen: View) -> None:
    """A maintainer approves what asks for it, once."""
    for proposal in seen.proposals:
        asked = await house.forge.asked_on(proposal.pull)
        if asked == proposal.head and not await house.forge.reviews(proposal.pull):
            await house.forge.review(proposal.pull, "maintainer", proposal.head, approves=True)


async def _push(house: House, _seen: View) -> None:
    """A person moves the base branch once, as soon as the first proposal is open."""
    forge = GitRepository(house.home.forge / "repo.git")
    main = await house.forge.main()
    if await house.forge.proposals() and forge.read(main, PEOPLE) is None:
        made = forge.commit(Patch(main, {PEOPLE: b"x\n"}), "docs: a person's note", author="A person")
        forge.move("refs/heads/main", made, expecting=main)


async def _roll_back(house: House, seen: View) -> None:
    """A person takes the newest of two healthy merges back, once."""
    if len(seen.settled) == 2 and house.records.get("story", "asked") is None:
        row = {"version": "", "by": "ada", "reason": "slow", "at": datetime.now(UTC).isoformat()}
        house.records.put("rollbacks", "1", row)
        house.records.put("story", "asked", {})


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


STORIES = (
    Story("healthy", ("notes/a.txt", "notes/b.txt"), _nobody, _settled(1), requested=True),
    Story("unhealthy", ("notes/bad.txt",), _nobody, _again, pulls=2, merges=2, reverts=1, drafts=1),
    Story("asked", ("said/a.txt",), _approve, _settled(1)),
    Story("closed", (f"notes/{FAILS}.txt",), _push, _closed, merges=0, tags=0),
    Story("paged", (f"notes/{DOUBTFUL}.txt",), _push, _paged, merges=0, tags=0),
    Story(
        "rolled back",
        ("notes/a.txt", "notes/b.txt"),
        _roll_back,
        _settled(3),
        pulls=3,
        merges=3,
        reverts=1,
        tags=3,
    ),
)
"""`healthy` has one request of a person's and two ideas that it could grant: exactly one may be proposed."""


async def tell(story: Story, home: Home, log: Path, *, deployed: bool = False, pause: float = 0.0) -> bool:
    """Reconcile until the story is at its end; whether it came there. What is there already is not done again."""
    with log.open("a") as stream:
        say = emitter("controller", stream)
        house = open_house(home, story.wanted, say, deployed=deployed, only_requested=story.requested)
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
