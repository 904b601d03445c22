"""What should run, and who answers whom: the deployer's pure parts, and its files."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.adapters.localdeploy.follower import target
from bot.adapters.localdeploy.router import choose
from bot.adapters.localdeploy.state import Board, Instance, State, Wishes
from bot.core.errors import Misconfigured
from bot.core.ids import Sha

OLD, NEW = Sha("a" * 40), Sha("b" * 40)
RUNS_OLD = State(current=Instance(OLD, 1, 1001, 0.0))
BOTH = State(current=Instance(NEW, 2, 1002, 0.0), previous=Instance(OLD, 1, 1001, 0.0), split=True)


def test_a_new_commit_is_deployed() -> None:
    assert target(NEW, Wishes(), RUNS_OLD) == NEW


def test_what_runs_already_is_not_deployed_again() -> None:
    assert target(OLD, Wishes(), RUNS_OLD) is None


def test_a_commit_that_failed_is_not_tried_for_ever() -> None:
    assert target(NEW, Wishes(), replace(RUNS_OLD, failed={NEW: "crash"})) is None


def test_a_hold_keeps_what_runs() -> None:
    assert target(NEW, Wishes(hold="incident"), RUNS_OLD) is None


def test_a_rollback_wins_over_the_branch_and_over_its_own_hold() -> None:
    running_new = State(current=Instance(NEW, 2, 1002, 0.0))
    assert target(NEW, Wishes(roll_back=OLD, hold="forge is down"), running_new) == OLD
    assert target(NEW, Wishes(roll_back=OLD, hold="forge is down"), RUNS_OLD) is None


def test_while_watched_members_are_shared_and_each_keeps_one_bot() -> None:
    owners = {member: choose(BOTH, member) for member in map(str, range(200))}
    assert {i.sha for i in owners.values() if i} == {OLD, NEW}
    assert all(choose(BOTH, member) == owner for member, owner in owners.items())
    new = sum(i is not None and i.sha == NEW for i in owners.values())
    assert 60 < new < 140


def test_after_promotion_everybody_speaks_to_the_new_one() -> None:
    promoted = replace(BOTH, split=False)
    assert {choose(promoted, str(n)) for n in range(50)} == {promoted.current}


def test_nobody_runs_nobody_answers() -> None:
    assert choose(State(), "ada") is None


def test_state_and_wishes_survive_a_round_trip(tmp_path: Path) -> None:
    board = Board(tmp_path / "deploy")
    board.publish(BOTH)
    board.ask(Wishes(hold="why", promote=NEW))
    assert Board(tmp_path / "deploy").state() == BOTH
    assert Board(tmp_path / "deploy").wishes() == Wishes(hold="why", promote=NEW)


@pytest.mark.parametrize("content", ["{", "[]", "\x00"])
def test_a_broken_state_file_is_named_with_its_fix(tmp_path: Path, content: str) -> None:
    (tmp_path / "state.json").write_text(content)
    with pytest.raises(Misconfigured, match=r"state\.json .* delete it"):
        Board(tmp_path).state()


def test_a_missing_state_is_empty(tmp_path: Path) -> None:
    assert Board(tmp_path).state() == State()
