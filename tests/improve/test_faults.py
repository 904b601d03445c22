"""The loop under faults: two at once, full disks, a forge that is away, damaged stores, clocks that are set."""

import asyncio
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from bot.adapters.localforge.forge import LocalForge
from bot.adapters.store.records import SqliteRecords
from bot.core.change import Patch
from bot.core.errors import Misconfigured, Unavailable
from bot.core.ids import Sha
from bot.improve import act as acts
from bot.improve.clockwatch import SETTLING, ClockWatch
from bot.improve.context import HEALTH, Context
from bot.improve.engine import Engine
from bot.improve.ideas import Workshop
from bot.improve.knowledge import Knowledge, Result, strategy
from tests.improve.conftest import offered

slow = pytest.mark.slow
Go = Callable[[int], Any]
START = datetime(2026, 6, 1, 12, tzinfo=UTC)


class Times:
    """A wall clock that can be set, and one that cannot."""

    def __init__(self) -> None:
        self.wall, self.steady = START, 1000.0
        self.watch = ClockWatch(lambda: self.wall, lambda: self.steady)

    def passes(self, by: timedelta) -> None:
        self.wall += by
        self.steady += by.total_seconds()


@pytest.mark.parametrize("by", [timedelta(hours=3), -timedelta(hours=3)])
def test_a_clock_that_is_set_holds_until_it_is_right_or_has_stood(by: timedelta) -> None:
    times = Times()
    assert not times.watch.jumped()
    times.wall += by
    assert "3:00:00" in times.watch.jumped()
    times.wall -= by
    assert not times.watch.jumped(), "a time that came back is believed at once"
    times.wall += by
    assert times.watch.jumped()
    times.passes(SETTLING - timedelta(seconds=1))
    assert times.watch.jumped()
    times.passes(timedelta(seconds=1))
    assert not times.watch.jumped(), "a time that stands is believed"


def test_a_small_correction_and_the_passing_of_time_are_no_jump() -> None:
    times = Times()
    for _ in range(50):
        assert not times.watch.jumped()
        times.passes(timedelta(hours=1))
        times.wall += timedelta(seconds=20)


def test_a_second_jump_begins_the_wait_anew() -> None:
    times = Times()
    assert not times.watch.jumped()
    times.wall += timedelta(hours=1)
    assert times.watch.jumped()
    times.passes(SETTLING / 2)
    times.wall += timedelta(hours=1)
    assert times.watch.jumped()
    times.passes(SETTLING / 2)
    assert times.watch.jumped()


def test_without_a_steady_clock_nothing_is_said() -> None:
    assert not ClockWatch(lambda: START, None).jumped()


def engine_of(world: Any, engine: Engine, **doors: Any) -> Engine:
    """Another controller over the same forge and stores; some doors may be other ones."""
    return Engine(replace(world.ctx, **doors), engine._shop)


async def rounds(world: Any, one: Engine, count: int) -> None:
    for _ in range(count):
        await one.reconcile()
        await one.settle_tasks()
        world.time += timedelta(seconds=1)


@slow
async def test_a_set_clock_neither_merges_nor_reverts(world: Any, engine: Engine) -> None:
    steady = [0.0]
    one = engine_of(world, engine, elapsed=lambda: steady[0])
    await rounds(world, one, 1)
    start = await world.forge.main()
    world.time += timedelta(hours=5)
    await rounds(world, one, 3)
    assert await world.forge.main() == start
    assert "set forwards" in world.saw("held")[-1]["because"]
    world.time -= timedelta(hours=5)
    await rounds(world, one, 1)
    assert await world.forge.main() != start
    world.time -= timedelta(hours=9)
    await rounds(world, one, 3)
    assert "set back" in world.saw("held")[-1]["because"]
    assert not world.saw("revert")


@slow
async def test_two_controllers_at_once_do_everything_once(world: Any, engine: Engine) -> None:
    world.bad = 5.0
    before = world.first_tree
    pair = [engine_of(world, engine), engine_of(world, engine)]
    for _ in range(60):
        await asyncio.gather(*(one.reconcile() for one in pair))
        await asyncio.gather(*(one.settle_tasks() for one in pair))
        world.time += timedelta(seconds=1)
    change, revert = await offered(world)
    assert revert.reverts == change.merged_as
    assert revert.merged_as is not None
    assert world.repo.tree(await world.forge.main()) == before
    await world.forge.fetch(world.repo)
    merges = world.repo.git.run("rev-list", "--first-parent", "--merges", await world.forge.main()).out.split()
    assert len(merges) == 2
    assert len(await world.forge.tags()) == 1
    assert world.ctx.audit.verify().passed


