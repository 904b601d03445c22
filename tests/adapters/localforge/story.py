"""A whole life of proposals, told so that it may be told again from the start: run by the crash tests.

Like the engine it looks before it acts, so that whatever an earlier, killed telling did is found and not done twice.
"""

import asyncio
import os
import signal
import sys
import traceback
from pathlib import Path, PurePosixPath

from bot.adapters.crash import VARIABLE
from bot.adapters.git.repository import GitRepository
from bot.adapters.localforge.forge import LocalForge
from bot.core.change import Idea, Kind, Origin, Patch
from bot.core.ids import ProposalId, PullNumber, Sha
from bot.core.verdict import Status, Verdict

GOOD, DULL = "aaaaaaaaaaaa", "bbbbbbbbbbbb"


async def opened(forge: LocalForge, clone: GitRepository, name: str) -> tuple[PullNumber, Sha]:
    """One pull request for the idea, published first."""
    await forge.fetch(clone)
    branch = f"megawatts/{name}"
    head = clone.ref(f"refs/heads/{branch}")
    if head is None:
        patch = Patch(await forge.main(), {PurePosixPath(f"{name}.txt"): b"x\n"})
        head = clone.commit(patch, "feat: x", author="megawatts")
    await forge.publish(clone, branch, head, expecting=None)
    idea = Idea(ProposalId(name), "t", "w", Kind.TEST, Origin.ANALYST, "x")
    return await forge.open(branch, "feat: x", "body", idea, ["kind/test"]), head


async def story(folder: Path) -> None:
    """Open, judge, ask, merge, tag and revert one proposal, and close another."""
    forge, clone = LocalForge(folder / "forge"), GitRepository(folder / "clone.git")
    pull, head = await opened(forge, clone, GOOD)
    await forge.report(head, "megawatts/gate", Verdict("gate", Status.PASS, "ok"))
    await forge.request_owners(pull, head, ["@ada"])
    await forge.comment(pull, "evidence", marker="gate")
    await forge.edit(pull, body="new", add=["tier/1"])
    (seen,) = [p for p in await forge.proposals(everything=True) if p.pull == pull]
    made = seen.merged_as or await forge.merge(pull, expecting=head, base=seen.base, message="feat: x")
    await forge.tag("v0.1.1", made, "healthy")
    await forge.release("v0.1.1", "what changed")
    back = await forge.revert(made, "errors rose")
    (seen,) = [p for p in await forge.proposals(everything=True) if p.pull == back]
    if seen.merged_as is None:
        await forge.merge(back, expecting=seen.head, base=await forge.main(), message="revert")
    dull, _head = await opened(forge, clone, DULL)
    await forge.close(dull, "dull")
    await forge.dashboard("told")


def tell(folder: str, crash_at: str) -> None:
    """The story in this process, which ends with it, and which is killed at the point of that name."""
    signal.alarm(60)
    os.chdir(folder)
    if crash_at:
        os.environ[VARIABLE] = crash_at
    code = 1
    try:
        asyncio.run(story(Path(folder)))
        code = 0
    finally:
        if code:
            traceback.print_exc()
        os._exit(code)


if __name__ == "__main__":
    # Each line, a folder and a point, is told in a process of its own. It is forked: what it imports is read in once.
    for line in sys.stdin:
        child = os.fork()
        if not child:
            tell(*line.removesuffix("\n").split("\t"))
        sys.stdout.write(f"{os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}\n")
        sys.stdout.flush()
