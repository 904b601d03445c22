"""A boxed program tries to reach out: network, writes, system calls, other processes, ways round the scanner."""

import asyncio
import base64
import contextlib
import json
import marshal
import os
import socket
import subprocess
import sys

import pytest

from bot.adapters.sandbox.bubblewrap import Bubblewrap
from bot.core.errors import Misconfigured, Unavailable

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
    (folder / "kept.txt").write_text("kept")
    return folder


async def run(box, tree, program, *argv, **more):
    return await box.run([sys.executable, "-I", "-c", program, *map(str, argv)], root=tree, **more)


@contextlib.asynccontextmanager
async def listener():
    """A TCP server on the host's loopback that counts who came."""
    came = []

    def answer(_reader, writer):
        came.append(writer.get_extra_info("peername"))
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], came


async def test_tcp_does_not_reach_the_host(box, tree):
    async with listener() as (port, came):
        done = await run(
            box, tree, f"import socket; socket.create_connection(('127.0.0.1', {port}), 3); print('reached')"
        )
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await reader.read()
        writer.close()
    assert not done.ok
    assert b"reached" not in done.out
    assert len(came) == 1


async def test_udp_and_names_do_not_reach_anyone(box, tree):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sink:
        sink.bind(("127.0.0.1", 0))
        sink.setblocking(False)
        program = (
            "import socket, sys\n"
            "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
            "s.sendto(b'leak', ('127.0.0.1', int(sys.argv[1])))\n"
            "for host in ('10.0.0.1', '8.8.8.8', '169.254.169.254'):\n"
            "    try:\n        s.sendto(b'leak', (host, 53)); print('sent', host)\n    except OSError: pass\n"
            "try:\n    socket.getaddrinfo('example.com', 80); print('resolved')\nexcept OSError: pass\n"
        )
        done = await run(box, tree, program, sink.getsockname()[1])
        with pytest.raises(BlockingIOError):
            sink.recv(10)
    assert done.ok, done.err
    assert done.out == b""


async def test_abstract_unix_sockets_of_the_host_are_elsewhere(box, tree):
    name = f"\0megawatts-{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(name)
        server.listen()
        server.setblocking(False)
        done = await run(box, tree, "import socket,sys; socket.socket(1).connect('\\0'+sys.argv[1])", name[1:])
        with pytest.raises(BlockingIOError):
            server.accept()
    assert not done.ok
    assert b"ConnectionRefusedError" in done.err


async def test_inside_one_run_loopback_works(box, tree):
    """So that a bot can be booted and spoken to."""
    program = (
        "import socket\ns = socket.create_server(('127.0.0.1', 0))\n"
        "c = socket.create_connection(s.getsockname())\na, _ = s.accept()\nc.send(b'hi')\nprint(a.recv(2))"
    )
    done = await run(box, tree, program)
    assert done.out.strip() == b"b'hi'"


@pytest.mark.parametrize("family", [16, 17, 38, 40, 3, 44], ids=["netlink", "packet", "alg", "vsock", "ax25", "xdp"])
async def test_other_socket_families_are_refused(box, tree, family):
    done = await run(box, tree, f"import socket\nsocket.socket({family}, socket.SOCK_DGRAM)")
    assert b"PermissionError" in done.err or b"Operation not permitted" in done.err, done.err


async def test_nothing_outside_the_writable_folder_changes(box, tree, tmp_path):
    (tmp_path / "beside.txt").write_text("kept")
    lent = tmp_path / "lent"
    lent.mkdir()
    program = """
import os, sys, pathlib
tree, lent = map(pathlib.Path, sys.argv[1:3])
spots = [tree/'new', tree/'kept.txt', tree.parent/'beside.txt', pathlib.Path('/usr/x'), pathlib.Path('/etc/x'),
         pathlib.Path('/x'), pathlib.Path('/dev/x'), pathlib.Path(sys.prefix)/'x', pathlib.Path(sys.base_prefix)/'x',
         pathlib.Path('/proc/sys/kernel/core_pattern'), pathlib.Path('/proc/sysrq-trigger')]
for spot in spots:
    try:
        spot.write_text('evil'); print('wrote', spot)
    except OSError: pass
for act in (lambda: os.unlink(tree/'kept.txt'), lambda: os.rename(tree/'kept.txt', lent/'k'),
            lambda: os.link(tree/'kept.txt', lent/'l'), lambda: os.chmod(tree/'kept.txt', 0o777)):
    try:
        act(); print('acted')
    except OSError: pass
(lent/'fine').write_text('1')
"""
    done = await run(box, tree, program, tree, lent, writable=[lent])
    assert done.ok, done.err
    assert done.out == b""
    assert [p.name for p in lent.iterdir()] == ["fine"]
    assert (tmp_path / "beside.txt").read_text() == "kept"
    assert [p.name for p in tree.iterdir()] == ["kept.txt"]
    assert (tree / "kept.txt").read_text() == "kept"


