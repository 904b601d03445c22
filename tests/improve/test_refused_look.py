"""A deployer that refuses to say what runs: a person is called once, and the loop goes on."""

from collections.abc import Callable
from typing import Any

import pytest

from bot.core.errors import Denied, Unavailable
from bot.core.ids import Sha

pytestmark = pytest.mark.integration  # they run git
Go = Callable[[int], Any]


async def merged(world: Any, go: Go) -> Any:
    for _ in range(12):
        await go(1)
        (proposal,) = await world.forge.proposals(everything=True)
        if proposal.merged_as is not None:
            return proposal
    pytest.fail("nothing was merged")


async def test_a_look_that_is_refused_is_one_page_and_a_wait(world: Any, go: Go) -> None:
    proposal = await merged(world, go)

    async def forbidden(_sha: Sha) -> None:
        raise Denied("403 permission denied: applications, get")

    world.rollout, rounds = forbidden, 4
    before = len(world.saw("held"))
    await go(rounds)
    pages = [entry for entry in world.ctx.audit.entries() if entry.act == "page"]
    assert [(entry.subject, entry.reason) for entry in pages] == [
        (f"#{proposal.pull}", "403 permission denied: applications, get")
    ]
    assert len(world.saw("denied")) == rounds, "it is asked again at every look"
    assert len(world.saw("held")) == before, "the round went on to its end"
    assert not await world.forge.reported(proposal.merged_as, "megawatts/health")
    del world.rollout
    await go(20)
    settled = await world.forge.reported(proposal.merged_as, "megawatts/health")
    assert settled is not None
    assert settled.passed


async def test_a_page_that_cannot_be_written_ends_no_round(world: Any, go: Go, monkeypatch: pytest.MonkeyPatch) -> None:
    await merged(world, go)

    async def forbidden(_sha: Sha) -> None:
        raise Denied("no")

    async def silent(*_words: object, **_more: object) -> None:
        raise Unavailable("the forge")

    world.rollout = forbidden
    monkeypatch.setattr(type(world.forge), "comment", silent)
    before = len(world.saw("held"))
    await go(2)
    assert len(world.saw("held")) == before
    assert world.saw("later")
    assert not [entry for entry in world.ctx.audit.entries() if entry.act == "page"]
