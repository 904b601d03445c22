"""A backup is whole or not there, says when it is spoilt, and comes back only into an empty place."""

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.adapters.store.audit import FileAuditLog
from bot.adapters.store.backup import manifest, postgres, sqlite
from bot.adapters.store.backup.folder import FolderBackups
from bot.adapters.store.backup.manifest import NAME
from bot.adapters.store.backup.parts import Source
from bot.adapters.store.records import SqliteRecords
from bot.core.errors import Denied, Misconfigured, Unavailable

SECRET = "postgresql://who:pass-word@127.0.0.1:1/none"


class House:
    """A home folder in use, and its backups at a time that the test moves."""

    def __init__(self, folder: Path) -> None:
        self.home, self.time = folder / "home", datetime(2026, 6, 1, 12, tzinfo=UTC)
        self.home.mkdir()
        self.records = SqliteRecords(self.home / "records.db")
        self.records.put("facts", "ada", {"likes": "tea"})
        FileAuditLog(self.home / "audit.jsonl").append("ada", "began", "it", "why not")
        self.sources = [
            Source("records.db", "sqlite", self.home / "records.db"),
            Source("audit.jsonl", "log", self.home / "audit.jsonl"),
            Source("stop.json", "file", self.home / "stop.json"),
        ]
        self.backups = FolderBackups(self.home / "backups", lambda: self.sources, self.now)

    def now(self) -> datetime:
        self.time += timedelta(seconds=1)
        return self.time

    def made(self, keep: int = 5) -> str:
        return self.backups.made("a test", keep).id

    def left(self) -> list[str]:
        return sorted(one.name for one in self.backups.folder.iterdir() if one.name != ".lock")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.records.close()


def test_it_holds_what_is_there_and_nobody_else_may_read_it(house: House) -> None:
    receipt = house.backups.made("before the move", 5)
    assert receipt.parts == ("records.db", "audit.jsonl", "audit.jsonl.head")
    assert receipt.id == f"20260601T120001Z-{receipt.digest[:12]}"
    assert (receipt.at, receipt.reason) == (house.time, "before the move")
    folder = house.backups.folder / receipt.id
    assert {path.stat().st_mode & 0o077 for path in (folder, *folder.iterdir())} == {0}
    assert house.backups.verified(receipt.id, deep=True).passed
    assert list(house.backups.known()) == [receipt]


def test_what_is_written_while_it_is_made_goes_to_the_original_alone(house: House) -> None:
    stop, wrote = threading.Event(), threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            house.records.put("busy", str(number), {"n": number})
            wrote.set()
            number += 1

    thread = threading.Thread(target=write)
    thread.start()
    try:
        assert wrote.wait(30)
        ids = [house.made() for _ in range(3)]
    finally:
        stop.set()
        thread.join()
    assert all(house.backups.verified(one, deep=True).passed for one in ids)
    with closing(sqlite3.connect(house.backups.folder / ids[0] / "records.db")) as db:
        rows = [key for (key,) in db.execute("SELECT key FROM rows WHERE tbl = 'busy'")]
    assert sorted(map(int, rows)) == list(range(len(rows))), "one moment of it, without holes"
    assert len(rows) < len(house.records.scan("busy"))


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda folder: (folder / "records.db").unlink(), "records.db is missing"),
        (lambda folder: (folder / "records.db").write_bytes(b""), "records.db is not what was copied"),
        (lambda folder: flip(folder / "audit.jsonl"), "audit.jsonl is not what was copied"),
        (lambda folder: (folder / NAME).unlink(), "cannot be read"),
        (lambda folder: (folder / NAME).write_text("[]"), "cannot be read"),
        (lambda folder: other(folder, at="2026-06-02T00:00:00+00:00"), "its manifest is that of"),
        (lambda folder: other(folder, reason="mine"), "its manifest is that of"),
    ],
)
def test_a_spoilt_one_is_named_and_never_restored(
    house: House, tmp_path: Path, spoil: Callable[[Path], object], said: str
) -> None:
    one = house.made()
    spoil(house.backups.folder / one)
    found = house.backups.verified(one)
    assert not found.passed
    assert said in found.because
    with pytest.raises(Denied):
        house.backups.restore(one, tmp_path / "again")
    assert not (tmp_path / "again").exists()


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def other(folder: Path, **changed: str) -> None:
    row = json.loads((folder / NAME).read_bytes())
    (folder / NAME).write_text(json.dumps({**row, **changed}, sort_keys=True, indent=1))


