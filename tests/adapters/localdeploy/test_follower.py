"""The deployer under faults: full disks, broken files, taken ports, dead bots; and no second copy after a kill."""

import asyncio
import errno
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bot.adapters.localdeploy import follower as module
from bot.adapters.localdeploy.follower import Follower, Plan
from bot.adapters.localdeploy.process import MARK, BotFailed, alive, marked
from bot.adapters.localdeploy.state import Board, Instance, State, Wishes
from bot.core.errors import Denied, Misconfigured, Unavailable
from bot.core.ids import Sha

OLD, NEW = Sha("a" * 40), Sha("b" * 40)


class Machine:
    """A deployer whose starts, answers and ends are those that the test says."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.main, self.fails, self.mute = OLD, [], set()
        self.started: list[Sha] = []
        self.ended: list[int] = []
        self.events: list[tuple[str, dict[str, str]]] = []
        self.repo = SimpleNamespace(resolve=lambda _rev: self.main, materialise=lambda _sha, _into: None)
        self.board = Board(folder)
        self.follower = self.another()
        monkeypatch.setattr(module, "start", self.start)
        monkeypatch.setattr(module, "answers", self.answers)
        monkeypatch.setattr(module, "end", self.end)
        monkeypatch.setattr(module, "marked", lambda _folder: frozenset(range(1, 1 + len(self.started))))
        monkeypatch.setattr(module, "PAUSE", 0.0)

    def another(self) -> Follower:
        plan = Plan(self.repo, "main", self.board.folder, lambda _sha: [])  # type: ignore[arg-type]  # what it calls
        return Follower(plan, lambda event, facts: self.events.append((event, facts)))

    async def start(self, _tree: Path, sha: Sha, _launch: Any) -> Instance:
        if self.fails:
            raise self.fails.pop(0)
        self.started.append(sha)
        return Instance(sha, len(self.started), 1000, 1.0)

    async def answers(self, instance: Instance) -> bool:
        return instance.pid not in self.mute

    async def end(self, instance: Instance, **_more: float) -> None:
        self.ended.append(instance.pid)

    async def steps(self, count: int) -> State:
        for _ in range(count):
            await self.follower.step()
        return self.board.state()

    def said(self, event: str) -> int:
        return sum(name == event for name, _facts in self.events)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    (tmp_path / "deploy").mkdir()
    return Machine(tmp_path / "deploy", monkeypatch)


FULL = OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("fault", [FULL, Unavailable("git"), Misconfigured("no such commit yet")])
async def test_a_commit_is_not_blamed_for_the_machine(machine: Machine, fault: Exception) -> None:
    machine.fails = [fault, fault, fault]
    assert (await machine.steps(3)).failed == {}
    current = (await machine.steps(1)).current
    assert current is not None
    assert current.sha == OLD
    assert machine.said("not started") == 3


async def test_a_bot_that_does_not_come_up_is_blamed_at_the_second_try(machine: Machine) -> None:
    machine.fails = [BotFailed("the bot", "it ended"), BotFailed("the bot", "it ended"), FULL]
    assert not (await machine.steps(1)).failed
    assert "it ended" in (await machine.steps(1)).failed[OLD]
    await machine.steps(3)
    assert len(machine.fails) == 1, "it is not tried for ever"


async def test_a_tree_that_plays_tricks_is_blamed_at_once(machine: Machine) -> None:
    machine.fails = [Denied("a path leads outside")]
    assert "outside" in (await machine.steps(1)).failed[OLD]


async def test_without_room_on_the_disk_no_bot_is_blamed(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", _full)
    machine.fails = [BotFailed("the bot", "it ended")] * 3
    await machine.steps(3)
    monkeypatch.undo()
    assert machine.follower.router._look().failed == {}


def _full(_handle: int) -> None:
    raise FULL


async def test_a_state_that_cannot_be_written_is_written_later(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as fault:
        fault.setattr(Board, "publish", lambda _self, _state: _full(0))
        await machine.follower.step()
        assert machine.follower.router._look().current is not None, "members are answered all the same"
    assert (await machine.steps(1)).current is not None
    assert machine.started == [OLD]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"current": 3}', '{"current": {"sha": "x"}}', '{"port": "y"}'])
async def test_a_broken_state_is_written_again(machine: Machine, text: str) -> None:
    before = await machine.steps(1)
    (machine.board.folder / "state.json").write_text(text)
    assert await machine.steps(1) == before
    assert machine.said("state lost") == 1
    assert machine.started == [OLD]


async def test_broken_wishes_deploy_nothing_and_are_said_once(machine: Machine) -> None:
    await machine.steps(1)
    (machine.board.folder / "wishes.json").write_text("{")
    machine.main = NEW
    await machine.steps(3)
    assert machine.started == [OLD]
    assert machine.said("forge") == 1
    machine.mute = {1}
    await machine.steps(2)
    assert machine.started == [OLD, OLD], "what died is restarted all the same"
    machine.board.ask(Wishes())
    assert (await machine.steps(1)).current.sha == NEW  # type: ignore[union-attr]  # it runs


async def test_one_missed_answer_is_not_a_death(machine: Machine) -> None:
    before = (await machine.steps(1)).current
    for mute in ({1}, set(), {1}):
        machine.mute = mute
        assert (await machine.steps(1)).restarts == 0
    state = await machine.steps(1)
    assert state.restarts == 1
    assert before is not None
    assert state.current == replace(before, pid=2), "the watch goes on from when the commit took traffic"


async def test_the_control_of_a_watch_is_restarted_and_after_it_forgotten(machine: Machine) -> None:
    await machine.steps(1)
    machine.main = NEW
    await machine.steps(1)
    machine.mute = {1}
    state = await machine.steps(2)
    assert state.split
    assert state.previous is not None
    assert (state.previous.sha, state.previous.pid) == (OLD, 3)
    machine.board.ask(Wishes(promote=NEW))
    machine.mute = {1, 3}
    state = await machine.steps(3)
    assert state.previous is None
    assert machine.started == [OLD, NEW, OLD]


async def test_the_next_deployer_adopts_and_ends_strays(machine: Machine) -> None:
    before = await machine.steps(1)
    machine.started.append(NEW)  # started by a deployer that was killed before it wrote that down
    machine.follower = machine.another()
    await machine.follower.adopt()
    assert machine.ended == [2]
    assert (await machine.steps(2)) == before
    assert machine.started == [OLD, NEW], "what runs is not started again"


async def test_a_current_one_that_died_meanwhile_is_restarted_even_while_held(machine: Machine) -> None:
    await machine.steps(1)
    machine.board.ask(Wishes(hold="incident"))
    machine.mute = {1}
    machine.follower = machine.another()
    await machine.follower.adopt()
    state = await machine.steps(2)
    assert state.current is not None
    assert (state.current.sha, state.current.pid, state.restarts) == (OLD, 2, 1)


async def test_another_processs_number_is_left_alone(machine: Machine) -> None:
    await machine.steps(1)
    machine.board.publish(replace(machine.board.state(), current=Instance(OLD, 4711, 1, 1.0)))
    machine.follower = machine.another()
    machine.mute = {4711}
    await machine.follower.adopt()
    await machine.steps(2)
    assert 4711 not in machine.ended


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        yield int(held.getsockname()[1])


async def test_a_port_that_is_taken_is_named_or_replaced(machine: Machine, taken: int) -> None:
    with pytest.raises(Misconfigured, match=f"port {taken} .* choose another with --port"):
        await machine.follower.run(taken)
    machine.board.publish(State(port=taken))
    machine.follower = machine.another()
    task = asyncio.create_task(machine.follower.run())
    while machine.board.state().port in {0, taken}:
        await asyncio.sleep(0.01)
        assert not task.done()
    assert machine.said("port taken") == 1
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.integration
def test_bots_are_known_by_their_deployer(tmp_path: Path) -> None:
    def sleeper(folder: Path) -> subprocess.Popen[bytes]:
        argv = [sys.executable, "-c", "import time; print(flush=True); time.sleep(60)"]
        started = subprocess.Popen(
            argv, env={MARK: str(folder)}, start_new_session=True, stdout=subprocess.PIPE, close_fds=True
        )
        assert started.stdout is not None
        started.stdout.readline()
        return started

    with sleeper(tmp_path / "one") as mine, sleeper(tmp_path / "other") as other:
        assert marked(tmp_path / "one") == {mine.pid}
        assert alive(other.pid)
        mine.kill()
        other.kill()
    assert marked(tmp_path / "one") == frozenset()


async def test_the_end_of_all_takes_a_bot_that_was_only_just_starting_with_it(machine: Machine) -> None:
    await machine.steps(1)
    machine.started.append(NEW)  # started, and not yet written down when its deployer was told to end
    await machine.follower.shut_down()
    assert sorted(machine.ended) == [1, 2]
