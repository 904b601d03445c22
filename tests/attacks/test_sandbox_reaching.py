"""Each attempt to reach out of the box is counted by the kernel, whatever hides it inside: THREATS row 11."""

import sys
from pathlib import Path

import pytest

from bot.adapters.sandbox.bubblewrap import Bubblewrap
from bot.core.errors import Misconfigured, Unavailable
from bot.core.sandbox import Limits
from bot.policy.sandbox_evidence import denied

pytestmark = pytest.mark.sandbox
REACH = """
import ctypes, os, socket, sys
libc = ctypes.CDLL(None)
for address in ("192.0.2.1", "198.51.100.7"):
    try:
        socket.create_connection((address, 443), 2)
    except OSError:
        pass
if os.fork() == 0:
    sys.addaudithook(lambda *_: None)
    raw = libc.socket(2, 2, 0)
    packed = bytes([2, 0, 0, 53, 203, 0, 113, 9]) + bytes(8)
    libc.sendto(raw, b"x", 1, 0, packed, 16)
    os._exit(0)
os.wait()
"""
CALM = """
import socket
with socket.create_server(("127.0.0.1", 0)) as server:
    socket.create_connection(server.getsockname()).close()
try:
    socket.getaddrinfo("example.invalid", 80)
except OSError:
    pass
"""


@pytest.fixture(scope="module")
def box() -> Bubblewrap:
    try:
        return Bubblewrap()
    except (Misconfigured, Unavailable) as error:
        pytest.skip(f"no bubblewrap here: {error}")


async def run(box: Bubblewrap, folder: Path, program: str, limits: Limits | None = None) -> dict[str, int]:
    done = await box.run([sys.executable, "-I", "-S", "-c", program], root=folder, limits=limits)
    assert done.limit or done.ok, done.err
    return dict(denied(done))


async def test_every_attempt_counts_from_children_and_past_the_interpreter_too(box: Bubblewrap, tmp_path: Path) -> None:
    assert await run(box, tmp_path, REACH) == {"network": 3}


async def test_a_program_that_stays_inside_is_told_nothing_of(box: Bubblewrap, tmp_path: Path) -> None:
    before = sum(1 for _ in Path("/proc/self/fd").iterdir())
    assert await run(box, tmp_path, CALM) == {}
    assert sum(1 for _ in Path("/proc/self/fd").iterdir()) == before, "nothing of the box is held on to"


async def test_one_box_does_not_count_for_another(box: Bubblewrap, tmp_path: Path) -> None:
    await run(box, tmp_path, REACH)
    assert await run(box, tmp_path, "print(1)") == {}


async def test_what_it_may_not_have_counts_as_well(box: Bubblewrap, tmp_path: Path) -> None:
    assert await run(box, tmp_path, "print('x' * 10**6)", Limits(output_kb=64)) == {"output": 1}
