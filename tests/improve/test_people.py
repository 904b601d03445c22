"""Who is who is read at the base branch: it excludes the asker's own review, and says whose no it was."""

from dataclasses import replace
from typing import Any

import pytest

from bot.core.errors import Misconfigured
from bot.core.ids import UserId
from bot.improve.look import logins_of, look, said_elsewhere, view
from bot.policy.people import PATH, People
from tests.improve.test_faults import on_main

pytestmark = pytest.mark.integration  # they run git

ANN = UserId("123456789012345678")
LIST = f'[people]\n"{ANN}" = "maintainer"\n'


async def test_the_list_at_the_base_is_the_views(world: Any) -> None:
    assert (await view(world.ctx)).people == People()
    await on_main(world, PATH, LIST.encode())
    assert (await view(world.ctx)).people.login_of(ANN) == "maintainer"


async def test_a_list_that_does_not_hold_moves_nothing(world: Any) -> None:
    await on_main(world, PATH, b"[people]\nx = 1\n")
    with pytest.raises(Misconfigured, match="no member's id"):
        await view(world.ctx)


async def test_the_askers_login_is_theirs_by_either_list(world: Any, go: Any) -> None:
    await go(1)
    await on_main(world, PATH, LIST.encode())
    seen = await view(world.ctx)
    asked = replace(seen.proposals[0], asked_by=ANN)
    assert logins_of(world.ctx.records, asked, seen.people) == {"maintainer"}
    world.ctx.records.put("links", ANN, {"login": "Second"})
    assert logins_of(world.ctx.records, asked, seen.people) == {"maintainer", "second"}


async def test_where_there_is_a_list_a_no_counts_only_by_it(world: Any, go: Any) -> None:
    await go(1)
    seen = await view(world.ctx)
    pull = seen.proposals[0]
    row = {"login": "maintainer", "head": pull.head, "reason": "no", "at": world.time.isoformat(), "by": "999"}
    world.ctx.records.put("refusals", f"{pull.pull}/a", row)
    assert len(said_elsewhere(world.ctx.records, pull, seen.people, seen.charter)) == 1
    await on_main(world, PATH, LIST.encode())
    seen = await view(world.ctx)
    assert said_elsewhere(world.ctx.records, pull, seen.people, seen.charter) == (), (
        "the process that hears members only says whose it was"
    )
    world.ctx.records.put("refusals", f"{pull.pull}/a", {**row, "by": ANN})
    assert [one.reviewer for one in said_elsewhere(world.ctx.records, pull, seen.people, seen.charter)] == [
        "maintainer"
    ]
    case = await look(world.ctx, seen, pull, world.time)
    assert [one.approves for one in case.approvals] == [False]
