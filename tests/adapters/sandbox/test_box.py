"""The start of one box: a first process that is gone before it could be bound is bwrap's failure, told as such."""

import asyncio
import contextlib
import json
import os
import subprocess
from pathlib import Path

import pytest

from bot.adapters.sandbox import folders
from bot.adapters.sandbox.box import Box
from bot.adapters.sandbox.notices import Notices
from bot.core.errors import Unavailable
from bot.core.sandbox import Finished, Limits

pytestmark = pytest.mark.integration


@pytest.fixture
def gone() -> int:
    """The number of a process that has ended."""
    with subprocess.Popen(["/bin/true"]) as process:
        pass
    return process.pid


def said(box: Box, text: str) -> int:
    """Say this as bwrap's status; the gate as the first process inside holds it."""
    status, gate = box.inside
    os.write(status, text.encode())
    return os.dup(gate)


def test_a_first_process_that_is_gone_is_never_let_on_and_bwrap_says_why(gone: int) -> None:
    with contextlib.ExitStack() as stack:
        box = Box(Limits(), stack, None, folders.Room(()))
        gate = said(box, json.dumps({"child-pid": gone}) + "\n")
        asyncio.run(box._started(0))
        with pytest.raises(Unavailable, match="Can't mount proc"):
            box.judged(Finished(1, b"", b"bwrap: Can't mount proc", 0.1))
    assert os.read(gate, 1) == b"", "the gate was closed and never opened"
    os.close(gate)


def test_a_first_process_that_lives_is_bound_and_let_on() -> None:
    with contextlib.ExitStack() as stack, subprocess.Popen(["/bin/sleep", "30"]) as process:
        box = Box(Limits(processes=7), stack, None, folders.Room(()))
        gate = said(box, json.dumps({"child-pid": process.pid}) + "\n")
        asyncio.run(box._started(0))
        rows = Path(f"/proc/{process.pid}/limits").read_text().splitlines()
        bounds = {row[:25].strip(): row[26:].split()[0] for row in rows}
        box._kill(process.pid)
    assert bounds["Max processes"] == "7"
    assert os.read(gate, 1) == b"\n"
    os.close(gate)
    assert process.returncode == -9


def test_what_is_not_listened_to_is_never_let_on() -> None:
    """The filter that refuses by itself is not loaded then: all would be allowed."""
    with contextlib.ExitStack() as stack, subprocess.Popen(["/bin/sleep", "30"]) as process:
        listened = Notices(b"", {}, "")
        stack.callback(listened.close)
        box = Box(Limits(), stack, None, folders.Room(()), listened)
        gate = said(box, json.dumps({"child-pid": process.pid}) + "\n")
        with pytest.raises(Unavailable, match="not listened to"):
            asyncio.run(box._started(0))
        box._kill(process.pid)
    assert os.read(gate, 1) == b"", "the gate was closed and never opened"
    os.close(gate)


def test_a_start_without_a_word_opens_nothing() -> None:
    with contextlib.ExitStack() as stack:
        box = Box(Limits(), stack, None, folders.Room(()))
        gate = said(box, "")
        asyncio.run(box._started(0))
        with pytest.raises(Unavailable, match="no bwrap"):
            box.judged(Finished(1, b"", b"no bwrap", 0.1))
    assert os.read(gate, 1) == b""
    os.close(gate)
