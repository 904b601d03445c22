"""Forbidden calls and refused writes are counted, whatever a hostile program does, and refused all the same."""

import functools
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.sandbox import caller, notices
from bot.adapters.sandbox.bubblewrap import Bubblewrap
from bot.adapters.sandbox.landlock import Landlock
from bot.adapters.sandbox.probe import probe
from bot.core.errors import Misconfigured, Unavailable
from bot.core.sandbox import Finished, Limits
from bot.policy.sandbox_evidence import denied, named, watched

pytestmark = pytest.mark.sandbox
HEAD = """
import ctypes, errno, os, signal, socket, sys, threading
libc = ctypes.CDLL(None, use_errno=True)
def call(name, *arguments):
    ctypes.set_errno(0)
    return getattr(libc, name)(*arguments), errno.errorcode.get(ctypes.get_errno(), "")
def tried(act, *arguments):
    try: act(*arguments)
    except OSError as error: return errno.errorcode[error.errno]
    return ""
"""


@functools.cache
def working(maker: type[Any]) -> tuple[Any, str]:
    try:
        box = maker()
    except (Misconfigured, Unavailable) as error:
        return None, str(error)
    if box.blind:
        return None, str(box.blind)
    reasons = ""
    for python in (sys.executable, "/usr/bin/python3"):
        if not (reasons := probe(box, python)):
            return box, python
    return None, reasons


@pytest.fixture
def ground() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="notices-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        for name in ("tree/sub", "lent"):
            Path(folder, name).mkdir(parents=True)
        Path(folder, "tree/kept.txt").write_text("kept")
        yield Path(folder)


@pytest.fixture(params=[Bubblewrap, Landlock], ids=lambda maker: maker.__name__)
def run(request: pytest.FixtureRequest, ground: Path) -> Any:
    box, python = working(request.param)
    if box is None:
        pytest.skip(f"{request.param.__name__} does not run here: {python}")

    async def call(program: str, **more: Any) -> Finished:
        done: Finished = await box.run([python, "-I", "-S", "-c", HEAD + program], root=ground / "tree", **more)
        assert done.limit or done.ok, done.err
        assert watched(done)
        return done

    vars(call).update(name=box.name, box=box, python=python, tree=ground / "tree")
    return call


def names(done: Finished, kind: str) -> Mapping[str, int]:
    return dict(named(done).get(kind, {}))


async def test_forbidden_calls_are_refused_and_counted_by_name(run: Any) -> None:
    done = await run("""
print(call("ptrace", 0, 0, 0, 0), call("mount", b"a", b"/tmp", b"b", 0, 0), call("mount", b"a", b"/", b"b", 0, 0))
print(call("unshare", 1 << 28), call("ioctl", 0, 0x5412, b"x"), call("process_vm_readv", 1, 0, 0, 0, 0, 0))
new = libc.syscall(56, 0x10000000, 0, 0, 0, 0)
print(call("ioctl", 0, 0x5412 | 1 << 40, b"x"), tried(socket.socket, 17, 3, 0), new)
""")
    assert done.out.decode().split("\n")[:3] == [
        "(-1, 'EPERM') (-1, 'EPERM') (-1, 'EPERM')",
        "(-1, 'EPERM') (-1, 'EPERM') (-1, 'EPERM')",
        "(-1, 'EPERM') EPERM -1",
    ]
    assert names(done, "system calls") == {
        "ptrace": 1, "mount": 2, "unshare": 1, "ioctl(terminal input)": 2, "process_vm_readv": 1, "socket(17)": 1,
        "clone(namespaces)": 1,
    }  # fmt: skip
    assert denied(done) == {"system calls": 9}


