"""A ticked box: tried again because a person asked, once, within quotas, and never out of quarantine."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.adapters.localforge.forge import LocalForge, read_dashboard
from bot.core.change import Idea, Kind, Origin
from bot.core.errors import Unavailable
from bot.core.ids import ProposalId
from bot.core.verdict import Status
from bot.improve import board, releases, retries
from bot.improve.context import Asked
from bot.improve.engine import Engine
from bot.improve.knowledge import Knowledge
from bot.policy.intake import Intake
from tests.improve.conftest import World, offered

pytestmark = pytest.mark.slow
Go = Callable[[int], Any]


async def tick(world: World, idea: str) -> None:
    await LocalForge(world.forge.desk.folder, actor="ada", clock=world.ctx.clock).tick(ProposalId(idea))


async def closed_by_ada(world: World) -> Any:
    (found,) = await world.forge.proposals()
    await LocalForge(world.forge.desk.folder, actor="ada", clock=world.ctx.clock).close(found.pull, "not now")
    return found


def shown(world: World, section: str) -> list[str]:
    text = read_dashboard(world.forge.desk.folder)
    (part,) = [part for part in text.split("## ") if part.startswith(section)]
    return [line for line in part.splitlines() if line.startswith("- ")]


def audited(world: World) -> list[tuple[str, str]]:
    return [(entry.subject, entry.facts["status"]) for entry in world.ctx.audit.entries() if entry.act == "retry"]


async def test_what_a_person_closed_is_tried_again_when_a_person_asks(world: World, engine: Engine, go: Go) -> None:
    world.gate = Status.PENDING
    await go(1)
    first = await closed_by_ada(world)
    await go(3)
    assert len(world.saw("proposed")) == 1, "a closed one stays closed"
    (row,) = shown(world, "Rejected")
    assert row.startswith(f"- [ ] `{first.idea}` #{first.pull} ")
    assert not shown(world, "Open")

    await tick(world, first.idea)
    await go(2)

    (again,) = await world.forge.proposals()
    assert again.idea == first.idea
    assert again.pull != first.pull
    assert again.head != first.head
    assert world.repo.tree(again.head) == world.repo.tree(first.head)
    assert b"Retry: 1" in world.repo.git.run("cat-file", "commit", again.head).out
    assert [facts["status"] for facts in world.saw("retried")] == ["free"], "each tick is heard once"
    assert audited(world) == [(f"#{first.pull}", "free")]
    assert not shown(world, "Rejected")
    assert world.ctx.audit.verify().passed

    await closed_by_ada(world)
    await go(3)
    assert len(world.saw("proposed")) == 2, "only the end that was seen is forgiven"
    assert len(shown(world, "Rejected")) == 1


async def test_what_a_stage_refused_is_tried_again_and_its_history_stays(world: World, go: Go) -> None:
    world.gate = Status.FAIL
    await go(2)
    (refused,) = Knowledge(world.ctx.records).outcomes()
    (row,) = shown(world, "Rejected")
    assert row.startswith(f"- [ ] `{refused.idea}` ")
    assert "as the test says" in row
    world.gate = Status.PASS
    await tick(world, refused.idea)
    await go(1)
    await go(1)
    assert len(world.saw("proposed")) == 1
    assert len(world.asked) == 2


async def test_each_asking_makes_the_gate_look_again_once_on_a_base_that_did_not_move(world: World, go: Go) -> None:
    world.gate = Status.FAIL
    main = await world.forge.main()
    await go(2)
    for times in (1, 2):
        (refused,) = Knowledge(world.ctx.records).outcomes()
        await tick(world, refused.idea)
        await go(3)
        assert [asked.anew for asked in world.asked] == [False] + [True] * times
        assert retries.due(world.ctx.records, ProposalId(refused.idea)) == 0
    assert {asked.base for asked in world.asked} == {main}
    assert len({world.repo.tree(asked.head) for asked in world.asked}) == 1, "the very same edit"


async def test_a_person_who_asks_gets_a_look_though_the_controller_was_ended_in_the_middle_of_it(
    world: World, go: Go, monkeypatch: pytest.MonkeyPatch, engine: Engine
) -> None:
    world.gate = Status.FAIL
    await go(2)
    (refused,) = Knowledge(world.ctx.records).outcomes()
    await tick(world, refused.idea)

    async def cut(_asked: Asked) -> Any:
        raise Unavailable("sandbox", "the machine went away")

    engine._ctx = replace(world.ctx, validate=cut)
    await go(2)
    assert retries.due(world.ctx.records, ProposalId(refused.idea)) == 1, "nobody has looked yet"
    engine._ctx = world.ctx
    engine._barren, engine._rest_until = ("", ""), None
    await go(2)
    assert [asked.anew for asked in world.asked] == [False, True]


async def test_what_was_taken_back_stays_in_quarantine_until_a_person_releases_it(world: World, go: Go) -> None:
    world.bad = 5.0
    await go(60)
    change, _revert = await offered(world)
    (row,) = shown(world, "Taken back")
    assert row.startswith(f"- [ ] `{change.idea}` #{change.pull} ")
    proposed = len(world.saw("proposed"))
    for draft in [p for p in await world.forge.proposals() if p.draft]:
        await LocalForge(world.forge.desk.folder, actor="ada").close(draft.pull, "not again")

    await tick(world, change.idea)
    await go(3)

    (said,) = world.saw("retried")
    assert (said["idea"], said["status"]) == (change.idea, "kept")
    assert "quarantine" in str(said["because"])
    assert len(world.saw("proposed")) == proposed
    assert [status for _subject, status in audited(world)] == ["kept"]
    assert world.ctx.records.scan(retries.TABLE) == []
    assert await world.forge.ticked() == [], "its box is empty again"


async def test_while_everything_is_stopped_a_tick_waits(world: World, go: Go) -> None:
    world.gate = Status.PENDING
    await go(1)
    first = await closed_by_ada(world)
    world.ctx.switch.stop("look first", "ada")
    await tick(world, first.idea)
    await go(2)
    assert not world.saw("retried")
    world.ctx.switch.resume("ada")
    await go(2)
    assert [facts["status"] for facts in world.saw("retried")] == ["free"]


async def test_what_is_open_or_unknown_is_not_tried_again(world: World, go: Go) -> None:
    world.gate = Status.PENDING
    await go(1)
    (live,) = await world.forge.proposals()
    await tick(world, str(live.idea))
    await tick(world, "f" * 12)
    await go(2)
    assert [facts["status"] for facts in world.saw("retried")] == ["kept", "unknown"]
    assert len(world.saw("proposed")) == 1
    assert world.ctx.records.scan(retries.TABLE) == []


async def test_a_tick_does_not_lift_a_quota(world: World, engine: Engine, go: Go) -> None:
    world.gate = Status.PENDING
    await go(1)
    first = await closed_by_ada(world)
    await tick(world, first.idea)
    parse = world.ctx.parse_charter
    tight = replace(world.ctx, parse_charter=lambda text: _one_an_hour(parse(text)))
    engine._ctx = tight
    engine._upkeep._ctx = tight
    await go(3)
    assert world.saw("retried")
    assert await world.forge.proposals() == [], "one within an hour, and that was used"
    (row,) = shown(world, "Queued")
    assert str(first.idea) in row
    assert "within an hour" in row
    world.time += timedelta(hours=1)
    await go(2)
    assert len(await world.forge.proposals()) == 1


def _one_an_hour(charter: Any) -> Any:
    return replace(charter, quotas=replace(charter.quotas, per_hour=1))


async def test_a_tick_that_is_handed_out_twice_counts_once(world: World, go: Go) -> None:
    world.gate = Status.PENDING
    await go(1)
    first = await closed_by_ada(world)
    await go(1)
    seen = [p for p in await world.forge.proposals(everything=True) if p.idea == first.idea]
    known = Knowledge(world.ctx.records).of(ProposalId(str(first.idea)))
    for _ in range(2):
        retries._forgive(world.ctx.records, ProposalId(str(first.idea)), known, seen, world.time)
    assert retries.trailer(world.ctx.records, ProposalId(str(first.idea))) == "Retry: 1\n"


async def test_the_version_s_release_is_its_part_of_the_changelog(world: World, go: Go) -> None:
    await go(24)
    (proposal,) = await world.forge.proposals(everything=True)
    assert dict(await world.forge.releases()) == {"v0.0.1": f"- docs: write a note (#{proposal.pull})\n"}
    (row,) = shown(world, "Merged")
    assert "healthy in v0.0.1" in row


async def test_a_release_that_fails_ends_no_watch_and_comes_later(
    world: World, go: Go, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def down(_self: object, _name: str, _text: str) -> None:
        raise Unavailable("forge", "it answered 500")

    with monkeypatch.context() as broken:
        broken.setattr(LocalForge, "release", down)
        await go(24)
        assert len(world.saw("healthy")) == 1
        assert len(world.saw("release_late")) == 1, "not in every round"
        world.time += releases.AGAIN
        await go(1)
        assert len(world.saw("release_late")) == 2
    await go(1)
    assert not await world.forge.releases()
    world.time += releases.AGAIN
    await go(2)
    assert list(await world.forge.releases()) == ["v0.0.1"]
    assert world.ctx.records.scan(releases.TABLE) == []


def test_what_waits_for_room_is_kept_for_people_to_see(world: World) -> None:
    idea = Idea(ProposalId("a" * 12), "t", "w", Kind.TEST, Origin.ANALYST, "x")
    board.queue(world.ctx.records, Intake((idea,), ()))
    row = world.ctx.records.get(board.QUEUE, board.KEY)
    assert row is not None
    assert row["ideas"] == [{"id": "a" * 12, "title": "t", "kind": "test", "because": "to be tried next"}]
