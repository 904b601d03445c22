"""A stop in shared records, and what becomes of it while the database is away."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.store.shared_switch import KEY, TABLE, SharedSwitch
from bot.adapters.store.switch import FileSwitch
from bot.core.errors import MegawattsError, Misconfigured, Unavailable
from bot.sdk.testing import DictRecords


class Records(DictRecords):
    """Away when the test says so; `lost` answers of `add` never arrive though the row is written."""

    def __init__(self) -> None:
        super().__init__()
        self.fails: MegawattsError | None = None
        self.lost = 0

    def get(self, table: str, key: str) -> dict[str, Any] | None:
        self._answer()
        return super().get(table, key)

    def add(self, table: str, key: str, row: Mapping[str, Any]) -> bool:
        self._answer()
        added = super().add(table, key, row)
        if self.lost:
            self.lost -= 1
            raise Unavailable("database", "the connection broke")
        return added

    def delete(self, table: str, key: str) -> None:
        self._answer()
        super().delete(table, key)

    def _answer(self) -> None:
        if self.fails:
            raise self.fails


AWAY = Unavailable("database", "it does not answer")


@pytest.fixture
def records() -> Records:
    return Records()


def switch(records: Records, folder: Path, name: str = "bot") -> SharedSwitch:
    return SharedSwitch(records, FileSwitch(folder / name / "stop.json"))


def test_nobody_may_act_while_the_database_is_away(records: Records, tmp_path: Path) -> None:
    records.fails = AWAY
    with pytest.raises(Unavailable, match="does not answer"):
        switch(records, tmp_path).state()


def test_a_stop_file_of_one_home_stops_every_process_and_a_resume_elsewhere_ends_it(
    records: Records, tmp_path: Path
) -> None:
    bot, controller = switch(records, tmp_path), switch(records, tmp_path, "controller")
    old = FileSwitch(tmp_path / "bot" / "stop.json").stop("from before there was a database", "ada")
    assert bot.state() == old
    assert controller.state() == old
    controller.resume("bob")
    assert bot.state() is None
    assert not (tmp_path / "bot" / "stop.json").exists()


def test_a_resume_ends_a_stop_file_that_nobody_looked_at(records: Records, tmp_path: Path) -> None:
    FileSwitch(tmp_path / "bot" / "stop.json").stop("first", "ada")
    switch(records, tmp_path, "controller").stop("second", "eve")
    switch(records, tmp_path).resume("bob")
    assert switch(records, tmp_path).state() is None
    assert switch(records, tmp_path, "controller").state() is None


def test_a_stop_said_while_the_database_is_away_says_whom_it_reaches_and_reaches_all_later(
    records: Records, tmp_path: Path
) -> None:
    bot, controller = switch(records, tmp_path), switch(records, tmp_path, "controller")
    records.fails = AWAY
    for _ in range(2):
        with pytest.raises(Unavailable, match=r"only processes with the home folder .*bot are stopped: say it again"):
            bot.stop("errors", "ada")
    here = bot.state()
    assert here is not None
    assert here.reason == "errors"
    with pytest.raises(Unavailable):
        controller.state()
    records.fails = None
    assert controller.state() is None, "nobody of that home has looked yet"
    assert bot.state() == here
    assert controller.state() == here


def test_the_earlier_of_two_stops_stays_in_force_when_the_file_is_carried(records: Records, tmp_path: Path) -> None:
    first = switch(records, tmp_path, "controller").stop("first", "ada")
    FileSwitch(tmp_path / "bot" / "stop.json").stop("second", "eve")
    assert switch(records, tmp_path).state() == first


def test_a_stop_whose_answer_was_lost_is_not_written_twice(records: Records, tmp_path: Path) -> None:
    records.lost = 1
    stop = switch(records, tmp_path).stop("errors", "ada")
    assert switch(records, tmp_path, "controller").state() == stop
    assert not (tmp_path / "bot" / "stop.json").exists()


def test_a_stop_that_cannot_be_written_at_all_is_not_taken_for_one(records: Records, tmp_path: Path) -> None:
    records.fails = Misconfigured("the database cannot be used: it refuses the password")
    with pytest.raises(Unavailable, match="refuses the password"):
        switch(records, tmp_path).stop("errors", "ada")
    assert (tmp_path / "bot" / "stop.json").exists()
    state = switch(records, tmp_path, "controller").state()
    assert state is not None, "a database that cannot be used is a stop"
    assert "refuses the password" in state.reason


def test_a_resume_that_does_not_reach_the_database_changes_nothing(records: Records, tmp_path: Path) -> None:
    FileSwitch(tmp_path / "bot" / "stop.json").stop("errors", "ada")
    records.fails = AWAY
    with pytest.raises(Unavailable):
        switch(records, tmp_path).resume("bob")
    assert (tmp_path / "bot" / "stop.json").exists()


@pytest.mark.parametrize("row", [{}, {"reason": "x", "by": "y", "at": 3}, {"reason": "x", "by": "y", "at": "noon"}])
def test_a_row_that_is_no_stop_is_one_until_resumed(records: Records, tmp_path: Path, row: dict[str, Any]) -> None:
    records.put(TABLE, KEY, row)
    state = switch(records, tmp_path).state()
    assert state is not None
    assert "megawatts resume" in state.reason
    switch(records, tmp_path).resume("ada")
    assert switch(records, tmp_path).state() is None


def test_a_home_that_cannot_be_read_is_a_stop(records: Records, tmp_path: Path) -> None:
    (tmp_path / "bot").write_text("a file where the home should be")
    assert switch(records, tmp_path).state() is not None
    with pytest.raises(Unavailable, match="bot"):
        switch(records, tmp_path).resume("ada")


def test_what_cannot_be_taken_away_stops_everybody(records: Records, tmp_path: Path) -> None:
    (tmp_path / "bot" / "stop.json").mkdir(parents=True)
    assert switch(records, tmp_path).state() is not None
    assert switch(records, tmp_path, "controller").state() is not None
