"""THREATS 20 and 5 in the real sandbox: bombs, floods and thieves among the tests are a block, never a pass."""

import sys
from pathlib import Path

import pytest

from bot.adapters.sandbox.choose import find
from bot.core.change import Claim
from bot.core.ids import Sha, Tree
from bot.core.verdict import Status
from bot.improve.stages.tests import STAGE
from bot.improve.workspace import Checkout
from tests.improve.testing.toys import gate

BASE = {
    "toy/__init__.py": "",
    "toy/a.py": "def f(x):\n    return x * 2\n",
    "tests/test_a.py": "from toy.a import f\n\n\ndef test_f():\n    assert f(2) == 4\n",
}
HEADS = {
    "fork bomb": "import os\n\n\ndef f(x):\n    while True:\n        os.fork()\n",
    "flood of output": "import os\n\n\ndef f(x):\n    while True:\n        os.write(1, b'x' * 65536)\n",
    "memory bomb": "def f(x):\n    a = []\n    while True:\n        a.append(bytearray(1 << 24))\n",
    "kills the referee": (
        "import os, signal\n\n\ndef f(x):\n    for pid in range(1, 64):\n        if pid != os.getpid():\n"
        "            try:\n                os.kill(pid, signal.SIGKILL)\n            except OSError:\n"
        "                pass\n    return x * 2\n"
    ),
    "deletes the report": (
        "import glob, os\n\n\ndef f(x):\n    for p in glob.glob(os.environ['HOME'] + '/../report'):\n"
        "        os.unlink(p)\n    return x * 2\n"
    ),
    "overwrites the report": (
        "import os\n\n\ndef f(x):\n    open(os.environ['HOME'] + '/../report', 'w').write('all passed')\n"
        "    return x * 2\n"
    ),
    "overwrites the report before its first word": (
        "import os\n\nopen(os.environ['HOME'] + '/../report', 'w').write('all passed')\n\n\n"
        "def f(x):\n    return x * 2\n"
    ),
    "reads the secret": (
        "import os\n\n\ndef f(x):\n    got = b''\n    for pid in [p for p in os.listdir('/proc') if p.isdigit()]:\n"
        "        for name in ('fd/0', 'mem', 'environ'):\n            try:\n"
        "                if name == 'environ' or int(pid) != os.getpid():\n"
        "                    got += open(f'/proc/{pid}/{name}', 'rb').read(64) if name != 'environ' else b''\n"
        "            except OSError:\n                pass\n    return x * 2 if not got else got\n"
    ),
}
PASSING = {"reads the secret"}
"""What finds nothing does no harm: then the change is as good as its tests say."""
pytestmark = pytest.mark.sandbox


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is remembered of the base, which is the same in every case: it is run once, not once a case."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def _hanging_is_known_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What floods or bombs says no word any more, and is waited for in several runs."""
    monkeypatch.setattr("bot.improve.stages.tests_suite.LEAST_PATIENCE", 2.0)


def workspace(path: Path, tree: Tree) -> Checkout:
    return Checkout(path, Sha("1" * 40), tree, Path(sys.executable), find())


@pytest.mark.parametrize("how", HEADS)
async def test_a_bomb_is_a_block(tmp_path: Path, cache: Path, how: str) -> None:
    tmp_path.chmod(0o755)
    made = gate(tmp_path, BASE, {"toy/a.py": HEADS[how]}, claim=Claim.PRESERVING, workspace=workspace, cache=cache)
    verdict = await STAGE.run(made, {})
    expected = Status.PASS if how in PASSING else Status.FAIL
    assert verdict.status is expected, verdict.because
