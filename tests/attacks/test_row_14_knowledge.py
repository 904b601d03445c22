"""THREATS 14: an idea that was refused stays refused, however its lesson ages, is archived, or is forgotten."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.localforge.forge import LocalForge
from bot.adapters.store.audit import FileAuditLog
from bot.adapters.store.records import SqliteRecords
from bot.app.author_wiring import open_agent
from bot.app.settings import load
from bot.core.ids import ProposalId
from bot.core.verdict import Status
from bot.improve.doors import Profile
from bot.improve.engine import Engine
from bot.improve.ideas import Workshop
from bot.improve.knowledge import TABLE, Knowledge, Outcome, Result
from bot.improve.knowledge_keeping import forget, tend
from tests.improve.conftest import Missing, Notes, World, world  # noqa: F401  (the engine's own small house)

pytestmark = pytest.mark.slow


@pytest.fixture
def go(world: World) -> Callable[[int], Any]:  # noqa: F811  (the fixture)
    engine = Engine(world.ctx, Workshop((Missing(world),), (Notes(world),), lambda _sha: Profile((), (), (), None)))

    async def rounds(count: int) -> None:
        for _ in range(count):
            engine._barren, engine._rest_until = ("", ""), None  # as if there were new ground in every round
            await engine.reconcile()
            await engine.settle_tasks()
            world.time += timedelta(seconds=1)

    return rounds


def bare(world: World, how: str) -> ProposalId:  # noqa: F811  (the fixture)
    """Let the words of the one lesson go, in a way that people or time have."""
    (lesson,) = Knowledge(world.ctx.records).outcomes()
    if how == "forgotten":
        forget(world.ctx.records, world.ctx.audit, lesson.idea, by="ada", reason="it names a member")
    else:
        world.time += timedelta(days=3000)
        assert tend(world.ctx.records, world.time, most=0 if how == "bare" else 9) == (how == "bare")
    assert Knowledge(world.ctx.records).active(world.time) == (), "it ranks and warns no more"
    assert bool(world.ctx.records.scan(TABLE)) == (how == "archived")
    return lesson.idea


@pytest.mark.parametrize("how", ["archived", "bare", "forgotten"])
async def test_what_the_gate_refused_is_not_tried_again(
    world: World,  # noqa: F811
    go: Callable[[int], Any],
    how: str,
) -> None:
    world.gate = Status.FAIL
    await go(1)
    bare(world, how)
    world.gate = Status.PASS
    await go(4)
    assert len(world.asked) == 1, "the gate is not asked a second time"
    assert await world.forge.proposals(everything=True) == []


async def test_what_was_taken_back_is_not_tried_again_and_the_forge_does_not_bring_its_words_back(
    world: World,  # noqa: F811
    go: Callable[[int], Any],
) -> None:
    world.bad = 5.0
    await go(50)
    for draft in [p for p in await world.forge.proposals() if p.draft]:  # it came again, for people to look at
        await LocalForge(world.forge.desk.folder, actor="ada", clock=world.ctx.clock).close(draft.pull, "not again")
    await go(1)
    before = len(world.saw("proposed"))
    (lesson,) = [one for one in Knowledge(world.ctx.records).outcomes() if one.result is Result.REVERTED]
    forget(world.ctx.records, world.ctx.audit, lesson.idea, by="ada", reason="it names a member")
    await go(1)
    fresh = Engine(world.ctx, Workshop((Missing(world),), (Notes(world),), lambda _sha: Profile((), (), (), None)))
    await fresh.reconcile()  # a start, with its look at what the forge shows and the records do not hold
    await fresh.settle_tasks()
    assert len(world.saw("proposed")) == before
    assert lesson.idea not in {one.idea for one in Knowledge(world.ctx.records).outcomes()}
    (end,) = Knowledge(world.ctx.records).ends()
    assert (end.idea, end.result, end.because) == (lesson.idea, Result.REVERTED, "")


async def test_only_a_persons_own_asking_brings_a_forgotten_idea_again(
    world: World,  # noqa: F811
    go: Callable[[int], Any],
) -> None:
    world.gate = Status.PENDING
    await go(1)
    ada = LocalForge(world.forge.desk.folder, actor="ada", clock=world.ctx.clock)
    (opened,) = await world.forge.proposals()
    await ada.close(opened.pull, "not this")
    await go(2)
    (row,) = Knowledge(world.ctx.records).outcomes()
    Knowledge(world.ctx.records).bare(row)
    await go(3)
    assert len(world.saw("proposed")) == 1
    await ada.tick(row.idea)
    await go(3)
    assert len(world.saw("proposed")) == 2, "a tick of theirs is another matter"


def test_a_forgotten_lesson_is_not_in_the_writers_hands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The model as author is warned of what failed, and of nothing that was archived or that people had forgotten."""
    monkeypatch.setenv("LLAMA_API_ENDPOINT", "http://127.0.0.1:9")
    now, records = datetime(2026, 6, 1, tzinfo=UTC), SqliteRecords(tmp_path / "r.db")
    made = open_agent(load(), None, records, tmp_path, lambda: now)  # type: ignore[arg-type]  # no repository is asked
    assert made is not None
    rows = {"a" * 12: now, "b" * 12: now - timedelta(days=3000), "c" * 12: now}
    for name, at in rows.items():
        lesson = Outcome(ProposalId(name), "agent", "wish", "feature", Result.REVERTED, f"because {name}", at)
        Knowledge(records).remember(lesson)
    forget(records, FileAuditLog(tmp_path / "audit.jsonl"), "c" * 12, by="ada", reason="it names a member")
    assert [lesson.because for lesson in made.outcomes()] == [f"because {'a' * 12}"]
    assert len(Knowledge(records).everything()) == len(rows)
    records.close()
