"""What every sandbox holds, over each implementation that runs on this host."""

import asyncio
import functools
import gc
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from bot.adapters.sandbox.bubblewrap import Bubblewrap
from bot.adapters.sandbox.landlock import Landlock
from bot.adapters.sandbox.probe import probe
from bot.core.errors import Misconfigured, Unavailable
from bot.core.sandbox import Limits
from tests.servers.absent import absent

pytestmark = pytest.mark.sandbox
HONEY = "honeytoken-3b9a"
PYTHONS = (sys.executable, "/usr/bin/python3")


@functools.cache
def working(maker):
    """The implementation and an interpreter that it can run here, or why not."""
    try:
        box = maker()
    except (Misconfigured, Unavailable) as error:
        return None, str(error)
    reasons = ""
    for python in PYTHONS:
        if not (reasons := probe(box, python)):
            return box, python
    return None, reasons


@pytest.fixture
def ground():
    """A folder that other user ids can walk to, unlike pytest's own: Landlock has no mounts to lead them past it."""
    with tempfile.TemporaryDirectory(prefix="contract-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture(params=[Bubblewrap, Landlock], ids=lambda maker: maker.__name__)
def run(request, ground):
    box, python = working(request.param)
    if box is None:
        pytest.skip(f"{request.param.__name__} does not run here: {python}")
    tree = ground / "tree"
    tree.mkdir()
    (tree / "kept.txt").write_text("kept")

    async def call(program, *argv, **more):
        return await box.run([python, "-I", "-S", "-c", program, *map(str, argv)], root=tree, **more)

    call.box, call.tree, call.python = box, tree, (python, "-I", "-S", "-c")
    return call


def test_one_of_them_runs_here():
    """Which one is the host's to say; where neither does, all of this suite would skip."""
    found = {maker.__name__: working(maker) for maker in (Bubblewrap, Landlock)}
    if all(box is None for box, _ in found.values()):
        absent({name: why for name, (_, why) in found.items()})


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs programs as another user")
async def test_as_root_a_run_is_led_through_roots_own_temporary_folders_only(run, ground):
    if run.box.name != "landlock":
        pytest.skip("mounts lead past all folders")
    private = ground / "private"
    (private / "tree").mkdir(parents=True)
    (private / "beside").write_text(HONEY)
    private.chmod(0o700)
    program = """
import os
for act in (os.listdir, lambda path: open(path + "/beside").read()):
    try: print(act(os.getcwd() + "/.."))
    except PermissionError: print("closed")
"""
    done = await run.box.run([*run.python, program], root=private / "tree")
    assert done.ok, done.err
    assert done.out.split() == [b"closed", b"closed"]
    assert private.stat().st_mode & 0o777 == 0o710
    os.chown(private, 1, 1)
    private.chmod(0o700)
    with pytest.raises(Misconfigured, match=rf"may not enter {private}, .*chmod o\+x"):
        await run.box.run([*run.python, program], root=private / "tree")
    with pytest.raises(Misconfigured, match="may not enter"):
        await run.box.run([str(private / "tree"), "an interpreter"], root=run.tree)
    assert private.stat().st_mode & 0o777 == 0o700, "what is another's stays as it is"


@pytest.fixture
def lent(ground):
    folder = ground / "lent"
    folder.mkdir()
    return folder


async def test_it_reports_output_code_and_use(run):
    program = "import sys\nsys.stdout.write('out')\nsys.stderr.write('err')\nsum(range(10**6))\nsys.exit(7)"
    done = await run(program)
    assert (done.out, done.err, done.code, done.ok, done.limit, done.timed_out) == (b"out", b"err", 7, False, "", False)
    assert done.cpu_seconds > 0
    assert done.max_rss_mb > 1
    assert done.seconds > 0


async def test_a_file_with_a_second_name_is_never_lent(run, lent):
    """Checkouts share files through hard links: a program that may write one of them would write them all."""
    os.link(run.tree / "kept.txt", lent / "mine.txt")
    with pytest.raises(Misconfigured, match="hard link"):
        await run("open('mine.txt', 'w')", writable=[lent])
    assert (run.tree / "kept.txt").read_text() == "kept"


async def test_a_clean_end_is_ok(run):
    assert (await run("")).ok


async def test_a_missing_program_is_a_failed_run_not_an_error_of_the_sandbox(run):
    done = await run.box.run(["/no/such/program"], root=run.tree)
    assert not done.ok
    assert done.code not in {0, None}


async def test_it_starts_in_the_tree_with_the_given_input_and_environment(run):
    program = "import os, sys\nprint(os.getcwd(), sys.stdin.read(), os.environ.get('A'), 'USERNAME' in os.environ)"
    done = await run(program, stdin=b"input", env={"A": "b=c d"})
    assert done.out.decode().strip() == f"{run.tree} input b=c d False"


async def test_the_environment_of_the_caller_is_nowhere(run, monkeypatch):
    monkeypatch.setenv("TOKEN", HONEY)
    program = """
import os, pathlib, sys
print(dict(os.environ))
for pid in (*range(1, 100), *map(int, sys.argv[1:])):
    try: print(pathlib.Path('/proc', str(pid), 'environ').read_bytes())
    except OSError: pass
"""
    hosts = [entry.name for entry in Path("/proc").glob("[0-9]*")]
    done = await run(program, *hosts)
    assert done.ok, done.err
    assert HONEY.encode() not in done.out


async def test_files_read_only_where_lent(run, ground, lent):
    (ground / "secret.txt").write_text(HONEY)
    (ground / "shown.txt").write_text("shown")
    program = """
import pathlib, sys
for path in sys.argv[1:]:
    try: print(pathlib.Path(path).read_text())
    except OSError as e: print(type(e).__name__)
"""
    asked = [
        ground / "secret.txt",
        "../secret.txt",
        ground / "shown.txt",
        "kept.txt",
        "/etc/shadow",
        Path.home() / "x",
    ]
    done = await run(program, *asked, readable=[ground / "shown.txt"])
    words = done.out.decode().split()
    assert words[2:4] == ["shown", "kept"]
    assert {words[0], words[1], words[4], words[5]} <= {"FileNotFoundError", "PermissionError"}


async def test_the_processor_is_described_and_other_processes_are_not(run):
    """psutil reads the number of cores at import, and mypy ends without it."""
    program = f"""
import pathlib
print('processor' in pathlib.Path('/proc/cpuinfo').read_text(), 'MemTotal' in pathlib.Path('/proc/meminfo').read_text())
for name in ('{os.getpid()}/status', '{os.getpid()}/cmdline', 'kcore', 'kmsg'):
    try: open('/proc/' + name, 'rb').read(1); print('read', name)
    except OSError: pass
"""
    done = await run(program)
    assert done.out.decode().splitlines() == ["True True"], done.err


async def test_writes_land_only_where_lent(run, ground, lent):
    program = """
import pathlib, sys, tempfile
for path in sys.argv[1:]:
    try: pathlib.Path(path, 'new').write_text('x'); print('wrote', path)
    except OSError: print('no')
try: pathlib.Path('kept.txt').write_text('changed')
except OSError: print('no')
tempfile.TemporaryFile().write(b'x')
"""
    done = await run(program, run.tree, ground, "/usr/lib", "/etc", lent, writable=[lent])
    assert done.ok, done.err
    assert done.out.decode().splitlines() == ["no", "no", "no", "no", f"wrote {lent}", "no"]
    assert (lent / "new").read_text() == "x"
    assert (run.tree / "kept.txt").read_text() == "kept"
    assert not (ground / "new").exists()


async def test_a_second_run_can_change_what_the_first_left(run, lent):
    write = "import os, sys\nos.chdir(sys.argv[1])\nopen('f', 'a').write('x')\nos.makedirs('d/e', exist_ok=True)"
    for _ in range(2):
        assert (await run(write, lent, writable=[lent])).ok
    assert (lent / "f").read_text() == "xx"


async def test_two_runs_at_once_may_share_a_folder(run, lent):
    program = (
        "import os, sys, time\nos.chdir(sys.argv[1])\nopen(sys.argv[2], 'w').close()\n"
        "while not os.path.exists(sys.argv[3]): time.sleep(0.01)\nopen(sys.argv[2] + '-done', 'w').close()"
    )
    both = await asyncio.gather(
        run(program, lent, "a", "b", writable=[lent]), run(program, lent, "b", "a", writable=[lent])
    )
    assert [done.ok for done in both] == [True, True], both
    assert sorted(p.name for p in lent.iterdir()) == ["a", "a-done", "b", "b-done"]


async def test_links_left_in_a_lent_folder_do_not_lead_out(run, lent):
    done = await run("import os, sys; os.symlink('/etc/passwd', sys.argv[1] + '/report')", lent, writable=[lent])
    assert done.ok, done.err
    assert list(lent.iterdir()) == []


async def test_the_host_cannot_be_reached(run):
    came = []
    server = await asyncio.start_server(lambda _r, w: (came.append(1), w.close()), "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        program = f"""
import socket
try: socket.create_connection(('127.0.0.1', {port}), 2); print('reached')
except OSError: print('no')
try: socket.socket(16, 3, 0); print('netlink')
except OSError: print('no')
"""
        done = await run(program)
    assert done.out.split() == [b"no", b"no"]
    assert came == []


async def test_processes_of_the_host_cannot_be_signalled_or_read(run):
    with subprocess.Popen(["/usr/bin/sleep", "60"]) as victim:
        program = f"""
import os
for act in (lambda: os.kill({victim.pid}, 9), lambda: os.kill({os.getppid()}, 0), lambda: os.kill({os.getpid()}, 0),
            lambda: open('/proc/{victim.pid}/environ'), lambda: open('/proc/{victim.pid}/mem', 'r+b')):
    try: act(); print('did')
    except OSError: print('no')
"""
        done = await run(program)
        alive = victim.poll() is None
        victim.kill()
    assert alive
    assert done.out.split() == [b"no"] * 5


async def test_it_has_no_rights(run):
    done = await run(
        "import ctypes, os\nl = ctypes.CDLL(None, use_errno=True)\n"
        "print(l.prctl(39, 0, 0, 0, 0), l.prctl(21, 0, 0, 0, 0), os.geteuid() != 0)\n"
        "print(l.unshare(0x10000000), ctypes.get_errno(), l.ptrace(0, 0, 0, 0), ctypes.get_errno())"
    )
    assert done.out.split() == [b"1", b"2", b"True", b"-1", b"1", b"-1", b"1"], done.err


async def test_time_ends_it(run):
    done = await run("import time; time.sleep(60)", limits=Limits(seconds=1))
    assert (done.limit, done.timed_out, done.ok, done.code) == ("seconds", True, False, None)


async def test_output_ends_it(run):
    done = await run("while True: print('x' * 4096)", limits=Limits(output_kb=16))
    assert done.limit == "output"
    assert len(done.out) <= 16 << 10


async def test_memory_ends_it(run):
    # Told by the program: the kernel counts what the starting process holds into the peak of what it starts.
    program = "x = []\nwhile True: x.append(b'x' * (4 << 20)); print(4 * len(x), flush=True)"
    done = await run(program, limits=Limits(memory_mb=128))
    assert not done.ok
    assert done.limit in {"memory", ""}
    assert 4 <= int(done.out.split()[-1]) <= 128


async def test_a_large_file_is_cut(run, lent):
    program = (
        "import sys\nwith open(sys.argv[1] + '/f', 'wb', 0) as f:\n    for _ in range(100): f.write(bytes(1 << 20))"
    )
    done = await run(program, lent, writable=[lent], limits=Limits(file_mb=1))
    assert not done.ok
    assert (lent / "f").stat().st_size <= 1 << 20


async def test_processes_are_bound(run):
    program = """
import os, time
for n in range(200):
    try: child = os.fork()
    except OSError: break
    if child == 0: time.sleep(60)
print(n)
"""
    done = await run(program, limits=Limits(processes=20, seconds=30))
    assert not done.ok or int(done.out) <= 20


def alive(marker: str) -> int:
    count = 0
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            count += marker.encode() in (entry / "cmdline").read_bytes()
        except OSError:
            continue
    return count


async def test_nothing_outlives_it(run):
    marker = f"stray-{os.getpid()}-{time.monotonic_ns()}"
    program = f"""
marker = {marker!r}
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0: time.sleep(600)
    os._exit(0)
os.wait()
"""
    done = await run(program)
    assert done.ok, done.err
    assert alive(marker) == 0


async def test_a_cancelled_run_is_gone(run, lent):
    marker = f"stray-{os.getpid()}-{time.monotonic_ns()}"
    program = (
        f"marker = {marker!r}\nimport os, sys, time\nos.fork()\nopen(sys.argv[1] + '/up', 'w').close()\ntime.sleep(600)"
    )
    task = asyncio.create_task(run(program, lent, writable=[lent]))
    while not (task.done() or (lent / "up").exists()):  # noqa: ASYNC110  (it is another process that makes it)
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert alive(marker) == 0


async def test_cancelling_at_once_leaves_nothing(run):
    async def cancelled() -> int:
        task = asyncio.create_task(run("import time; time.sleep(600)"))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        gc.collect()
        return len(list(Path("/proc/self/fd").iterdir()))

    first = await cancelled()  # what a process opens once and keeps is no leak; what every run leaves is
    assert [await cancelled() for _ in range(3)] == [first] * 3


async def test_system_folders_and_loader_variables_are_refused(run):
    with pytest.raises(Misconfigured, match="belongs to the system"):
        await run("", readable=[Path("/etc")])
    with pytest.raises(Misconfigured, match="LD_PRELOAD"):
        await run("", env={"LD_PRELOAD": "x.so"})
    with pytest.raises(Misconfigured, match="does not exist"):
        await run("", writable=[run.tree / "none"])


async def test_it_says_what_it_cannot_hold(run):
    assert all(isinstance(note, str) and note for note in run.box.notes)
    if isinstance(run.box, Landlock):
        assert any("socket" in note for note in run.box.notes)


async def test_landlock_refuses_changing_modes_and_times(run, lent):
    if not isinstance(run.box, Landlock):
        pytest.skip("bubblewrap shows only what is lent")
    (lent / "f").write_text("x")
    program = """
import os, sys
for act in (lambda p: os.chmod(p, 0o777), lambda p: os.utime(p), lambda p: os.setxattr(p, 'user.x', b'1')):
    try: act(sys.argv[1]); print('did')
    except OSError: print('no')
"""
    done = await run(program, lent / "f", writable=[lent])
    assert done.out.split() == [b"no"] * 3
