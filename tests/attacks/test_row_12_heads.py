"""Row 12: a commit that is pushed after validation, approval or a review rides on nothing given to another head."""

# ruff: noqa: F811  (the engine's small house lends its fixtures)

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from bot.adapters.git.notes import Notes
from bot.adapters.git.repository import GitRepository
from bot.app.verify_cmd import verified
from bot.core.change import Origin, Patch, Proposal
from bot.core.errors import Denied
from bot.core.ids import Sha
from bot.core.verdict import Status, Verdict
from bot.improve.context import GATE
from bot.improve.engine import Engine
from bot.improve.provenance import Book
from bot.policy.provenance import Stage, Step, extend, parse, render
from tests.improve.conftest import engine, go, world  # noqa: F401  (the engine's own small house)

pytestmark = pytest.mark.integration  # they run git
Go = Callable[[int], Any]
EVIL = b"evil\n"


async def push(world: Any, proposal: Proposal, content: bytes = EVIL) -> Sha:
    """Somebody with the right to push does so, on the engine's own branch."""
    files = {PurePosixPath(world.path): content}
    pushed = world.repo.commit(Patch(proposal.head, files), "x", author="mallory")
    forge = type(world.forge)(world.forge.desk.folder, actor="mallory", clock=world.ctx.clock)
    await forge.publish(world.repo, proposal.branch, pushed, expecting=proposal.head)
    return Sha(pushed)


async def one(world: Any) -> Proposal:
    found: list[Proposal] = await world.forge.proposals(everything=True)
    return found[0]


async def on_main(world: Any) -> bytes | None:
    await world.forge.fetch(world.repo)
    found: bytes | None = world.repo.read(await world.forge.main(), PurePosixPath(world.path))
    return found


async def test_a_push_between_the_decision_and_the_merge_is_not_merged(world: Any, engine: Engine, go: Go) -> None:
    await go(1)
    pushed: list[Sha] = []
    merge = world.forge.merge

    async def late(pull: Any, **words: Any) -> Sha:
        if not pushed:
            pushed.append(await push(world, await one(world)))
        found: Sha = await merge(pull, **words)
        return found

    world.forge.merge = late
    world.gate = Status.FAIL  # whatever is judged from now on
    await go(2)
    assert pushed
    assert any("head" in str(facts["because"]) for facts in world.saw("denied"))
    assert await on_main(world) is None


@pytest.mark.parametrize("moment", ["validated", "asked", "approved"])
async def test_what_was_given_to_one_head_carries_no_other(world: Any, go: Go, moment: str) -> None:
    world.path, world.origin = "said/new.txt", Origin.MEMBER
    await go(1 if moment == "validated" else 3)
    proposal = await one(world)
    if moment == "approved":
        await world.forge.review(proposal.pull, "maintainer", proposal.head, True)
    pushed = await push(world, proposal)
    world.gate = Status.FAIL
    await go(4)
    assert await on_main(world) is None
    gate = await world.forge.reported(pushed, GATE)
    assert gate is not None
    assert gate.status is Status.FAIL, "judged anew, on its own"
    assert (await one(world)).merged_as is None


async def test_a_verdict_on_another_tree_posted_on_this_head_counts_nothing(world: Any, go: Go) -> None:
    await go(1)
    proposal = await one(world)
    pushed = await push(world, proposal)
    facts = {"base": proposal.base, "head": pushed, "tree": proposal.head_tree}
    await world.forge.report(pushed, GATE, Verdict("gate", Status.PASS, "borrowed", facts=facts))
    world.gate = Status.FAIL
    await go(3)
    assert await on_main(world) is None


async def test_an_approval_of_another_head_is_found_in_the_record_too(
    world: Any, engine: Engine, go: Go, tmp_path: Path
) -> None:
    inner = GitRepository(world.forge.desk.folder / "repo.git")
    notes = Notes(inner)
    world.ctx = replace(world.ctx, chain=Book(notes))
    engine._ctx = world.ctx
    world.path, world.origin = "said/new.txt", Origin.MEMBER
    await go(3)
    first = await one(world)
    await world.forge.review(first.pull, "maintainer", first.head, True)
    await push(world, first, b"harmless\n")
    await go(2)
    second = await one(world)
    await world.forge.review(second.pull, "maintainer", second.head, True)
    while not world.saw("merged"):
        await go(1)
    await go(1)
    merged = (await one(world)).merged_as
    assert merged is not None
    assert verified(inner.path, merged).passed
    whole = parse(notes.read(merged))
    approvals = [link for link in whole if link.stage is Stage.APPROVAL]
    assert [link.commit for link in approvals] == [second.head]

    chain = extend((), whole[0].pull, Step(whole[0].stage, whole[0].commit, whole[0].tree, whole[0].facts), whole[0].at)
    for link in whole[1:]:
        moved = replace(link, commit=first.head, tree=first.head_tree) if link in approvals else link
        chain = extend(chain, link.pull, Step(moved.stage, moved.commit, moved.tree, moved.facts), link.at)
    notes.write(merged, render(chain))
    assert "is on another head" in verified(inner.path, merged).because


async def test_the_forge_merges_no_head_but_the_one_that_is_named(world: Any, go: Go) -> None:
    await go(1)
    proposal = await one(world)
    pushed = await push(world, proposal)
    for head in (proposal.head, proposal.base):
        with pytest.raises(Denied):
            await world.forge.merge(proposal.pull, expecting=head, base=proposal.base, message="m")
    assert pushed == (await one(world)).head
    assert await on_main(world) is None
