"""V-12 for real: this repository's bot, and small ones that misbehave, booted in each sandbox that runs here."""

import asyncio
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.adapters.sandbox.bubblewrap import Bubblewrap
from bot.adapters.sandbox.landlock import Landlock
from bot.adapters.sandbox.probe import probe
from bot.core.errors import Misconfigured, Unavailable
from bot.core.ids import Sha, Tree
from bot.core.verdict import Status, Verdict
from bot.improve.doors import Gate
from bot.improve.stages.runtime import STAGE
from bot.improve.witness import witnessed
from bot.improve.workspace import Checkout, share

pytestmark = [pytest.mark.sandbox, pytest.mark.integration]
ROOT = Path(__file__).parents[3]
WAYS = {Bubblewrap: "loopback", Landlock: "handed"}
BOT = """
import http.server, json, os, signal, socket, sys, threading

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def log_message(self, *words): pass
    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def do_GET(self):
        self.answer(200, b"# TYPE x counter")
    def do_POST(self):
        try:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self.answer(200, json.dumps({"text": "I hear " + body["text"] + body["user"], "answered": True}).encode())
        except (ValueError, KeyError):
            self.answer(400, b"{}")

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
# HERE
print(json.dumps({"ready": True, "port": server.server_address[1]}), flush=True)
server.serve_forever()
"""
"""A bot that passes, in the standard library's words."""


