"""A boxed program tries to use up the host: THREATS row 20. A limit is never a pass, and nothing outlives a run."""

import asyncio
import os
import sys
import time
import zipfile
from pathlib import Path

import pytest

from bot.adapters.sandbox.bubblewrap import Bubblewrap
from bot.core.errors import Misconfigured, Unavailable
from bot.core.sandbox import Limits

pytestmark = pytest.mark.sandbox


@pytest.fixture(scope="session")
def box():
    try:
        return Bubblewrap()
    except (Misconfigured, Unavailable) as error:
        pytest.skip(f"no bubblewrap here: {error}")


@pytest.fixture
def tree(tmp_path):
    folder = tmp_path / "tree"
    folder.mkdir()
    return folder


@pytest.fixture
def lent(tmp_path):
    folder = tmp_path / "lent"
    folder.mkdir()
    return folder


async def run(box, tree, program, *argv, **more):
    return await box.run([sys.executable, "-I", "-S", "-c", program, *map(str, argv)], root=tree, **more)


def alive(marker: str) -> list[int]:
    """Processes of the whole host whose command line holds the marker."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                if marker.encode() in (entry / "cmdline").read_bytes():
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


async def test_an_endless_loop_ends_at_the_wall_clock(box, tree):
    done = await run(box, tree, "while True: pass", limits=Limits(seconds=0.5))
    assert (done.timed_out, done.limit, done.code, done.ok) == (True, "seconds", None, False)


async def test_a_sleeper_that_ignores_signals_ends_too(box, tree):
    program = (
        "import signal, time\nfor n in range(1, 32):\n    try: signal.signal(n, signal.SIG_IGN)\n"
        "    except OSError: pass\ntime.sleep(600)"
    )
    done = await run(box, tree, program, limits=Limits(seconds=0.5))
    assert done.limit == "seconds"


async def test_processor_time_is_bound_however_many_share_it(box, tree):
    program = "import os\nfor _ in range(3): os.fork()\nwhile True: pass"
    done = await run(box, tree, program, limits=Limits(seconds=30, cpu_seconds=0.5))
    assert done.limit == "cpu"
    assert not done.ok


async def test_a_fork_bomb_stops(box, tree):
    marker = f"bomb-{os.getpid()}-{time.monotonic_ns()}"
    program = f"marker = {marker!r}\nimport os\nwhile True:\n    try: os.fork()\n    except OSError: pass"
    done = await run(box, tree, program, limits=Limits(seconds=5, cpu_seconds=20, processes=20))
    assert done.limit in {"processes", "seconds", "cpu"}
    assert not done.ok
    assert alive(marker) == []


async def test_processes_are_counted_without_a_control_group_too(box, tree, monkeypatch):
    monkeypatch.setattr(box, "place", None)
    program = """
import os, time
made = 0
try:
    for _ in range(60):
        if os.fork() == 0: time.sleep(30); os._exit(0)
        made += 1
