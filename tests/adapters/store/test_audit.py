"""A log that was cut short by a power failure: repaired in the open, never silently."""

from pathlib import Path

import pytest

from bot.adapters.store.audit import FileAuditLog
from bot.core.errors import Misconfigured, Unavailable


def test_a_half_written_entry_is_seen_then_put_aside_on_record(tmp_path: Path) -> None:
    log = FileAuditLog(tmp_path / "audit.jsonl")
    log.append("ada", "one", "s", "r")
    whole = log.path.read_bytes()
    log.path.write_bytes(whole + b'{"number": 2, "act')

    verdict = log.verify()
    assert not verdict.passed
    assert "entry 2 is half written" in verdict.because
    assert [entry.act for entry in log.entries()] == ["one"]

    log.append("ada", "two", "s", "r")

    assert [entry.act for entry in log.entries()] == ["one", "audit.repair", "two"]
    assert log.verify().passed
    repair = log.entries()[1]
    assert (tmp_path / repair.facts["kept"]).read_bytes() == b'{"number": 2, "act'


def test_a_first_entry_cut_short_is_put_aside_too(tmp_path: Path) -> None:
    log = FileAuditLog(tmp_path / "audit.jsonl")
    log.path.write_bytes(b'{"numb')
    log.append("ada", "one", "s", "r")
    assert [entry.act for entry in log.entries()] == ["audit.repair", "one"]
    assert log.verify().passed


def test_killed_between_the_entry_and_its_head_the_log_is_whole(tmp_path: Path) -> None:
    log = FileAuditLog(tmp_path / "audit.jsonl")
    log.append("ada", "one", "s", "r")
    head = (tmp_path / "audit.jsonl.head").read_bytes()
    log.append("ada", "two", "s", "r")
    (tmp_path / "audit.jsonl.head").write_bytes(head)
    assert log.verify().passed
    log.append("ada", "three", "s", "r")
    assert log.verify().passed


def test_nothing_is_added_to_a_log_that_cannot_be_read(tmp_path: Path) -> None:
    log = FileAuditLog(tmp_path / "audit.jsonl")
    log.append("ada", "one", "s", "r")
    log.path.write_bytes(b"garbage\n")
    with pytest.raises(Misconfigured, match="move it away"):
        log.append("ada", "two", "s", "r")
    assert log.path.read_bytes() == b"garbage\n"


@pytest.mark.parametrize("content", [None, b"garbage", b"{}"])
def test_a_missing_or_garbled_head_is_seen(tmp_path: Path, content: bytes | None) -> None:
    log = FileAuditLog(tmp_path / "audit.jsonl")
    log.append("ada", "one", "s", "r")
    head = tmp_path / "audit.jsonl.head"
    head.unlink() if content is None else head.write_bytes(content)
    assert "audit.jsonl.head" in log.verify().because


def test_long_entries_are_found_again(tmp_path: Path) -> None:
    log = FileAuditLog(tmp_path / "audit.jsonl")
    for _ in range(3):
        log.append("ada", "act", "s", "long " * 40_000)
    assert [entry.number for entry in log.entries()] == [1, 2, 3]
    assert log.verify().passed


def test_a_place_that_cannot_be_written_is_later(tmp_path: Path) -> None:
    (tmp_path / "audit.jsonl").mkdir()
    with pytest.raises(Unavailable, match="audit log"):
        FileAuditLog(tmp_path / "audit.jsonl").append("ada", "one", "s", "r")
    with pytest.raises(Unavailable):
        FileAuditLog(tmp_path / "audit.jsonl").verify()
