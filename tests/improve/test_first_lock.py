"""The first lock holds by itself: what the charter seals is never pushed, whatever the gate was made to say."""

from typing import Any

import pytest

from bot.core.verdict import Status
from bot.improve.look import view

pytestmark = pytest.mark.integration  # they run git


@pytest.mark.parametrize("path", [".github/workflows/mine.yml", "CODEOWNERS", "bot/policy/tier.py", "new/thing.py"])
async def test_a_gate_that_was_got_at_pushes_nothing_sealed(world: Any, go: Any, path: str) -> None:
    world.path, world.gate = path, Status.PASS
    await go(3)
    assert (await view(world.ctx)).proposals == ()
    branches = world.forge.desk.repo.git.run("for-each-ref", "--format=%(refname)", "refs/heads").out.split()
    assert branches == [b"refs/heads/main"]


async def test_what_is_open_to_it_is_pushed(world: Any, go: Any) -> None:
    await go(1)
    assert len((await view(world.ctx)).proposals) == 1