CALLS = """
import ctypes, json
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
def call(number, *arguments):
    ctypes.set_errno(0)
    result = libc.syscall(ctypes.c_long(number), *[ctypes.c_long(a) for a in arguments])
    return ctypes.get_errno() if result < 0 else 0
"""
X86_64 = {
    "ptrace": (101, 0, 0, 0, 0),
    "process_vm_readv": (310, 1, 0, 0, 0, 0, 0),
    "mount": (165, 0, 0, 0, 0, 0),
    "umount2": (166, 0, 0),
    "pivot_root": (155, 0, 0),
    "chroot": (161, 0),
    "unshare user": (272, 0x10000000),
    "unshare mount": (272, 0x00020000),
    "setns": (308, 0, 0),
    "clone user": (56, 0x10000011, 0, 0, 0, 0),
    "bpf": (321, 0, 0, 0),
    "perf_event_open": (298, 0, 0, 0, 0, 0),
    "userfaultfd": (323, 0),
    "io_uring_setup": (425, 1, 0),
    "keyctl": (250, 0, 0),
    "add_key": (248, 0, 0, 0, 0, 0),
    "init_module": (175, 0, 0, 0),
    "kexec_load": (246, 0, 0, 0, 0),
    "open_by_handle_at": (304, 0, 0, 0),
    "reboot": (169, 0, 0, 0, 0),
    "settimeofday": (164, 0, 0),
    "personality": (135, 0x0040000),
    "pidfd_getfd": (438, 0, 0, 0),
}


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the numbers of system calls are those of x86_64")
async def test_system_calls_of_the_list_are_refused(box, tree):
    program = CALLS + f"print(json.dumps({{k: call(*v) for k, v in {X86_64!r}.items()}}))"
    done = await run(box, tree, program)
    assert done.ok, done.err
    assert json.loads(done.out) == dict.fromkeys(X86_64, 1)


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the numbers of system calls are those of x86_64")
async def test_clone3_and_unknown_calls_do_not_exist(box, tree):
    done = await run(box, tree, CALLS + "print(call(435, 0, 0), call(999, 0))")
    assert done.out.split() == [b"38", b"38"]


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="32-bit entry is of x86")
async def test_the_32_bit_door_is_shut(box, tree):
    program = """
import ctypes, mmap
code = bytes.fromhex('b8 14 00 00 00 cd 80 c3')  # mov eax, getpid of i386; int 0x80; ret
page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
page.write(code)
print('called', ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))())
"""
    done = await run(box, tree, program)
    assert not done.ok
    assert b"called" not in done.out


