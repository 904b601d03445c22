"""Runs one small program in a sandbox that tries what must not be possible."""

import asyncio
import sys
import tempfile
import threading
from pathlib import Path

from bot.core.errors import MegawattsError
from bot.core.ports import Sandbox
from bot.core.sandbox import Limits

PROGRAM = """
import os, pathlib, socket, sys
bad = []
honey, outside = sys.argv[1:3]
try:
    names = os.listdir('/proc')
except OSError:
    names = []
for name in names:
    if name.isdigit():
        try:
            if honey.encode() in pathlib.Path('/proc', name, 'environ').read_bytes():
                bad.append('the environment of the caller is readable')
        except OSError:
            pass
try:
    pathlib.Path(outside).read_bytes()
    bad.append('files outside are readable')
except OSError:
    pass
try:
    pathlib.Path('tried').write_text('x')
    bad.append('the tree is writable')
except OSError:
    pass
try:
    socket.create_connection(('127.0.0.1', int(sys.argv[3])), 2)
    bad.append('the network of the host can be reached')
except OSError:
    pass
if os.geteuid() == 0:
    bad.append('the program is root')
print('; '.join(bad) or 'confined')
"""


def probe(box: Sandbox, python: str = sys.executable) -> str:
    """What this sandbox fails to hold here; empty if it holds. Blocks for a few tens of milliseconds."""
    answer = []
    thread = threading.Thread(target=lambda: answer.append(asyncio.run(_probe(box, python))))
    thread.start()
    thread.join()
    return answer[0] if answer else "the probe failed"


async def _probe(box: Sandbox, python: str) -> str:
    server = await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="megawatts-") as folder:
        root, outside = Path(folder, "tree"), Path(folder, "outside")
        root.mkdir()
        outside.write_text("x")
        Path(folder).chmod(0o755)
        argv = [python, "-I", "-S", "-c", PROGRAM, "MEGAWATTS", str(outside), str(port)]
        try:
            done = await box.run(argv, root=root, limits=Limits(seconds=20, memory_mb=512, processes=32))
        except MegawattsError as error:
            return str(error)
        finally:
            server.close()
    said = (done.out.decode(errors="replace") or done.err.decode(errors="replace")).strip()
    return "" if done.ok and said == "confined" else said[-300:] or f"the probe ended with {done.code} {done.limit}"
