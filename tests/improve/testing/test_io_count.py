"""What is read and written is counted to the call, and what cannot be counted is not known."""

import os
import subprocess
import threading
from pathlib import Path

import pytest

from bot.improve.testing.inside.io_count import PLACE, Counter, Least

pytestmark = pytest.mark.skipif(not Path(PLACE).exists(), reason="this kernel counts no input and output")


def write(path: Path, times: int) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CREAT)
    for _ in range(times):
        os.write(file, b"x" * 1000)
    os.close(file)


def test_bytes_and_calls_are_those_that_were_made(tmp_path: Path) -> None:
    counter = Counter()
    for times in (0, 1, 50):
        counter.begin()
        write(tmp_path / "a", times)
        found = counter.end()
        assert found is not None
        assert found.calls == times
        assert abs(found.moved - 1000 * times) <= 16


def test_threads_and_children_count(tmp_path: Path) -> None:
    counter = Counter()
    counter.begin()
    thread = threading.Thread(target=write, args=(tmp_path / "a", 20))
    thread.start()
    thread.join()
    subprocess.run(["/bin/cat", str(tmp_path / "a")], check=True, stdout=subprocess.DEVNULL)
    found = counter.end()
    assert found is not None
    assert found.moved >= 60_000, "written by the thread, read and written by the program"


def test_where_the_kernel_says_nothing_nothing_is_known(tmp_path: Path) -> None:
    (tmp_path / "odd").write_text("no such thing\n")
    for place in (tmp_path / "absent", tmp_path / "odd"):
        counter = Counter(str(place))
        counter.begin()
        assert counter.end() is None


def test_code_that_closes_every_file_is_not_known_and_breaks_nothing() -> None:
    counter = Counter()
    os.close(counter._file)
    counter.begin()
    assert counter.end() is None


def test_the_least_of_several_times_counts(tmp_path: Path) -> None:
    least = Least()
    for times in (9, 2, 5):
        least.begin()
        write(tmp_path / "a", times)
        found = least.end("a")
    assert found is not None
    assert found.calls == 2
    least.begin()
    assert least.end("b") is not None
    assert Least().end("never begun") is None