@pytest.mark.parametrize("name", ["", "..", "../home", "20260601T120001Z-000000000000", ".lock", "/etc"])
def test_an_id_is_no_path(house: House, name: str) -> None:
    house.made()
    found = house.backups.verified(name)
    assert not found.passed
    assert "there is no backup" in found.because


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "a/../../x", ""])
def test_a_part_leads_nowhere_else(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "20260601T120001Z-000000000000"
    folder.mkdir()
    part = {"name": name, "kind": "file", "size": 1, "sha256": "0", "facts": {}}
    row = {"at": "2026-06-01T12:00:01+00:00", "reason": "", "parts": [part]}
    (folder / NAME).write_text(json.dumps(row))
    with pytest.raises(Denied, match="is not a place in a home folder"):
        manifest.read(folder)


def test_a_whole_home_comes_back_into_an_empty_place_only(house: House, tmp_path: Path) -> None:
    one = house.made()
    house.records.delete("facts", "ada")
    again = tmp_path / "again"
    house.backups.restore(one, again)
    with closing(SqliteRecords(again / "records.db")) as records:
        assert records.get("facts", "ada") == {"likes": "tea"}
    assert FileAuditLog(again / "audit.jsonl").verify().passed
    assert not (again / "stop.json").exists()
    before = sorted(path.read_bytes() for path in again.iterdir() if path.is_file())
    for place in (again, house.home):
        with pytest.raises(Misconfigured, match="is not empty, and nothing is restored over what is there"):
            house.backups.restore(one, place)
    assert sorted(path.read_bytes() for path in again.iterdir() if path.is_file()) == before
    assert house.records.get("facts", "ada") is None


def test_a_restore_that_cannot_end_leaves_nothing(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, again = house.made(), tmp_path / "again"
    from bot.adapters.store.backup import parts

    def full(source: Path, into: Path) -> None:
        into.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(parts, "copyfile", full)
    with pytest.raises(Unavailable, match="No space left on device"):
        house.backups.restore(one, again)
    assert list(again.iterdir()) == []


def test_the_oldest_make_room_and_the_newest_always_stays(house: House) -> None:
    ids = [house.made(keep=2) for _ in range(4)]
    assert house.left() == ids[-2:]
    assert house.made(keep=0) in house.left()
    assert len(house.left()) == 1


def test_a_failed_one_leaves_no_id_and_takes_none_away(house: House) -> None:
    first = house.made(keep=1)
    log = house.home / "audit.jsonl"
    log.write_bytes(log.read_bytes().replace(b"why not", b"because"))
    with pytest.raises(Denied, match="its chain does not hold: entry 1"):
        house.made(keep=1)
    assert house.left() == [first]
    assert house.backups.verified(first).passed


def test_what_a_kill_left_is_no_backup_and_goes_with_the_next(house: House) -> None:
    house.made()
    half = house.backups.folder / ".making-abc"
    half.mkdir()
    (half / "records.db").write_bytes(b"half")
    assert len(house.backups.known()) == 1
    house.made()
    assert not half.exists()


@pytest.mark.parametrize("damage", ["header", "page"])
def test_a_damaged_database_is_not_backed_up(house: House, damage: str) -> None:
    house.records.close()
    path = house.home / "records.db"
    data = bytearray(path.read_bytes())
    data[slice(0, 100) if damage == "header" else slice(4096, 8192)] = b"\xff" * (100 if damage == "header" else 4096)
    path.write_bytes(data)
    with pytest.raises(Denied, match=r"damaged|not whole|does not hold"):
        house.made()
    assert house.left() == []


def test_a_copy_that_lacks_a_row_is_not_the_same(house: House) -> None:
    one = house.made()
    held = house.backups.folder / one / "records.db"
    (part,) = [part for part in house.backups.manifest(one).parts if part.name == "records.db"]
    sqlite.check(held, part.facts)
    with closing(sqlite3.connect(held)) as db, db:
        db.execute("UPDATE rows SET row = '{}'")
    with pytest.raises(Denied, match="does not hold what was copied: sha256 differ"):
        sqlite.check(held, part.facts)


def test_a_home_without_anything_is_the_wrong_one(house: House) -> None:
    house.sources = house.sources[-1:]
    with pytest.raises(Misconfigured, match="there is nothing to back up"):
        house.made()
    assert house.left() == []


def test_an_address_is_shown_nowhere(house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(postgres, "WHEEL", "no_such_package")
    source = Source("database", "postgres", address=SECRET)
    house.sources.append(source)
    assert "pass-word" not in repr(source)
    with pytest.raises(Misconfigured, match="pg_dump is not installed") as told:
        house.made()
    assert "pass-word" not in str(told.value)
    assert house.left() == []


async def test_the_door_is_the_same_without_holding_up_the_loop(house: House) -> None:
    receipt = await house.backups.make("a test", keep=1)
    assert await house.backups.receipts() == [receipt]
    assert (await house.backups.verify(receipt.id)).passed