async def test_refused_writes_are_counted_by_path_and_allowed_ones_are_not(run: Any, ground: Path) -> None:
    program = f"""
lent, home = {str(ground / "lent")!r}, os.environ["HOME"]
os.symlink(os.getcwd(), home + "/link"); os.chdir("sub"); here = os.open("..", os.O_PATH)
for path in ("new.txt", "../kept.txt", home + "/link/by-link", "/usr/planted"):
    assert tried(os.open, path, os.O_RDWR | os.O_CREAT), path
assert tried(os.open, "at.txt", os.O_WRONLY | os.O_CREAT, 0o600) and tried(lambda: os.mkdir("made", dir_fd=here))
assert tried(os.unlink, "../kept.txt") and tried(os.rename, "../kept.txt", home + "/k")
assert tried(os.truncate, "../kept.txt", 0)
assert tried(os.symlink, "x", "../new-link") and tried(os.mkfifo, "pipe")
for path in (lent + "/a", home + "/b", "/dev/null"):
    open(path, "w").write("x")
os.rename(lent + "/a", lent + "/c"); os.mkdir(home + "/d"); os.unlink(home + "/b"); open("../kept.txt").read()
os.close(os.open("../kept.txt", os.O_RDONLY | os.O_CREAT))
for act in (lambda: os.mkdir("../sub"), lambda: os.unlink("absent"), lambda: open("/no/such/folder/x", "w"),
            lambda: os.mkdir("__pycache__"), lambda: open("__pycache__/x.pyc", "w")):
    assert tried(act)
"""
    done = await run(program, writable=[ground / "lent"])
    assert names(done, "writes") == {
        "sub/new.txt": 1, "kept.txt": 4, "by-link": 1, "/usr/planted": 1, "sub/at.txt": 1, "made": 1, "new-link": 1,
        "sub/pipe": 1,
    }  # fmt: skip
    assert denied(done) == {"writes": 11}
    assert (ground / "tree/kept.txt").read_text() == "kept"
    assert (ground / "lent/c").read_text() == "x"


async def test_an_ordinary_program_is_told_nothing_of(run: Any) -> None:
    done = await run("""
import pwd, subprocess, tempfile
subprocess.run(["/usr/bin/true"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
with tempfile.TemporaryDirectory() as folder: open(folder + "/a", "w").close()
try: pwd.getpwnam("box")
except KeyError: pass
thread = threading.Thread(target=os.getpid); thread.start(); thread.join()
left, right = socket.socketpair()
""")
    assert denied(done) == {}


async def test_an_internet_socket_that_is_refused_is_told(run: Any) -> None:
    done = await run("print(*[tried(socket.socket, *what) for what in ((2, 1), (10, 2), (16, 3, 0))])")
    assert denied(done) == ({"sockets": 2} if run.name == "landlock" else {})
    assert done.out.split()[-1] == b"EPERM"


async def test_a_flood_costs_bounded_memory_and_ends_at_its_limit(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notices, "FAST", 300)
    done = await run("""
for number in range(200): tried(os.mkdir, f"x{number}" * 60)
while True: libc.ptrace(0, 0, 0, 0)
""", limits=Limits(seconds=1.5))  # fmt: skip
    assert done.limit == "seconds"
    assert 201 < sum(denied(done).values()) < 300 + 1.5 / notices.SLOW + 50, "what comes after the first ones is slowed"
    kept = names(done, "writes")
    assert len(kept) == notices.NAMES + 1
    assert kept["others"] == 200 - notices.NAMES
    assert max(map(len, kept)) <= 80


async def test_many_that_call_at_once_and_die_while_they_wait(run: Any) -> None:
    done = await run("""
def child():
    signal.setitimer(signal.ITIMER_REAL, 0.0005)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    while True: libc.ptrace(0, 0, 0, 0)
for _ in range(150):
    if os.fork() == 0: child()
    if _ % 10 == 9:
        for _ in range(10): os.wait()
print(call("ptrace", 0, 0, 0, 0))
""")
    assert done.out == b"(-1, 'EPERM')\n"
    assert denied(done)["system calls"] > 1


async def test_a_signal_makes_no_attempt_two_and_none_that_was_denied_is_missing(run: Any) -> None:
    done = await run("""
signal.signal(signal.SIGALRM, lambda *_: None)
signal.setitimer(signal.ITIMER_REAL, 0.0003, 0.0003)
answers = [call("ptrace", 0, 0, 0, 0)[1] for _ in range(500)]
signal.setitimer(signal.ITIMER_REAL, 0)
assert set(answers) <= {"EPERM", "EINTR"}
print(answers.count("EPERM"))
""")
    assert denied(done) == {"system calls": int(done.out)}


