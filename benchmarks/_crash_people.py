"""What people do in the stories of the crash benchmark. Nobody kills them: each may be asked again, and goes on."""

from datetime import UTC, datetime
from pathlib import PurePosixPath

from benchmarks._crash_house import BAD, House
from bot.adapters.localforge.forge import LocalForge
from bot.core.change import Patch, Proposal
from bot.core.ids import PullNumber
from bot.improve.look import View

PEOPLE = PurePosixPath("notes/people.txt")


async def nobody(_house: House, _seen: View) -> None:
    """Nobody does anything."""


async def approve(house: House, seen: View) -> None:
    """A maintainer approves what asks for it, once."""
    for proposal in seen.proposals:
        if await _asked(house, proposal) and not await house.forge.reviews(proposal.pull):
            await house.people.review(proposal.pull, proposal.head, approves=True)


async def push(house: House, _seen: View) -> None:
    """A person moves the base branch once, as soon as the first proposal is open."""
    if await house.forge.proposals():
        await house.people.commit(Patch(await house.forge.main(), {PEOPLE: b"x\n"}))


async def take_back(house: House, seen: View) -> None:
    """A person deletes by hand what the first merge brought, while it is watched."""
    for proposal in seen.proposals:
        if proposal.merged_as is not None and proposal.pull not in seen.settled:
            await house.people.commit(Patch(await house.forge.main(), dict.fromkeys(proposal.paths)))


async def roll_back(house: House, seen: View) -> None:
    """A person takes the newest of two healthy merges back, once."""
    if len(seen.settled) == 2 and house.records.get("story", "asked") is None:
        row = {"version": "", "by": "ada", "reason": "slow", "at": datetime.now(UTC).isoformat()}
        house.records.put("rollbacks", "1", row)
        house.records.put("story", "asked", {})


async def refuse(house: House, seen: View) -> None:
    """A maintainer asks for changes, once; what was changed because of that is approved."""
    for proposal in seen.proposals:
        if not await _asked(house, proposal):
            continue
        reviews = await house.forge.reviews(proposal.pull)
        if not reviews:
            reason = "say which note it is"
            await house.people.review(proposal.pull, proposal.head, approves=False, reason=reason)
        elif all(review.head != proposal.head for review in reviews):
            await house.people.review(proposal.pull, proposal.head, approves=True)


async def _asked(house: House, proposal: Proposal) -> bool:
    return await house.forge.asked_on(proposal.pull) == proposal.head


async def tick(house: House, seen: View) -> None:
    """A person moves the base branch, and ticks the box of what was closed because of that, once."""
    await push(house, seen)
    for proposal in seen.proposals:
        if proposal.closed and proposal.idea and house.records.get("story", "ticked") is None:
            await LocalForge(house.home.forge, actor="ada").tick(proposal.idea)
            house.records.put("story", "ticked", {})


async def merge_two(house: House, _seen: View) -> None:
    """A person brings two changes, and merges both before the first was watched: the second is the bad one."""
    forge = LocalForge(house.home.forge)
    for path in (PurePosixPath("notes/good.txt"), BAD):
        pull = await _brought(house, forge, path)
        found = next(p for p in await forge.proposals(everything=True) if p.pull == pull)
        if found.merged_as is None:
            await forge.merge(pull, expecting=found.head, base=await forge.main(), message=f"fix: {path}")


async def _brought(house: House, forge: LocalForge, path: PurePosixPath) -> PullNumber:
    branch = f"ada/{path.stem}"
    known = next((p for p in await forge.proposals(everything=True) if p.branch == branch), None)
    if known is not None:
        return known.pull
    await forge.fetch(house.repo)
    head = house.repo.commit(Patch(await forge.main(), {path: b"a note\n"}), f"fix: {path}", author="ada")
    await forge.publish(house.repo, branch, head, expecting=await forge.branch(branch))
    return await forge.open_as("ada", branch, f"fix: {path}", "as the title says")
