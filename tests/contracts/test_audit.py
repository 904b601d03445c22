"""What any audit log must do: nothing is lost, and nothing can be changed without its being seen."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bot.adapters.store.audit import FileAuditLog
from bot.core.ports import AuditLog

Open = Callable[[], AuditLog]


@pytest.fixture(params=[FileAuditLog], ids=lambda build: build.__name__)
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Open:
    return lambda: request.param(tmp_path / "deep" / "audit.jsonl")


def test_an_empty_log_is_whole(opened: Open) -> None:
    assert opened().verify().passed
    assert opened().entries() == []


def test_entries_are_chained_and_kept_in_order(opened: Open) -> None:
    first = opened().append("ada", "stop", "everything", "why\u202e not", {"pull": "3"})
    second = opened().append("ada", "resume", "everything", "line\nline", None)
    assert (first.number, second.number, second.previous) == (1, 2, first.digest)
    assert list(opened().entries()) == [first, second]
    assert (first.reason, first.facts) == ("why not", {"pull": "3"})
    assert opened().verify().passed


def test_writers_at_the_same_time_make_one_chain(opened: Open) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: opened().append("a", "act", str(n), "r"), range(20)))
    assert opened().verify().passed
    assert sorted(int(entry.subject) for entry in opened().entries()) == list(range(20))


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (lambda lines: [lines[0], lines[1].replace("why", "because"), *lines[2:]], "entry 2"),
        (lambda lines: [lines[0], *lines[2:]], "entry 2"),
        (lambda lines: [lines[0], lines[2], lines[1], lines[3]], "entry 2"),
        (lambda lines: [*lines, lines[3]], "entry 5"),
        (lambda lines: lines[1:], "entry 1"),
        (lambda lines: [*lines[:2], "{}", *lines[3:]], "entry 3"),
        (lambda lines: [*lines[:2], "not json", *lines[3:]], "entry 3"),
        (lambda lines: lines[:3], "entry 4 is missing"),
        (lambda lines: [], "entry 1 is missing"),
    ],
    ids=["changed", "left-out", "swapped", "twice", "first-gone", "emptied", "garbled", "cut-off", "all-gone"],
)
def test_the_first_broken_link_is_named(tmp_path: Path, harm: Callable[[list[str]], list[str]], words: str) -> None:
    log = FileAuditLog(tmp_path / "audit.jsonl")
    for number in range(4):
        log.append("ada", "act", str(number), "why")
    lines = log.path.read_text().splitlines()
    log.path.write_text("".join(f"{line}\n" for line in harm(lines)))
    verdict = log.verify()
    assert not verdict.passed
    assert words in verdict.because


def test_a_rewritten_chain_is_seen(tmp_path: Path) -> None:
    """Someone who recomputes every digest still leaves the remembered head behind."""
    log, forged = FileAuditLog(tmp_path / "audit.jsonl"), FileAuditLog(tmp_path / "forged.jsonl")
    for number in range(3):
        log.append("ada", "act", str(number), "why")
        forged.append("eve", "act", str(number), "why")
    log.path.write_bytes(forged.path.read_bytes())
    assert "entry 3" in log.verify().because
    assert json.loads(log.path.read_text().splitlines()[0])["actor"] == "eve"