@slow
async def test_a_late_second_controller_proposes_nothing_again(world: Any, engine: Engine) -> None:
    late = engine_of(world, engine)
    gates: list[asyncio.Event] = [asyncio.Event()]
    validate = world.ctx.validate

    async def slowly(asked: Any) -> Any:
        await gates[0].wait()
        return await validate(asked)

    late._ctx = replace(world.ctx, validate=slowly)
    await late.reconcile()
    await rounds(world, engine, 4)
    assert len(world.saw("merged")) == 1
    gates[0].set()
    await late.settle_tasks()
    assert len(await world.forge.proposals(everything=True)) == 1
    assert "meanwhile" in world.saw("later")[-1]["because"]


@slow
async def test_a_forge_that_goes_away_holds_and_comes_back(world: Any, engine: Engine, go: Go) -> None:
    await go(1)
    folder = world.forge.desk.folder
    start = await world.forge.main()
    folder.rename(folder.with_name("elsewhere"))
    await go(3)
    assert len(world.saw("held")) == 3
    assert not world.saw("merged")
    folder.with_name("elsewhere").rename(folder)
    await go(2)
    assert await world.forge.main() != start
    assert len(await world.forge.proposals(everything=True)) == 1


@slow
async def test_a_damaged_forge_is_refused_with_what_to_do(world: Any, go: Go) -> None:
    await go(1)
    ledger = world.forge.desk.folder / "forge.db"
    whole = {path: path.read_bytes() for path in ledger.parent.glob("forge.db*")}
    start = await world.forge.main()
    for path in whole:
        path.unlink()
    ledger.write_bytes(whole[ledger][:100] + bytes(len(whole[ledger]) - 100))
    await go(2)
    assert len(world.saw("held")) == 2
    assert await asyncio.to_thread(world.repo.resolve, "refs/heads/main") == start
    with pytest.raises((Misconfigured, Unavailable)):
        LocalForge(ledger.parent)
    for path, data in whole.items():
        path.write_bytes(data)
    await go(2)
    assert len(world.saw("merged")) == 1


@slow
async def test_lost_records_are_read_from_the_forge_again(world: Any, engine: Engine, tmp_path: Path) -> None:
    world.bad = 5.0
    await rounds(world, engine, 60)
    change, *_ = await offered(world)
    before = Knowledge(world.ctx.records).of(change.idea)
    assert before is not None
    patches = [key for key, _row in world.ctx.records.scan("quarantine")]
    path = tmp_path / "records.db"
    world.ctx.records.close()
    for old in tmp_path.glob("records.db-*"):
        old.unlink()
    path.write_bytes(b"SQLite format 3\0" + bytes(5000))
    with pytest.raises(Misconfigured, match="move the file away"):
        SqliteRecords(path)
    fresh = SqliteRecords(path, rebuild=True)
    anew = engine_of(world, engine, records=fresh)
    await rounds(world, anew, 2)
    (after,) = [outcome for outcome in Knowledge(fresh).outcomes() if outcome.idea == before.idea]
    assert (after.idea, after.author, after.rule, after.result) == (
        before.idea,
        before.author,
        before.rule,
        Result.REVERTED,
    )
    assert [key for key, _row in fresh.scan("quarantine")] == patches
    assert len(world.saw("proposed")) == 1, "what was taken back is not proposed again"
    fresh.close()


@slow
async def test_a_revert_that_was_only_opened_is_remembered_and_put_on_record(world: Any, engine: Engine) -> None:
    world.bad = 5.0
    reached: list[str] = []

    def die(name: str) -> None:
        if name == "act.revert.opened" and not reached:
            reached.append(name)
            raise Unavailable("this test")

    one = engine_of(world, engine, crash_point=die)
    await rounds(world, one, 60)
    assert reached
    change, revert = await offered(world)
    assert set(acts.REVERT_LABELS) <= revert.labels
    assert ("revert", f"#{change.pull}") in {(e.act, e.subject) for e in world.ctx.audit.entries()}
    known = Knowledge(world.ctx.records).of(change.idea)
    assert known is not None
    assert known.result is Result.REVERTED
    assert world.ctx.records.scan("quarantine")


