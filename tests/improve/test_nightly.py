"""The nightly measurement is read on the base branch, followed past merges, and never believed from the records."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.core.ids import Sha
from bot.core.tier import Tier
from bot.core.verdict import Status, Verdict
from bot.improve import nightly
from bot.improve.look import view
from bot.improve.nightly import LATEST, RED_TEAM, TABLE, latest
from tests.improve.conftest import CHARTER
from tests.improve.test_faults import on_main

pytestmark = pytest.mark.integration  # they run git

SWITCH = CHARTER + '[red_team]\nmax_age = "3d"\n'


async def posted(world: Any, status: Status = Status.PASS, sha: Sha | None = None, at: datetime | None = None) -> Sha:
    """The nightly run reports, as the command does on an embedded forge."""
    where = sha or await world.forge.main()
    verdict = Verdict("red-team", status, status.name, facts={"at": (at or world.time).isoformat()})
    await world.forge.report(where, RED_TEAM, verdict)
    return Sha(where)


async def switched(world: Any) -> None:
    await on_main(world, ".github/charter.toml", SWITCH.encode())


async def known(world: Any) -> tuple[Any, Any]:
    await world.forge.fetch(world.repo)
    verdict, at = await latest(world.ctx, await world.forge.main())
    return verdict and verdict.status, at


async def test_nothing_is_known_where_nothing_was_posted(world: Any) -> None:
    assert await known(world) == (None, None)
    assert world.ctx.records.get(TABLE, LATEST) is None


async def test_it_is_found_on_the_tip_and_below_later_merges(world: Any) -> None:
    await posted(world)
    assert await known(world) == (Status.PASS, world.time)
    for number in range(3):
        await on_main(world, f"notes/{number}.txt", b"x\n")
        assert await known(world) == (Status.PASS, world.time)


async def test_a_later_one_takes_the_place_of_an_earlier(world: Any) -> None:
    first = await posted(world)
    await known(world)
    await on_main(world, "notes/b.txt", b"x\n")
    later = world.time + timedelta(days=1)
    second = await posted(world, Status.FAIL, at=later)
    assert await known(world) == (Status.FAIL, later)
    assert world.ctx.records.get(TABLE, LATEST)["sha"] == second != first


async def test_the_place_is_remembered_past_many_merges(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nightly, "BACK", 2)
    where = await posted(world)
    await known(world)
    for number in range(3):
        await on_main(world, f"notes/{number}.txt", b"x\n")
    assert await known(world) == (Status.PASS, world.time)
    world.ctx.records.delete(TABLE, LATEST)
    assert await known(world) == (None, None), "and without it, it is too far back to be found"
    assert await world.forge.reported(where, RED_TEAM) is not None


async def test_what_the_records_claim_decides_nothing(world: Any) -> None:
    at = world.time.isoformat()
    world.ctx.records.put(TABLE, LATEST, {"sha": await world.forge.main(), "at": at, "status": "pass"})
    assert await known(world) == (None, None)
    aside = world.repo.resolve("refs/heads/main")
    world.ctx.records.put(TABLE, LATEST, {"sha": "f" * 40, "at": at})
    assert await known(world) == (None, None)
    world.ctx.records.put(TABLE, LATEST, {"sha": "refs/heads/main"})
    assert await known(world) == (None, None)
    await posted(world, Status.FAIL, aside)
    assert await known(world) == (Status.FAIL, world.time)


async def test_a_commit_that_is_not_on_the_base_branch_counts_for_nothing(world: Any, go: Any) -> None:
    await go(1)
    (proposal,) = [p for p in await world.forge.proposals() if p.merged_as is None]
    await posted(world, sha=proposal.head)
    world.ctx.records.put(TABLE, LATEST, {"sha": proposal.head, "at": world.time.isoformat()})
    assert await known(world) == (None, None)


@pytest.mark.parametrize("at", ["", "yesterday", "2026-06-01T12:00:00", "1"])
async def test_one_without_a_plain_time_has_none(world: Any, at: str) -> None:
    verdict = Verdict("red-team", Status.PASS, "x", facts={"at": at})
    await world.forge.report(await world.forge.main(), RED_TEAM, verdict)
    assert await known(world) == (Status.PASS, None)
    assert world.ctx.records.get(TABLE, LATEST) is None


async def test_it_is_not_asked_where_the_charter_does_not_ask(world: Any) -> None:
    await posted(world, Status.FAIL)
    seen = await view(world.ctx)
    assert (seen.red_team, seen.red_team_at) == (None, None)
    await switched(world)
    assert (await view(world.ctx)).red_team is not None


class Trusting:
    """A forge on which automation reports beside the engine."""

    def __init__(self, forge: Any, said: dict[Sha, Verdict]) -> None:
        self._forge, self._said = forge, said

    def __getattr__(self, name: str) -> Any:
        return getattr(self._forge, name)

    async def measured(self, sha: Sha, context: str) -> Verdict | None:
        assert context == RED_TEAM
        return self._said.get(sha)


async def test_where_the_forge_knows_whom_to_trust_only_they_are_asked(world: Any) -> None:
    main = await posted(world)
    said = Verdict("red-team", Status.FAIL, "x", facts={"at": world.time.isoformat()})
    object.__setattr__(world.ctx, "forge", Trusting(world.forge, {}))
    assert (await latest(world.ctx, main))[0] is None, "the engine's own word is none"
    object.__setattr__(world.ctx, "forge", Trusting(world.forge, {main: said}))
    assert (await latest(world.ctx, main))[0] == said


async def test_the_loop_asks_people_until_the_measurement_is_there_and_again_when_it_is_old(
    world: Any, go: Any
) -> None:
    await switched(world)
    await go(3)
    assert world.saw("merged") == []
    assert [facts["tier"] for facts in world.saw("asked")] == [int(Tier.VALIDATED)]
    await posted(world, Status.FAIL)
    await go(1)
    assert world.saw("merged") == []
    await posted(world, at=world.time - timedelta(days=4))
    await go(1)
    assert world.saw("merged") == []
    await posted(world)
    await go(1)
    assert len(world.saw("merged")) == 1


async def test_bad_health_is_taken_back_while_the_switch_is_off(world: Any, go: Any) -> None:
    await switched(world)
    await posted(world)
    await go(2)
    assert len(world.saw("merged")) == 1
    await posted(world, Status.FAIL)
    world.bad = 9.0
    for _ in range(12):
        await go(1)
        if len(world.saw("merged")) == 2:
            break
    (change, revert) = [p for p in await world.forge.proposals(everything=True) if not p.draft]
    assert revert.reverts == change.merged_as
    assert revert.merged_as is not None
