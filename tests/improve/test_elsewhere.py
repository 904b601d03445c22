"""What members and admins said on Discord, as the loop takes it up: over a real forge."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from bot.app.requests_book import RequestsBook
from bot.core.change import Finding, Origin
from bot.core.verdict import Status
from bot.improve.doors import Profile
from bot.improve.engine import Engine
from bot.improve.ideas import Workshop
from bot.improve.knowledge import Knowledge, Result
from bot.policy.announcements import news
from tests.improve.conftest import Missing, Notes

pytestmark = pytest.mark.slow
Go = Callable[[int], Any]
NUMBER = "0123456789ab"


class Wished(Missing):
    """The same finding, led to by a member's suggestion."""

    async def find(self, work: Any, profile: Any) -> Sequence[Finding]:
        return [replace(one, evidence={"suggestion": NUMBER, "by": "eve"}) for one in await super().find(work, profile)]


@pytest.fixture
def engine(world: Any) -> Engine:
    shop = Workshop((Wished(world),), (Notes(world),), lambda _sha: Profile((), (), (), None))
    return Engine(world.ctx, shop, orders=RequestsBook.of(world.ctx).take)


async def test_an_outcome_names_its_suggestion_up_to_the_version(world: Any, go: Go) -> None:
    await go(25)
    [(_, row)] = world.ctx.records.scan("outcomes")
    assert row["suggestions"] == [NUMBER]
    assert row["result"] == "healthy"
    assert news(row) == ("healthy/1", f"Your suggestion (#1) is live in {row['version']}. Thank you.")
    assert row["version"] in await world.forge.tags()


async def test_a_revert_is_told_too(world: Any, go: Go) -> None:
    world.bad = 5.0
    await go(60)
    told = {row["result"]: row["suggestions"] for _, row in world.ctx.records.scan("outcomes")}
    assert told == {"reverted": [NUMBER], "open": []}, "the draft that brings it again is no news"


def no(world: Any, proposal: Any, login: str) -> None:
    row = {"login": login, "head": proposal.head, "reason": "it breaks our own bots", "at": world.time.isoformat()}
    world.ctx.records.put("refusals", f"{proposal.pull}/{proposal.head[:12]}/{login}", row)


async def asked(world: Any, go: Go) -> Any:
    """A proposal of tier 2 that waits for people."""
    world.path, world.origin = "said/new.txt", Origin.MEMBER
    await go(3)
    (proposal,) = await world.forge.proposals()
    assert world.ctx.polls.read(proposal.pull) is not None
    return proposal


async def test_a_maintainers_reason_closes_it_and_is_kept(world: Any, go: Go) -> None:
    proposal = await asked(world, go)
    no(world, proposal, "maintainer")
    await go(2)
    (closed,) = await world.forge.proposals(everything=True)
    assert closed.closed
    (outcome,) = Knowledge(world.ctx.records).outcomes()
    assert outcome.result is Result.REJECTED
    assert "it breaks our own bots" in outcome.because
    await go(3)
    assert len(await world.forge.proposals(everything=True)) == 1, "and it is not proposed again"


@pytest.mark.parametrize("login", ["stranger", "", "megawatts[bot]"])
async def test_nobody_elses_no_counts(world: Any, go: Go, login: str) -> None:
    proposal = await asked(world, go)
    no(world, proposal, login)
    await go(2)
    (still,) = await world.forge.proposals()
    assert still.head == proposal.head


async def test_an_order_of_the_home_guild_is_an_override(world: Any, go: Go) -> None:
    proposal = await asked(world, go)
    order = {
        "act": "override", "subject": "#1", "by": "Ann (ann)", "user": "ann", "guild": "", "reason": "agreed by phone",
        "at": world.time.isoformat(), "pull": proposal.pull, "head": proposal.head[:12],
    }  # fmt: skip
    world.ctx.records.put("orders", "k1", {**order, "guild": "999"})
    await go(2)
    assert (await world.forge.proposals(everything=True))[0].merged_as is None, "not from another guild"
    world.ctx.records.put("orders", "k2", {**order, "at": world.time.isoformat()})
    await go(3)
    (merged,) = await world.forge.proposals(everything=True)
    assert merged.merged_as is not None
    assert ("controller", "order.override") in {(one.actor, one.act) for one in world.ctx.audit.entries()}
    assert [row["reason"] for _, row in world.ctx.records.scan("announcements")] == [
        "not done: it was given elsewhere than in the home guild",
        "agreed by phone",
    ]


async def test_the_poll_is_held_at_home_with_the_gates_evidence(world: Any, go: Go) -> None:
    world.gate = Status.PASS
    proposal = await asked(world, go)
    about = world.ctx.polls.votes.subject(proposal.pull)
    assert about.badges == (("scope", "pass"),)
    assert about.risk == "low: every stage passes"
    assert world.ctx.polls.read(proposal.pull).guild == ""
