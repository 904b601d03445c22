"""The signed report: nothing but what the warden wrote is believed."""

import json
from pathlib import Path
from typing import Any

import pytest

from bot.core.sandbox import Finished
from bot.improve.testing.inside.warden import sign
from bot.improve.testing.report import read

SECRET = b"s" * 32
DONE = Finished(0, b"", b"", 1.5)
GOOD: list[dict[str, Any]] = [
    {"e": "collected", "selected": ["t.py::a", "t.py::b"], "shard": 0},
    {"e": "test", "id": "t.py::a", "outcome": "passed", "seconds": 0.1, "cpu": 0.05, "digest": "d", "shard": 0},
    {"e": "test", "id": "t.py::b", "outcome": "failed", "seconds": 0.2, "text": "boom", "digest": None, "shard": 0},
    {"e": "lines", "file": "p.py", "executed": "1-4", "by": {"1": "3"}, "shard": 0},
    {"e": "canary", "honest": True, "shard": 0},
    {"e": "always_equal", "names": [], "shard": 0},
    {"e": "end", "code": 1, "text": "", "shard": 0},
    {"e": "closed"},
]


def lines(records: list[dict[str, Any]], secret: bytes = SECRET) -> list[bytes]:
    return [sign(number, json.dumps(record).encode(), secret) for number, record in enumerate(records, start=1)]


def write(folder: Path, rows: list[bytes]) -> Path:
    path = folder / "report"
    path.write_bytes(b"".join(rows))
    return path


def test_a_whole_report_is_read(tmp_path: Path) -> None:
    run = read(write(tmp_path, lines(GOOD)), SECRET, DONE)
    assert {name: result.outcome for name, result in run.tests.items()} == {"t.py::a": "passed", "t.py::b": "failed"}
    assert run.files["p.py"].by == {"t.py::b": "3"}
    assert [result.cpu for result in run.tests.values()] == [0.05, 0.0]
    assert run.bad() == ("t.py::b",)
    assert not run.problems
    assert not run.tampered
    assert run.seconds == 1.5


def forged(rows: list[bytes], how: str) -> list[bytes]:
    other = lines(GOOD, b"x" * 32)
    return {
        "missing line": rows[:1] + rows[2:],
        "other secret": [*rows[:1], other[1], *rows[2:]],
        "changed text": [rows[0], rows[1].replace(b"passed", b"failed"), *rows[2:]],
        "added line": [*rows, other[1]],
        "swapped": [rows[1], rows[0], *rows[2:]],
        "torn": rows[:-1],
        "empty": [],
        "repeated": [rows[0], rows[0], *rows[1:]],
    }[how]


@pytest.mark.parametrize(
    "how", ["missing line", "other secret", "changed text", "added line", "swapped", "torn", "empty", "repeated"]
)
def test_a_bent_report_is_worth_nothing(tmp_path: Path, how: str) -> None:
    run = read(write(tmp_path, forged(lines(GOOD), how)), SECRET, DONE)
    assert not run.tests
    assert "run" in run.problems


def test_no_report_is_a_problem_whatever_the_exit_code(tmp_path: Path) -> None:
    run = read(tmp_path / "report", SECRET, Finished(0, b"all passed", b"", 0.1))
    assert not run.tests
    assert "no report" in run.problems["run"]


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    real = write(tmp_path, lines(GOOD)).rename(tmp_path / "elsewhere")
    (tmp_path / "report").symlink_to(real)
    assert not read(tmp_path / "report", SECRET, DONE).tests


def test_a_run_that_was_ended_is_timed_out(tmp_path: Path) -> None:
    run = read(
        write(tmp_path, lines(GOOD)[:-1]), SECRET, Finished(None, b"", b"", 9.0, timed_out=True, limit="seconds")
    )
    assert run.timed_out
    assert not run.tests


def test_a_canary_that_sings_is_tampering(tmp_path: Path) -> None:
    bent = [dict(r, honest=False) if r["e"] == "canary" else r for r in GOOD]
    assert read(write(tmp_path, lines(bent)), SECRET, DONE).tampered
    gone = [r for r in GOOD if r["e"] != "canary"]
    assert read(write(tmp_path, lines(gone)), SECRET, DONE).tampered


def test_a_runner_that_could_not_start_is_a_problem(tmp_path: Path) -> None:
    bent = [{"e": "end", "code": 4, "text": "unrecognized arguments", "shard": 0}, {"e": "closed"}]
    assert "unrecognized" in read(write(tmp_path, lines(bent)), SECRET, DONE).problems["run"]


def test_a_referee_that_died_is_no_suite_without_tests(tmp_path: Path) -> None:
    dead = Finished(1, b"", b"PermissionError: /etc/mime.types\n", 0.3)
    run = read(write(tmp_path, lines([{"e": "closed"}])), SECRET, dead)
    assert not run.tests
    assert "exit code 1" in run.problems["run"]
    assert "mime.types" in run.problems["run"]
    half = read(write(tmp_path, lines(GOOD)), SECRET, dead)
    assert "run" in half.problems, "what it told before says nothing of what it did not"
