"""What any emergency switch must do: stopped until a person resumes, and stopped when in doubt."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.adapters.store.switch import FileSwitch
from bot.core.ports import Switch

NOW = datetime(2026, 1, 2, tzinfo=UTC)
Open = Callable[[], Switch]


@pytest.fixture(params=[FileSwitch], ids=lambda build: build.__name__)
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Open:
    return lambda: request.param(tmp_path / "home" / "stop.json", clock=lambda: NOW)


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
