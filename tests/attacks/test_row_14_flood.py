"""THREATS 14: a flood of ideas stays within the quotas, what was refused stays refused, nobody is argued with."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath
from typing import Any

import pytest

from bot.core.change import Claim, Finding, Idea, Kind, Origin, Patch, Proposal, Severity
from bot.core.charter import Quotas
from bot.core.ids import ProposalId, PullNumber
from bot.core.verdict import Status, Verdict
from bot.improve.context import HEALTH, Context
from bot.improve.doors import Profile
from bot.improve.engine import Engine
from bot.improve.ideas import Workshop
from bot.policy.intake import Past, choose
from tests.improve.conftest import Notes, World, world  # noqa: F401  (the engine's own small house)
from tests.policy.builders import CHARTER, NOW, proposal

QUOTAS = Quotas(in_flight=10, per_hour=2, per_day=12, per_kind=4, per_path=1)
KINDS = (Kind.REFACTOR, Kind.FIX, Kind.TEST, Kind.DOCS)


def idea(number: int) -> Idea:
    finding = Finding("rule", PurePosixPath(f"docs/{number // 3}.md"), 1, 2, Severity.HIGH, "message", "analyst")
    name = ProposalId(f"idea{number}")
    return Idea(name, "t", "w", KINDS[number % 4], Origin.ANALYST, "codemod", (finding,), value=number)


def opened(one: Idea, pull: int, at: Any) -> Proposal:
    path = str(one.findings[0].path)
    return proposal(path, pull=PullNumber(pull), idea=one.id, kind=one.kind, opened=at)


@pytest.mark.slow
def test_a_hundred_ideas_in_every_round_never_exceed_a_quota() -> None:
    """Two days of rounds, three an hour, all hundred ideas offered in each; half of what is opened gets closed."""
    charter = replace(CHARTER, quotas=QUOTAS)
    ideas, now = [idea(number) for number in range(100)], NOW
    live: list[Proposal] = []
    refused: set[ProposalId] = set()
    times: list[Any] = []
    chosen: Counter[ProposalId] = Counter()
    for minute in range(0, 2 * 24 * 60, 20):
        now = NOW + timedelta(minutes=minute)
        taken = choose(ideas, live, Past(refused, times, []), charter, now).chosen
        for one in taken:
            chosen[one.id] += 1
            times.append(now)
            live.append(opened(one, len(times), now))
        check(live, times, now)
        if minute % 120 == 0 and live:
            refused.add(ProposalId(str(live.pop(0).idea)))
    assert 12 <= len(times) <= 24 + 2
    assert max(chosen.values()) == 1, "no idea twice, open or refused"


def check(live: Sequence[Proposal], times: Sequence[Any], now: Any) -> None:
    assert len(live) <= QUOTAS.in_flight
    assert max(Counter(p.kind for p in live).values(), default=0) <= QUOTAS.per_kind
    assert max(Counter(path for p in live for path in p.paths).values(), default=0) <= QUOTAS.per_path
    assert sum(at > now - timedelta(hours=1) for at in times) <= QUOTAS.per_hour
    assert sum(at > now - timedelta(hours=24) for at in times) <= QUOTAS.per_day


class Hundred:
    """An analyst that finds a hundred things to write, however often it is asked."""

    name = "hundred"

    async def find(self, _work: object, _profile: object) -> Sequence[Finding]:
        paths = [PurePosixPath(f"notes/{number}.txt") for number in range(100)]
        return [Finding("missing", path, 1, 1, Severity.LOW, "no note", self.name) for path in paths]


@pytest.fixture
def rounds(world: World) -> Callable[[int], Any]:  # noqa: F811  (the fixture)
    shop = Workshop((Hundred(),), (Notes(world),), lambda _sha: Profile((), (), (), None))
    engine = Engine(world.ctx, shop)

    async def go(count: int) -> None:
        for _ in range(count):
            engine._barren, engine._rest_until = ("", ""), None  # as if there were new ground in every round
            await engine.reconcile()
            await engine.settle_tasks()
            world.time += timedelta(seconds=1)

    return go


@pytest.mark.slow
async def test_the_engine_opens_no_more_than_it_may(world: World, rounds: Callable[[int], Any]) -> None:  # noqa: F811
    world.gate = Status.PENDING
    await rounds(8)
    assert 1 <= len(await world.forge.proposals()) <= 4, "four of one kind"
    ctx: Context = world.ctx
    assert ctx.audit.verify().passed


@pytest.mark.slow
async def test_what_a_person_closed_is_not_proposed_again(world: World, rounds: Callable[[int], Any]) -> None:  # noqa: F811
    world.gate = Status.PENDING
    await rounds(1)
    (first,) = await world.forge.proposals()
    await world.forge.close(first.pull, "no, and you are a bad bot")
    await rounds(3)
    everything = await world.forge.proposals(everything=True)
    assert [p.idea for p in everything].count(first.idea) == 1
    (closed,) = [p for p in everything if p.pull == first.pull]
    assert closed.closed
    assert closed.head == first.head, "a closed proposal is not pushed to"
    page = await world.forge.page(first.pull)
    assert not any("bad bot" in str(comment) for comment in page["comments"]), "nobody is answered back"


@pytest.mark.slow
async def test_what_the_gate_refused_is_not_tried_again(world: World, rounds: Callable[[int], Any]) -> None:  # noqa: F811
    world.gate = Status.FAIL
    await rounds(3)
    heads = [asked.label for asked in world.asked]
    assert await world.forge.proposals(everything=True) == []
    assert len(heads) == len({asked.head for asked in world.asked})


class Flood:
    """A hundred findings, every second one where people have to look; written as four kinds."""

    name, kind, claim = "flood", Kind.DOCS, Claim.NONE

    async def find(self, work: Any, _profile: object) -> Sequence[Finding]:
        paths = [PurePosixPath(f"{'said' if number % 2 else 'notes'}/{number}.txt") for number in range(100)]
        there = [path for path in paths if not (work.path / path).exists()]
        return [Finding("missing", path, 1, 1, Severity.LOW, "no note", self.name) for path in there]

    def ideas(self, findings: Sequence[Finding]) -> Sequence[Idea]:
        kinds = {f.fingerprint: KINDS[int(f.path.stem) // 2 % 4] for f in findings}
        return [
            Idea(
                ProposalId(f.fingerprint),
                "note",
                "it is missing",
                kinds[f.fingerprint],
                Origin.ANALYST,
                self.name,
                (f,),
            )
            for f in findings
        ]

    async def write(self, idea: Idea, work: Any, _profile: object) -> Patch:
        return Patch(work.sha, {idea.findings[0].path: b"a note\n"}, "one note")


@pytest.mark.slow
@pytest.mark.parametrize("gate", [Status.PASS, Status.PENDING])
async def test_a_hundred_ideas_never_exceed_ten_open_and_two_an_hour(world: World, gate: Status) -> None:  # noqa: F811
    """With the numbers of a charter that names none; nobody looks at what waits for people."""
    parse, world.gate = world.ctx.parse_charter, gate
    world.time = datetime.now(UTC) + timedelta(days=1)  # git stamps merges with the machine's clock
    quotas = Quotas()
    ctx = replace(world.ctx, parse_charter=lambda text: replace(parse(text), quotas=quotas))
    assert (quotas.in_flight, quotas.per_hour) == (10, 2)
    flood = Flood()
    engine = Engine(ctx, Workshop((flood,), (flood,), lambda _sha: Profile((), (), (), None)))
    most, times = 0, list[Any]()
    for _ in range(12 if gate is Status.PASS else 8):
        await engine.reconcile()
        await engine.settle_tasks()
        everything = await world.forge.proposals(everything=True)
        for p in everything:
            if p.merged_as is not None:  # its watch is over before the next round
                await world.forge.report(p.merged_as, HEALTH, Verdict("health", Status.PASS, "healthy"))
        live = [p for p in everything if p.merged_as is None and not p.closed]
        times = [p.opened for p in everything]
        most = max(most, len(live))
        assert len(live) <= 10
        assert sum(at > world.time - timedelta(hours=1) for at in times) <= 2
        assert sum(any(str(path).startswith("said/") for path in p.paths) for p in live) <= 5
        world.time += timedelta(minutes=31)
    merged = [p for p in await world.forge.proposals(everything=True) if p.merged_as is not None]
    if gate is Status.PENDING:
        assert most == 5, "all wait for people: half of ten, and nothing is added"
        assert merged == []
    else:
        assert len(merged) >= 3, "what waits for people keeps no safe one back"
        assert all(str(path).startswith("notes/") for p in merged for path in p.paths)
