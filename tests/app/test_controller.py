"""`megawatts controller`: one in a home, records that are damaged, and what it says."""

import asyncio
import io
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bot.__main__ import main
from bot.adapters.localforge.forge import LocalForge
from bot.app import wiring
from bot.app.alone import alone
from bot.app.events import emitter
from bot.app.home import Home
from bot.app.road import Road
from bot.app.settings import load
from bot.app.stores import open_records
from bot.app.wiring import Wanted
from bot.core.errors import Misconfigured
from bot.improve.engine import Engine
from bot.improve.knowledge import Knowledge


def test_a_second_controller_is_refused_and_told_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lock = tmp_path / "controller.lock"
    with alone(lock), pytest.raises(SystemExit) as left:
        main(["controller", "--home", str(tmp_path), "--no-ideas"])
    assert left.value.code == 3
    said = capsys.readouterr().err
    assert "another controller runs" in said
    assert "--home" in said
    with alone(lock):
        pass


def test_locks_of_different_processes_do_not_meet(tmp_path: Path) -> None:
    with alone(tmp_path / "controller.lock"), alone(tmp_path / "deployer.lock"):
        pass


def test_without_a_forge_it_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["controller", "--home", str(tmp_path)])
    assert left.value.code == 3
    assert "there is no forge" in capsys.readouterr().err


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home with damaged records; forge, clone and sandbox are not asked here."""
    home = Home(tmp_path).create()
    home.records.write_bytes(b"SQLite format 3\0" + bytes(4000))
    opened = Road(LocalForge.__new__(LocalForge), SimpleNamespace(path=home.clone), None, None)  # type: ignore[arg-type]

    async def open_road(*_given: object) -> Road:
        return opened

    monkeypatch.setattr(wiring, "open_road", open_road)
    monkeypatch.setattr(wiring, "open_book", lambda *_given: None)
    monkeypatch.setattr(wiring, "find", SimpleNamespace)
    return home


async def begun(home: Home, wanted: Wanted) -> Engine:
    async with wiring.controller_of(home, nothing, wanted) as engine:
        return engine


def nothing(_event: str, _facts: Any) -> None:
    """Nobody listens."""


def test_damaged_records_are_refused(bare: Home) -> None:
    with pytest.raises(Misconfigured, match="move the file away"):
        asyncio.run(begun(bare, Wanted()))
    assert not list(bare.path.glob("*.damaged-*")), "nothing is put aside unasked"


def test_damaged_records_are_put_aside_when_asked(bare: Home) -> None:
    engine = asyncio.run(begun(bare, Wanted(rebuild=True)))
    assert list(bare.path.glob("records.db.damaged-1"))
    assert Knowledge(open_records(load({}), bare)).outcomes() == ()
    assert engine._ctx.elapsed is not None, "a clock that is set is noticed"
    assert engine._ctx.backups is not None
    made = asyncio.run(engine._ctx.backups.make("a test", keep=1))
    assert made.parts[0] == "records.db", "what a critical merge waits for can be made"


class Full(io.StringIO):
    def write(self, _text: str) -> int:
        raise OSError(28, "No space left on device")


def test_an_event_that_cannot_be_written_ends_nothing() -> None:
    emitter("controller", Full())("wait", {"pull": 1})


def test_an_event_is_one_line_of_json() -> None:
    out = io.StringIO()
    emitter("controller", out)("wait", {"because": "a\nb"})
    (line,) = out.getvalue().splitlines()
    row = json.loads(line)
    assert (row["process"], row["event"], row["because"]) == ("controller", "wait", "a\nb")