NESTED = """
class Program(ctypes.Structure): _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_void_p))
def load(answers, flags=0):
    code = b"".join(a.to_bytes(2, "little") + bytes([b, c]) + d.to_bytes(4, "little") for a, b, c, d in answers)
    held = ctypes.create_string_buffer(code, len(code))
    program = Program(len(code) // 8, ctypes.cast(held, ctypes.c_void_p).value)
    return libc.syscall(317, 1, flags, ctypes.byref(program)), errno.errorcode.get(ctypes.get_errno())
ALLOW, NOTIFY = 0x7fff0000, 0x7fc00000
print(load([(6, 0, 0, ALLOW)], 8))
print(load([(6, 0, 0, ALLOW)]), call("ptrace", 0, 0, 0, 0))
print(load([(0x20, 0, 0, 0), (0x15, 0, 1, 101), (6, 0, 0, NOTIFY), (6, 0, 0, ALLOW)]), call("ptrace", 0, 0, 0, 0))
print([handle for handle in range(3, 64) if not tried(os.fstat, handle)])
print([call("syscall", 438, pid, 5, 0) for pid in (3, 4)])
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="numbers of system calls")
async def test_filters_of_its_own_give_it_neither_the_listener_nor_the_call(run: Any) -> None:
    done = await run(NESTED)
    own, more, nested, handles, taken = done.out.decode().splitlines()
    assert own == "(-1, 'EBUSY')", "there is one listener, and it is ours"
    assert more == "(0, 'EBUSY') (-1, 'EPERM')"
    assert nested.endswith("(-1, 'ENOSYS')"), "a notice that nobody hears is a refusal"
    assert (handles, taken) == ("[]", "[(-1, 'EPERM'), (-1, 'EPERM')]")
    assert names(done, "system calls") == {"ptrace": 1, "pidfd_getfd": 2}


async def test_when_nobody_answers_all_of_it_fails_and_the_run_is_none(
    run: Any, monkeypatch: pytest.MonkeyPatch, ground: Path
) -> None:
    def broken(*_: Any) -> Any:
        raise ValueError("a fault of ours")

    monkeypatch.setattr(caller, "targets", broken)
    program = f"""
out = {str(ground / "lent")!r}
first = tried(os.mkdir, out + "/first")
sys.exit(0 if (first, tried(os.mkdir, out + "/second"), call("ptrace", 0, 0, 0, 0)[1]) == ("ENOSYS",) * 3 else 3)
"""
    with pytest.raises(Unavailable, match=r"nobody answered .* a fault of ours"):
        await run(program, writable=[ground / "lent"])
    assert not list((ground / "lent").iterdir())


async def test_a_kernel_that_hands_out_no_listener_runs_nothing(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any) -> int:
        raise OSError(22, "Invalid argument")

    if run.name == "landlock":
        pytest.skip("there the program's own process loads the filter, and says so before it begins")
    monkeypatch.setattr(notices, "listen", refused)
    with pytest.raises(Unavailable, match="hands out no listener"):
        await run("print(1)")


async def test_where_nothing_is_handed_out_all_is_refused_as_ever_and_the_notes_say_so(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: Any) -> int:
        raise OSError(22, "Invalid argument")

    monkeypatch.setattr(notices, "listen", refused)
    notices.lacking.cache_clear()
    blind = type(run.box)()
    notices.lacking.cache_clear()
    assert "not counted here: no listener for them (Invalid argument)" in blind.notes[-1]
    program = (
        'print(call("ptrace", 0, 0, 0, 0), call("unshare", 1 << 28), tried(open, "new", "w") in {"EROFS", "EACCES"})'
    )
    done = await blind.run([run.python, "-I", "-S", "-c", HEAD + program], root=run.tree)
    assert done.out == b"(-1, 'EPERM') (-1, 'EPERM') True\n"
    assert (denied(done), watched(done)) == ({}, False)


async def test_nothing_of_a_run_is_held_on_to(run: Any) -> None:
    def held() -> tuple[int, int]:
        return len(list(Path("/proc/self/fd").iterdir())), threading.active_count()

    await run("print(1)")
    before = held()
    await run("libc.ptrace(0, 0, 0, 0)")
    assert held() == before
    assert "Seccomp:\t2" not in Path("/proc/self/status").read_text(), "we ourselves stay as we were"