except OSError: print('stopped after', made)
"""
    done = await run(box, tree, program, limits=Limits(seconds=20, processes=12))
    assert b"stopped after" in done.out
    assert int(done.out.split()[-1]) < 12


@pytest.mark.parametrize("grouped", [True, False], ids=["control group", "RLIMIT_AS"])
async def test_a_memory_bomb_stops(box, tree, monkeypatch, grouped):
    if grouped and not (box.place and "memory" in box.place.controllers):
        pytest.skip("no memory control group here")
    if not grouped:
        monkeypatch.setattr(box, "place", None)
    program = "x = []\nwhile True: x.append(b'x' * (8 << 20)); print(8 * len(x), flush=True)"
    done = await run(box, tree, program, limits=Limits(seconds=20, memory_mb=128))
    assert not done.ok
    assert 8 <= int(done.out.split()[-1]) <= 128
    assert done.limit == "memory" if grouped else b"MemoryError" in done.err


async def test_a_memory_bomb_of_many_small_processes_stops(box, tree):
    if not (box.place and "memory" in box.place.controllers):
        pytest.skip("no memory control group here")
    program = (
        "import os, time\nfor _ in range(10):\n    if os.fork() == 0: break\nx = b'x' * (30 << 20)\ntime.sleep(10)"
    )
    done = await run(box, tree, program, limits=Limits(seconds=30, memory_mb=128))
    assert done.limit == "memory"


async def test_a_ten_gigabyte_file_stops_at_the_file_limit(box, tree, lent):
    program = (
        "import sys\nwith open(sys.argv[1] + '/big', 'wb') as f:\n"
        "    for _ in range(10 << 10): f.write(bytes(1 << 20)); f.flush()"
    )
    done = await run(box, tree, program, lent, writable=[lent], limits=Limits(file_mb=2))
    assert not done.ok
    assert (lent / "big").stat().st_size <= 2 << 20


@pytest.mark.parametrize("place", ["/tmp", "/dev/shm"])
async def test_many_files_fill_the_private_scratch_and_no_more(box, tree, place):
    program = (
        "import sys\nn = 0\ntry:\n    while True:\n"
        "        open(f'{sys.argv[1]}/{n}', 'wb').write(bytes(1 << 20))\n        n += 1\n"
        "except OSError as e: print(e.errno, n)"
    )
    done = await run(box, tree, program, place, limits=Limits(file_mb=2))
    number, count = done.out.split()
    assert number == b"28"
    assert int(count) <= 8


async def test_a_zip_bomb_does_not_unfold(box, tree, lent):
    bomb = tree / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("zeros", "w") as member:
        for _ in range(64):
            member.write(bytes(1 << 20))
    program = "import sys, zipfile; zipfile.ZipFile('bomb.zip').extractall(sys.argv[1])"
    done = await run(box, tree, program, lent, writable=[lent], limits=Limits(file_mb=4))
    assert not done.ok
    assert sum(p.stat().st_size for p in lent.rglob("*")) <= 4 << 20


async def test_a_flood_of_output_is_cut_and_ends_the_run(box, tree):
    program = "import sys\nwhile True: sys.stdout.write('x' * 65536); sys.stderr.write('y' * 65536)"
    done = await run(box, tree, program, limits=Limits(seconds=20, output_kb=64))
    assert done.limit == "output"
    assert len(done.out) + len(done.err) <= 64 << 10


async def test_output_just_below_the_limit_arrives_whole(box, tree):
    done = await run(box, tree, "print('x' * 60000)", limits=Limits(output_kb=64))
    assert done.ok
    assert len(done.out) == 60001


DAEMON = """
marker = {marker!r}
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for n in range(3): os.close(n)
        time.sleep(600)
    os._exit(0)
os.wait()
"""


async def test_what_forks_twice_does_not_outlive_the_run(box, tree):
    marker = f"daemon-{os.getpid()}-{time.monotonic_ns()}"
    done = await run(box, tree, DAEMON.format(marker=marker), limits=Limits(seconds=20))
    assert done.ok, done.err
    assert alive(marker) == []


async def test_cancelling_the_task_ends_the_whole_tree(box, tree, lent):
    marker = f"cancel-{os.getpid()}-{time.monotonic_ns()}"
    program = (
        f"marker = {marker!r}\nimport os, sys, time\nos.fork()\n"
        "open(sys.argv[1] + '/ready', 'w').close()\ntime.sleep(600)"
    )
    task = asyncio.create_task(run(box, tree, program, lent, writable=[lent]))
    while not (lent / "ready").exists():  # noqa: ASYNC110  (it is another process that makes it)
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert alive(marker) == []


async def test_many_runs_leave_no_handles_and_no_groups(box, tree):
    await run(box, tree, "")
    before = len(list(Path("/proc/self/fd").iterdir()))
    await asyncio.gather(*(run(box, tree, "print(1)") for _ in range(6)))
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    for _, parent in box.place.parents if box.place else ():
        assert list(parent.glob(f"megawatts-{os.getpid()}-*")) == []
