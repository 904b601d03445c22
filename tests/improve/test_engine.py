"""The loop over a real forge: what happens, once, in order, and what must not."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import PurePosixPath
from typing import Any

import pytest

from bot.core.change import Origin, Patch
from bot.core.ids import ProposalId, Sha
from bot.core.verdict import Status
from bot.improve.context import GATE, HEALTH
from bot.improve.engine import Engine
from bot.improve.knowledge import Knowledge, Outcome, Result
from tests.improve.conftest import offered

pytestmark = pytest.mark.slow
Go = Callable[[int], Any]


async def test_a_good_idea_goes_all_the_way(world: Any, go: Go) -> None:
    start = await world.forge.main()
    await go(1)
    (proposed,) = world.saw("proposed")
    assert await world.forge.reported(Sha(proposed["head"]), GATE) is not None
    assert await world.forge.main() == start, "nothing merges in the round in which it is proposed"
    await go(24)
    (proposal,) = await world.forge.proposals(everything=True)
    assert proposal.merged_as is not None
    settled = await world.forge.reported(proposal.merged_as, HEALTH)
    assert settled is not None
    assert settled.passed
    assert list((await world.forge.tags()).values()) == [proposal.merged_as]
    assert world.saw("promote") == [{"sha": proposal.merged_as}]
    assert not world.saw("revert")
    assert world.ctx.audit.verify().passed
    (outcome,) = Knowledge(world.ctx.records).outcomes()
    assert outcome.result is Result.HEALTHY
    (effect,) = outcome.effect
    assert (effect.metric, effect.status, effect.before, effect.after) == ("messages", "pass", 0.0, 0.0)
    assert min(effect.samples_before, effect.samples) >= 60, "what the judge has seen"


async def test_what_was_archived_does_not_move_the_ranking(world: Any, go: Go) -> None:
    old = [Result.REJECTED] * 5 + [Result.REVERTED] * 5
    for number, result in enumerate(old):
        idea, at = ProposalId(f"{number:012x}"), world.time - timedelta(days=700 + number)
        Knowledge(world.ctx.records).remember(Outcome(idea, "notes", "missing", "docs", result, "", at))
    await go(1)
    (ranked,) = world.saw("ranked")
    assert "impact 1 x chance 0.79 /" in ranked["top"][0]["why"], "as if nothing had been tried"


async def test_no_idea_is_begun_on_a_base_that_the_same_round_has_moved(world: Any, go: Go) -> None:
    merged = 0
    for _ in range(8):
        before = len(world.events)
        await go(1)
        seen = [event for event, _facts in world.events[before:]]
        if "merged" in seen:
            merged += 1
            assert "ranked" not in seen
    assert merged == 1


async def test_the_same_idea_is_not_proposed_twice(world: Any, engine: Engine, go: Go) -> None:
    world.gate = Status.PENDING
    await go(6)
    assert len(world.saw("proposed")) == 1
    assert len(await world.forge.proposals()) == 1


async def test_what_the_gate_refuses_is_never_published(world: Any, go: Go) -> None:
    world.gate = Status.FAIL
    await go(4)
    assert await world.forge.proposals(everything=True) == []
    assert [r for r in world.repo.files(await world.forge.main()) if r.name == "new.txt"] == []
    assert len(world.asked) == 1, "what was refused is not tried again"
    (outcome,) = Knowledge(world.ctx.records).outcomes()
    assert outcome.result is Result.REFUSED


@pytest.mark.parametrize("status", [Status.ERROR, Status.INCONCLUSIVE])
async def test_no_verdict_is_not_a_pass(world: Any, go: Go, status: Status) -> None:
    world.gate = status
    await go(3)
    assert await world.forge.proposals(everything=True) == []


async def test_bad_health_is_taken_back_exactly(world: Any, go: Go) -> None:
    world.bad = 5.0
    before = world.repo.tree(await world.forge.main())
    await go(60)
    change, revert = await offered(world)
    assert revert.reverts == change.merged_as
    assert revert.merged_as is not None
    assert world.repo.tree(await world.forge.main()) == before
    taken_back = await world.forge.reported(change.merged_as, HEALTH)
    assert taken_back is not None
    assert taken_back.status is Status.FAIL
    assert len(world.saw("revert")) == 1, "one revert, however often it is looked at"
    assert len(world.saw("proposed")) == 1, "what was taken back is not proposed again"
    known = Knowledge(world.ctx.records).of(change.idea)
    assert known is not None
    assert known.result is Result.REVERTED
    (effect,) = known.effect
    assert (effect.metric, effect.status, effect.before, effect.after) == ("messages", "fail", 0.0, 0.5)


async def test_the_same_change_under_another_name_stays_refused(world: Any, engine: Engine, go: Go) -> None:
    world.bad = 5.0
    await go(60)
    for row in Knowledge(world.ctx.records).outcomes():
        world.ctx.records.delete("outcomes", row.idea)
    for draft in [p for p in await world.forge.proposals() if p.draft]:
        await type(world.forge)(world.forge.desk.folder, actor="ada").close(draft.pull, "not again")
    engine._barren = ("", "")
    await go(2)
    assert len(world.saw("proposed")) == 1
    assert "taken back before" in world.saw("declined")[-1]["because"]


async def test_a_stop_freezes_everything(world: Any, go: Go) -> None:
    await go(1)
    start = await world.forge.main()
    world.ctx.switch.stop("look first", "ada")
    await go(5)
    assert await world.forge.main() == start
    world.ctx.switch.resume("ada")
    await go(2)
    assert await world.forge.main() != start


async def test_a_broken_charter_moves_nothing_and_says_so(world: Any, go: Go) -> None:
    await go(1)
    start = await world.forge.main()
    broken = world.repo.commit(Patch(start, {PurePosixPath(".github/charter.toml"): b"wards = 3\n"}), "x", author="a")
    repo = type(world.repo)(world.forge.desk.folder / "repo.git")
    repo.fetch(world.repo.path, f"+{broken}:refs/heads/broken")
    repo.branch("main", broken, expecting=start)
    await go(3)
    assert await world.forge.main() == broken
    assert "charter" in str(world.saw("held")[-1]["because"])


async def test_a_members_wish_waits_for_consent_and_a_push_voids_it(world: Any, go: Go) -> None:
    world.path, world.origin = "said/new.txt", Origin.MEMBER
    await go(3)
    (proposal,) = await world.forge.proposals()
    assert world.saw("asked")[-1]["tier"] == 2
    await world.forge.review(proposal.pull, "maintainer", proposal.head, True)
    pushed = world.repo.commit(Patch(proposal.head, {PurePosixPath("said/new.txt"): b"else\n"}), "x", author="m")
    await type(world.forge)(world.forge.desk.folder, actor="mallory", clock=world.ctx.clock).publish(
        world.repo, proposal.branch, pushed, expecting=proposal.head
    )
    await go(3)
    assert world.saw("vote_voided")
    (proposal,) = await world.forge.proposals()
    assert proposal.merged_as is None, "the approval was for another head"
    await world.forge.review(proposal.pull, "maintainer", pushed, True)
    await go(2)
    assert world.saw("merged")[-1]["pull"] == proposal.pull


async def test_a_person_rolls_back_and_it_is_one_revert(world: Any, engine: Engine, go: Go) -> None:
    await go(24)
    before = len(world.saw("revert"))
    row = {"version": "", "by": "ada", "reason": "slow", "at": world.time.isoformat()}
    world.ctx.records.put("rollbacks", "1", row)
    await go(4)
    assert len(world.saw("revert")) - before == 1
    assert world.repo.tree(await world.forge.main()) == world.first_tree
    assert world.ctx.records.scan("rollbacks") == []


async def test_an_unknown_version_is_named_and_forgotten(world: Any, go: Go) -> None:
    await go(24)
    row = {"version": "v9.9.9", "by": "ada", "reason": "x", "at": world.time.isoformat()}
    world.ctx.records.put("rollbacks", "1", row)
    await go(1)
    assert any("v9.9.9" in str(facts["because"]) for facts in world.saw("rollback"))
    assert not world.saw("revert")


async def test_decisions_are_kept_for_replay(world: Any, go: Go) -> None:
    await go(24)
    steps = {row["step"] for _key, row in world.ctx.records.scan("decisions")}
    assert {"Merge", "Settle"} <= steps