@slow
async def test_a_proposal_whose_opening_was_not_noted_has_its_labels(
    world: Any, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A forge may take them only after the opening; where it was noted, nobody is asked again."""
    added: list[tuple[str, ...]] = []
    edit, died = LocalForge.edit, list[str]()

    async def edited(self: LocalForge, pull: Any, *, body: str | None = None, add: Any = ()) -> None:
        added.append(tuple(add))
        await edit(self, pull, body=body, add=add)

    def die(name: str) -> None:
        if name == "propose.opened" and not died:
            died.append(name)
            raise Unavailable("this test")

    monkeypatch.setattr(LocalForge, "edit", edited)
    await rounds(world, engine_of(world, engine, crash_point=die), 3)
    assert died
    [proposal] = await world.forge.proposals(everything=True)
    assert added == [tuple(sorted(proposal.labels))]
    assert "author/notes" in added[0]


@slow
async def test_a_merge_that_was_not_noted_is_put_on_record(world: Any, engine: Engine) -> None:
    died: list[str] = []

    def die(name: str) -> None:
        if name == "act.merge.done" and not died:
            died.append(name)
            raise Unavailable("this test")

    await rounds(world, engine_of(world, engine, crash_point=die), 4)
    assert died
    assert [e.subject for e in world.ctx.audit.entries() if e.act == "merge"] == ["#1"]
    assert world.saw("recalled")
    assert world.ctx.audit.verify().passed


@slow
async def test_a_damaged_audit_log_holds_everything(world: Any, engine: Engine, tmp_path: Path) -> None:
    await rounds(world, engine, 1)
    log = tmp_path / "audit.jsonl"
    whole = log.read_bytes()
    log.write_bytes(b"not an entry\n")
    start = await world.forge.main()
    fresh = engine_of(world, engine)
    await rounds(world, fresh, 2)
    assert await world.forge.main() == start
    assert "audit.jsonl" in world.saw("held")[-1]["because"]
    log.write_bytes(whole)
    await rounds(world, fresh, 2)
    assert await world.forge.main() != start


class Full:
    """Records on a disk without room: every write fails as SQLite says it."""

    def __init__(self, records: Any) -> None:
        self._records, self.full = records, True

    def __getattr__(self, name: str) -> Any:
        if self.full and name in {"put", "add", "delete"}:
            raise Unavailable("records", "database or disk is full")
        return getattr(self._records, name)


@slow
async def test_a_full_disk_is_said_and_moves_nothing_wrong(world: Any, engine: Engine) -> None:
    disk = Full(world.ctx.records)
    one = engine_of(world, engine, records=disk)
    await rounds(world, one, 4)
    assert "full" in world.saw("later")[-1]["because"]
    start = await world.forge.main()
    assert start == world.running, "what cannot be remembered is not merged"
    disk.full = False
    await rounds(world, one, 24)
    (proposal,) = await world.forge.proposals(everything=True)
    assert (await world.forge.reported(Sha(str(proposal.merged_as)), HEALTH)).passed
    assert not world.saw("revert")


@slow
async def test_a_stop_between_decision_and_act_holds_the_act(world: Any, engine: Engine) -> None:
    def stop(name: str) -> None:
        if name == "decided.merge" and world.ctx.switch.state() is None and not world.saw("held"):
            world.ctx.switch.stop("look", "ada")

    one = engine_of(world, engine, crash_point=stop)
    start = await world.forge.main()
    await rounds(world, one, 3)
    assert await world.forge.main() == start
    assert "stopped by ada" in world.saw("held")[0]["because"]
    assert not world.saw("merged")
    world.ctx.switch.resume("ada")
    await rounds(world, one, 1)
    assert len(world.saw("merged")) == 1


@slow
async def test_a_stop_while_an_idea_is_validated_publishes_nothing(world: Any, engine: Engine) -> None:
    validate = world.ctx.validate

    async def and_stop(asked: Any) -> Any:
        world.ctx.switch.stop("look", "ada")
        return await validate(asked)

    one = engine_of(world, engine, validate=and_stop)
    await rounds(world, one, 2)
    assert await world.forge.proposals(everything=True) == []
    assert await world.forge.tags() == {}


async def on_main(world: Any, path: str, data: bytes) -> Sha:
    """A person commits to the base branch."""
    start = await world.forge.main()
    made = world.repo.commit(Patch(start, {PurePosixPath(path): data}), "docs: a person's", author="ada")
    repo = type(world.repo)(world.forge.desk.folder / "repo.git")
    repo.fetch(world.repo.path, f"+{made}:refs/heads/theirs")
    repo.branch("main", made, expecting=start)
    return made


@slow
async def test_a_charter_that_changes_between_look_and_merge_is_obeyed(world: Any, engine: Engine) -> None:
    await rounds(world, engine, 1)
    text = world.repo.read(await world.forge.main(), PurePosixPath(".github/charter.toml")).decode()
    sealed = text.replace('patterns = ["/notes/"]\ntier = "safe"', 'patterns = ["/other/"]\ntier = "safe"')
    assert sealed != text
    merge, tried = world.forge.merge, []

    async def late(*args: Any, **more: Any) -> Sha:
        if not tried:
            tried.append(await on_main(world, ".github/charter.toml", sealed.encode()))
        return Sha(await merge(*args, **more))

    world.forge.merge = late
    await rounds(world, engine, 6)
    assert tried
    assert not world.saw("merged")
    (proposal,) = await world.forge.proposals(everything=True)
    assert proposal.closed, "it is sealed now"


@slow
async def test_a_revert_is_made_anew_when_something_slipped_in_between(world: Any, engine: Engine) -> None:
    world.bad = 5.0
    merge, slipped = world.forge.merge, []

    async def late(pull: Any, **more: Any) -> Sha:
        if pull == 2 and not slipped:
            slipped.append(await on_main(world, "notes/theirs.txt", b"x\n"))
        return Sha(await merge(pull, **more))

    world.forge.merge = late
    world._is_revert = lambda: bool(slipped)
    await rounds(world, engine, 60)
    change, revert = await offered(world)
    assert slipped
    assert revert.reverts == change.merged_as
    assert revert.merged_as is not None
    files = {str(path) for path in world.repo.files(await world.forge.main())}
    assert "notes/theirs.txt" in files
    assert "notes/new.txt" not in files


@slow
async def test_a_rollback_that_was_cut_short_takes_back_one_merge_only(world: Any, engine: Engine) -> None:
    await rounds(world, engine, 24)
    world.path = "notes/second.txt"
    world.time = datetime.now(UTC) + timedelta(days=1)  # merges carry the time of git, which no test sets
    await rounds(world, engine, 30)
    assert len(world.saw("healthy")) == 2
    row = {"version": "", "by": "ada", "reason": "slow", "at": world.time.isoformat()}
    world.ctx.records.put("rollbacks", "1", row)
    died: list[str] = []

    def die(name: str) -> None:
        if name == "acted.rollback" and not died:
            died.append(name)
            raise Unavailable("this test")

    one = Engine(replace(world.ctx, crash_point=die), Workshop((), (), engine._shop.profile))
    await rounds(world, one, 30)
    assert died
    reverts = [p for p in await world.forge.proposals(everything=True) if p.reverts]
    assert len(reverts) == 1
    files = {str(path) for path in world.repo.files(await world.forge.main())}
    assert "notes/new.txt" in files
    assert "notes/second.txt" not in files
    assert world.ctx.records.scan("rollbacks") == []


@slow
async def test_a_request_that_was_cut_short_is_granted_once(world: Any, engine: Engine) -> None:
    world.ctx.records.put("requests", "1", {"author": "notes"})
    died: list[str] = []

    def die(name: str) -> None:
        if name == "propose.opened" and not died:
            died.append(name)
            raise Unavailable("this test")

    shop = replace(engine._shop, only_requested=True)
    one = Engine(replace(world.ctx, crash_point=die), shop)
    await rounds(world, one, 1)
    world.path = "notes/second.txt"
    fresh = Engine(world.ctx, shop)
    await rounds(world, fresh, 5)
    assert died
    assert len(await world.forge.proposals(everything=True)) == 1
    assert world.ctx.records.scan("requests") == []


@slow
async def test_a_proposal_tells_its_strategy(world: Any, go: Go) -> None:
    await go(1)
    (proposal,) = await world.forge.proposals()
    assert strategy(proposal) == ("notes", "missing")
    assert strategy(replace(proposal, labels=frozenset())) == ("", "docs")


@slow
async def test_a_fault_in_the_dashboard_does_not_end_the_loop(world: Any, engine: Engine) -> None:
    dashboard = world.forge.dashboard

    async def broken(_text: str) -> None:
        raise OSError(28, "No space left on device")

    world.forge.dashboard = broken
    await rounds(world, engine, 2)
    assert "No space left" in world.saw("held")[-1]["because"]
    world.forge.dashboard = dashboard
    await rounds(world, engine, 3)
    assert len(world.saw("merged")) == 1


def test_context_needs_no_crash_points() -> None:
    fields: Mapping[str, Any] = Context.__dataclass_fields__
    assert fields["crash_point"].default("anything") is None
    assert fields["elapsed"].default is None


def test_damaged_databases_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "records.db"
    sqlite3.connect(path).close()
    SqliteRecords(path).close()
    assert not list(tmp_path.glob("*.damaged*")), "an empty file is a beginning, not damage"
