"""What any emergency switch must do: stopped until a person resumes, and stopped when in doubt."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.store.records import SqliteRecords
from bot.adapters.store.shared_switch import SharedSwitch
from bot.adapters.store.switch import FileSwitch
from bot.core.ports import Switch

NOW = datetime(2026, 1, 2, tzinfo=UTC)
Open = Callable[[], Switch]


def in_a_file(_request: pytest.FixtureRequest, folder: Path, _made: list[Any]) -> Open:
    return lambda: FileSwitch(folder / "home" / "stop.json", clock=lambda: NOW)


def shared(records: Callable[[], Any], folder: Path, made: list[Any]) -> Open:
    """Each with a home folder of its own, as pods have."""

    def opening() -> Switch:
        made.append(records())
        return SharedSwitch(made[-1], FileSwitch(folder / f"home-{len(made)}" / "stop.json"), clock=lambda: NOW)

    return opening


def in_a_file_of_records(_request: pytest.FixtureRequest, folder: Path, made: list[Any]) -> Open:
    return shared(lambda: SqliteRecords(folder / "records.db"), folder, made)


def on_sqlite(_request: pytest.FixtureRequest, folder: Path, made: list[Any]) -> Open:
    from bot.adapters.store.sql.records import SqlRecords

    return shared(lambda: SqlRecords(f"sqlite:///{folder}/shared.db"), folder, made)


def on_postgresql(request: pytest.FixtureRequest, folder: Path, made: list[Any]) -> Open:
    from bot.adapters.store.sql.records import SqlRecords

    server = request.getfixturevalue("postgres")
    name = server.database()
    return shared(lambda: SqlRecords(server.url(name)), folder, made)


SWITCHES = [
    in_a_file,
    in_a_file_of_records,
    *(pytest.param(one, marks=pytest.mark.integration) for one in (on_sqlite, on_postgresql)),
]


@pytest.fixture(params=SWITCHES)
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    made: list[Any] = []
    yield request.param(request, tmp_path, made)
    for one in made:
        one.close()


def test_it_is_seen_at_once_by_everyone_and_stays_until_resumed(opened: Open) -> None:
    reader, writer = opened(), opened()
    assert reader.state() is None
    stop = writer.stop("errors\nrose\u202e", "ada")
    assert (stop.reason, stop.by, stop.at) == ("errors rose", "ada", NOW)
    assert reader.state() == stop
    reader.resume("bob")
    reader.resume("bob")
    assert writer.state() is None


def test_a_second_stop_does_not_hide_the_first(opened: Open) -> None:
    first = opened().stop("first", "ada")
    assert opened().stop("second", "eve") == first
    assert opened().state() == first


def test_it_can_be_stopped_again(opened: Open) -> None:
    switch = opened()
    switch.stop("first", "ada")
    switch.resume("ada")
    assert switch.stop("second", "eve").by == "eve"
    assert opened().state() == switch.state()


@pytest.mark.parametrize("content", [b"", b"{", b"null", b"[]", b"{}", b"\xff\xfe", b'{"reason": 1, "by": 2, "at": 3}'])
def test_what_cannot_be_understood_is_a_stop(tmp_path: Path, content: bytes) -> None:
    switch = FileSwitch(tmp_path / "stop.json")
    (tmp_path / "stop.json").write_bytes(content)
    state = switch.state()
    assert state is not None
    assert "resume" in state.reason
    switch.resume("ada")
    assert switch.state() is None


def test_what_cannot_be_read_is_a_stop(tmp_path: Path) -> None:
    (tmp_path / "stop.json").mkdir()
    assert FileSwitch(tmp_path / "stop.json").state() is not None
    (tmp_path / "file").write_text("x")
    assert FileSwitch(tmp_path / "file" / "stop.json").state() is not None
