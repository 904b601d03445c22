"""Taking back: the revert as a pull request, and its merge where the watcher may and the proof holds."""

from collections.abc import Sequence
from dataclasses import replace

from bot.core.change import Proposal
from bot.core.errors import Denied
from bot.core.ids import PullNumber, Sha
from bot.core.verdict import Verdict
from bot.improve.body import tree
from bot.improve.watcher.book import Book, Watch
from bot.improve.watcher.doors import Doors
from bot.policy.watching import Mode, Would

LABELS = ("megawatts", "revert")


async def propose(doors: Doors, book: Book, watch: Watch, because: Verdict) -> None:
    """Open the revert with its evidence. What the forge refuses is a person's, and is written down as that."""
    body = (
        f"Takes back `{watch.merged}`, because health went bad after its deploy.\n\n{tree(because)}\n\n"
        "This is the exact inverse; nothing else changes."
    )
    try:
        pull = await doors.forge.revert(Sha(watch.merged), body)
    except Denied as error:
        book.put(replace(watch, would=Would.PERSON.value, because=f"{error}: {watch.because}"[:500], settled=True))
        doors.say("page", {"pull": watch.pull, "because": str(error)})
        return
    doors.crash_point("watch.opened")
    await doors.forge.edit(pull, add=LABELS)
    doors.audit.append("watcher", "revert", f"#{watch.pull}", because.because, {"revert": str(pull)})
    doors.crash_point("watch.audited")
    book.put(replace(watch, revert=int(pull)))
    doors.say("revert", {"pull": watch.pull, "revert": int(pull), "because": because.because})


async def go_on(
    doors: Doors, book: Book, watch: Watch, mode: Mode, *, proposals: Sequence[Proposal], main: Sha
) -> None:
    """See an open revert through: noticed when people merge or close it; merged here only in the mode for that."""
    found = next((p for p in proposals if p.pull == watch.revert), None)
    if found is None:
        return  # opened in this look; the next one sees it
    if found.closed or found.merged_as is not None:
        book.put(replace(watch, settled=True))
        doors.say("revert_ended", {"pull": watch.revert, "because": "closed" if found.closed else "merged"})
        return
    if mode is not Mode.ACT:
        return
    if found.base != main:
        await doors.forge.revert(Sha(watch.merged), f"Brought up to date with {main}.")
        return
    await _merge(doors, book, watch, found, main)


async def _merge(doors: Doors, book: Book, watch: Watch, found: Proposal, main: Sha) -> None:
    proof = doors.inverse(Sha(watch.merged), found.head, main)
    if not proof.passed:
        doors.say("page", {"pull": watch.revert, "because": proof.because})
        return
    if doors.switch.state() is not None:
        return
    # On record before it is done: what the watcher merged proves nothing about whether it was right.
    book.put(replace(watch, ours=True))
    doors.crash_point("watch.ours")
    message = f"{found.title} (#{found.pull})"
    merged = await doors.forge.merge(PullNumber(watch.revert), expecting=found.head, base=main, message=message)
    doors.crash_point("watch.merged")
    doors.audit.append("watcher", "merge", f"#{watch.revert}", proof.because, {"merge": merged})
    book.put(replace(watch, ours=True, settled=True))
    doors.say("merged", {"pull": watch.revert, "merge": merged, "because": proof.because})
