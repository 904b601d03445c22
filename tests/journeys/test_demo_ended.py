"""A demo that is told to end takes its processes with it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.journey
ROOT = Path(__file__).parent.parent.parent
PATIENCE = 60.0


def test_sigterm_ends_every_process_of_the_demo(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    argv = [sys.executable, "-m", "bot", "demo", "--keep", str(folder)]
    demo = subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait(lambda: len(named(folder)) >= 3 and (folder / "logs" / "controller.log").exists(), "the demo's processes")
        demo.send_signal(signal.SIGTERM)
        assert demo.wait(PATIENCE) == 128 + signal.SIGTERM
        wait(lambda: not named(folder), "the end of what the demo started")
    finally:
        demo.kill()
        for pid in named(folder):
            os.kill(pid, signal.SIGKILL)


def named(folder: Path) -> list[int]:
    """Processes that were given this folder."""
    found = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if str(folder).encode() in place.read_bytes():
                found.append(int(place.parent.name))
        except OSError:
            continue
    return found


def wait(condition: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, f"no {what} within {PATIENCE:.0f} s"
        time.sleep(0.05)