async def test_no_rights_are_left_and_none_can_come_back(box, tree):
    done = await run(box, tree, "print(open('/proc/self/status').read())")
    status = dict(line.split(":\t", 1) for line in done.out.decode().splitlines() if ":\t" in line)
    assert {int(status[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {0}
    assert status["NoNewPrivs"] == "1"
    assert status["Seccomp"] == "2"
    assert "0" not in status["Uid"].split()
    assert "0" not in status["Gid"].split()
    done = await run(
        box, tree, "import os\nfor f in (os.setuid, os.setgid):\n try: f(0); print('root')\n except OSError: pass"
    )
    assert b"root" not in done.out


async def test_no_set_user_id_file_can_be_left_behind(box, tree, tmp_path):
    lent = tmp_path / "lent"
    lent.mkdir()
    program = """
import os, sys
os.chdir(sys.argv[1]); open('f', 'w').close()
for mode in (0o4755, 0o2755, 0o6777):
    try:
        os.chmod('f', mode); print('set')
    except PermissionError: pass
os.chmod('f', 0o755)
"""
    done = await run(box, tree, program, lent, writable=[lent])
    assert done.ok, done.err
    assert done.out == b""
    assert (lent / "f").stat().st_mode & 0o7777 == 0o755


async def test_host_processes_are_not_there_to_be_signalled(box, tree):
    with subprocess.Popen(["/usr/bin/sleep", "60"]) as victim:
        program = (
            "import os, signal, sys\n"
            "for pid in (int(sys.argv[1]), int(sys.argv[2])):\n"
            "    try: os.kill(pid, signal.SIGKILL); print('killed')\n    except OSError as e: print(type(e).__name__)\n"
            "print(len([n for n in os.listdir('/proc') if n.isdigit()]))"
        )
        done = await run(box, tree, program, victim.pid, os.getpid())
        alive = victim.poll() is None
        victim.kill()
    assert alive
    assert b"killed" not in done.out
    assert int(done.out.split()[-1]) <= 3


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the numbers of system calls are those of x86_64")
async def test_terminal_input_cannot_be_pushed(box, tree):
    program = CALLS + (
        "import os, pty\nm, s = pty.openpty()\n"
        "print(*(call(16, s, n, 0) for n in (0x5412, 0x541C, 0x5423, 0x100005412, 0x700000005412)))\n"
        "try: os.open('/dev/tty', os.O_RDWR); print('terminal')\nexcept OSError: pass"
    )
    done = await run(box, tree, program)
    assert done.ok, done.err
    assert done.out.split() == [b"1"] * 5


SECRET_READ = "open({path!r}).read()"
WAYS = {
    "getattr chain": "getattr(__builtins__, 'op' + 'en')({path!r}).read()",
    "import by name": "__import__('i' + 'o').open({path!r}).read()",
    "codecs": "exec(__import__('codecs').decode({rot13!r}, 'rot13'))",
    "base64": "exec(__import__('base64').b64decode({base64!r}))",
    "marshal": "exec(__import__('marshal').loads({marshal!r}))",
    "sys.modules": "__import__('sys').modules['os'].open({path!r}, 0)",
    "subclasses": "[c for c in ().__class__.__base__.__subclasses__() if c.__name__ == 'FileLoader'][0]('x', {path!r})"
    ".get_data({path!r})",
    "ctypes": "import ctypes\nl = ctypes.CDLL(None, use_errno=True)\nif l.open({bytes!r}, 0) < 0: raise OSError",
    "decorator": "@open\n@(lambda _: {path!r})\nclass Read: pass",
    "metaclass": "class M(type):\n    def __init__(cls, *a): open({path!r})\nclass C(metaclass=M): pass",
    "f-string": 'f"{{open({path!r}).read()}}"',
    "subprocess": "import subprocess; subprocess.run(['cat', {path!r}], check=True)",
    "pickle": "import pickle\nclass R:\n    def __reduce__(self): return open, ({path!r},)\n"
    "pickle.loads(pickle.dumps(R()))",
}


@pytest.mark.parametrize("way", WAYS)
async def test_what_gets_past_a_scanner_still_finds_nothing(box, tree, tmp_path, way):
    secret = tmp_path / "secret.txt"
    secret.write_text("honeytoken")
    import codecs

    plain = SECRET_READ.format(path=str(secret))
    values = {
        "path": str(secret),
        "bytes": os.fsencode(secret),
        "rot13": codecs.encode(plain, "rot13"),
        "base64": base64.b64encode(plain.encode()),
        "marshal": marshal.dumps(compile(plain, "x", "exec")),
    }
    program = WAYS[way].format(**values) + "\nprint('got it')"
    done = await run(box, tree, program)
    assert not done.ok
    assert b"got it" not in done.out
    assert b"SyntaxError" not in done.err
    assert b"NameError" not in done.err
    with_it = await run(box, tree, program, readable=[secret])
    assert b"got it" in with_it.out, with_it.err