@pytest.fixture(scope="module")
def ground() -> Iterator[Path]:
    """A folder that other user ids can walk to, with an interpreter in it that has our packages."""
    with tempfile.TemporaryDirectory(prefix="boots-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@cache
def _working(maker: Any) -> tuple[Any, str]:
    """The sandbox and an interpreter that runs in it here, or None and the reason."""
    try:
        box = maker()
    except (Misconfigured, Unavailable) as error:
        return None, str(error)
    reason = ""
    for python in (sys.executable, "/usr/bin/python3"):
        if not (reason := probe(box, python)):
            return box, python
    return None, reason


@pytest.fixture(params=[Bubblewrap, Landlock], ids=lambda maker: maker.__name__)
def place(request: pytest.FixtureRequest, ground: Path) -> tuple[Any, Path]:
    box, python = _working(request.param)
    if box is None:
        pytest.skip(f"{request.param.__name__} does not run here: {python}")
    return box, _environment(ground, python)


def _environment(ground: Path, python: str) -> Path:
    """As root the interpreter may lie in root's own folder, which Landlock cannot lead to: a second one with links."""
    if python == sys.executable:
        return Path(python)
    folder = ground / "environment"
    if not folder.exists():
        subprocess.run([python, "-I", "-m", "venv", "--without-pip", str(folder)], check=True, timeout=60)
        site = next(Path(path) for path in sys.path if path.endswith("site-packages"))
        (next(folder.glob("lib/python*/site-packages")) / "ours.pth").write_text(f"{site}\n")
    return folder / "bin" / "python"


def judged(tree: Path, place: tuple[Any, Path], base: Path | None = None) -> Verdict:
    box, python = place
    head, old = (Checkout(one, Sha("1" * 40), Tree("2" * 40), python, box) for one in (tree, base or tree))
    gate = SimpleNamespace(profile=SimpleNamespace(own=True), base=old, head=head, progress=lambda *_: None)
    return asyncio.run(STAGE.run(cast("Gate", gate), {}))


def small(ground: Path, here: str) -> Path:
    tree = Path(tempfile.mkdtemp(dir=ground))
    tree.chmod(0o755)
    for name in ("__init__.py", "app/__init__.py", "app/bot_process.py"):
        path = tree / "bot" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    (tree / "bot" / "__main__.py").write_text(BOT.replace("# HERE", here))
    return tree


def test_the_bot_of_this_repository_boots(place: tuple[Any, Path], ground: Path) -> None:
    tree = ground / f"own-{place[0].name}"
    share(ROOT / "bot", tree / "bot", lambda _folder, names: [name for name in names if name == "__pycache__"])
    for path in (tree, *tree.rglob("*")):
        if path.is_dir():
            path.chmod(0o755)
    with witnessed() as denied:
        verdict = judged(tree, place)
    assert verdict.status is Status.PASS, verdict.to_dict()
    assert denied == [], "or each validation would raise an alarm"
    assert verdict.facts["way"] == WAYS[type(place[0])]
    assert 20 < float(cast("float", verdict.facts["peak_mb"])) < 200
    assert verdict.facts["answers"] == 7
    assert verdict.facts["refused_writes"] == [], "or each validation would raise an alarm"


WRITES = """
for path in ("/usr/planted", __file__, os.environ["HOME"] + "/own", "/nowhere/at/all", "/usr"):
    for flags in (os.O_RDONLY, os.O_WRONLY | os.O_CREAT):
        try:
            os.close(os.open(path, flags))
        except OSError:
            pass
"""


def test_a_small_bot_passes_and_where_it_may_not_write_is_evidence(place: tuple[Any, Path], ground: Path) -> None:
    tree = small(ground, WRITES)
    with witnessed() as denied:
        verdict = judged(tree, place)
    assert verdict.status is Status.PASS, verdict.to_dict()
    if verdict.facts["way"] == "loopback":  # Landlock does not tell beforehand what it will refuse
        found = verdict.facts["refused_writes"]
        assert found == ["'/usr/planted'", f"'{tree / 'bot/__main__.py'}'", "'/usr'"]
        assert [row.counts for row in denied] == [{"writes": 3}], "the sandbox counts them, and nobody once more"


BAD = {
    "it does not start": ("raise SystemExit('no boot today')", "boots", "no boot today"),
    "it reaches out": ("socket.socket().connect_ex(('192.0.2.1', 443))", "connections", "192.0.2.1"),
    "it asks for a name": (
        "try: socket.getaddrinfo('example.org', 443)\nexcept OSError: pass", "connections", "example.org",
    ),
    "it hides from its listener": (
        "import _socket\ntry: _socket.socket(2, 1).connect(('192.0.2.1', 443))\nexcept OSError: pass",
        "connections", "socket.",
    ),
    "it listens twice": ("more = socket.create_server(('127.0.0.1', 40123))", "listens", "40123"),
    "it is large": ("held = b'x' * (300 << 20)", "memory", "MB"),
    "it ends badly": ("signal.signal(signal.SIGTERM, lambda *_: os._exit(7))", "stops", "code 7"),
    "it answers nobody": ("Handler.do_POST = Handler.do_GET", "answers", "status 200"),
    "it leaves the check": ("os.kill(os.getppid(), 9)", "", "the boot ended by"),
}  # fmt: skip
BOTH = {"it reaches out", "it hides from its listener", "it listens twice", "it leaves the check"}
"""What the way of speaking touches; the others are tried once."""
CASES = [(maker, name) for maker in (Landlock, Bubblewrap) for name in BAD if maker is Landlock or name in BOTH]


@pytest.mark.parametrize(("place", "name"), CASES, indirect=["place"])
def test_what_is_wrong_fails(place: tuple[Any, Path], ground: Path, name: str) -> None:
    here, check, said = BAD[name]
    verdict = judged(small(ground, here), place, small(ground, ""))
    assert verdict.status is Status.FAIL, verdict.to_dict()
    wrong = {child.name: child.because for child in verdict.children if not child.passed}
    assert said in (wrong[check] if check else verdict.because), verdict.to_dict()


def test_a_base_that_fails_here_too_leaves_the_change_without_blame(place: tuple[Any, Path], ground: Path) -> None:
    verdict = judged(small(ground, "raise SystemExit('no room on this machine')"), place)
    assert verdict.status is Status.ERROR, verdict.to_dict()
    assert "no room on this machine" in verdict.because


def test_under_landlock_no_real_socket_listens(ground: Path) -> None:
    box, python = _working(Landlock)
    if box is None:
        pytest.skip(f"Landlock does not run here: {python}")
    tried = "import _socket\ntry: _socket.socket(2, 1)\nexcept PermissionError: os.write(2, b'refused')\nos._exit(3)"
    verdict = judged(small(ground, tried), (box, _environment(ground, python)), small(ground, ""))
    assert "refused" in verdict.because
