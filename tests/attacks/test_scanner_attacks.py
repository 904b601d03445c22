"""THREATS 3, 11: what a hostile patch would use is seen, however it is written; the rest is the sandbox's."""

from pathlib import Path

import pytest

from bot.core.verdict import Status
from bot.improve.stages._danger import danger
from bot.improve.stages._workflows import broken
from tests.improve.stages.static.builders import gate_of

CLEAN = {"pkg/__init__.py": "", "pkg/work.py": "def run(a):\n    return a\n"}

HOSTILE = [
    "eval(a)",
    "exec(a)",
    "compile(a, 'x', 'exec')",
    "__import__('os')",
    "run_it = eval\nrun_it('1')",
    "import builtins\nbuiltins.eval('1')",
    "getattr(__builtins__, 'ev' + 'al')('1')",
    "import builtins\ngetattr(builtins, 'eval')",
    "import importlib\nimportlib.import_module('o' + 's')",
    "from importlib import import_module as im\nim('os')",
    "import os\nos.system('id')",
    "from os import system\nsystem('id')",
    "import os as o\no.popen('id')",
    "import subprocess\nsubprocess.run(['id'])",
    "from subprocess import Popen\nPopen(['id'])",
    "import pty\npty.spawn('sh')",
    "import socket\nsocket.create_connection(('a', 1))",
    "import urllib.request\nurllib.request.urlopen('http://a')",
    "from urllib.request import urlopen\nurlopen('http://a')",
    "import requests\nrequests.get('http://a')",
    "import http.client\nhttp.client.HTTPConnection('a')",
    "import asyncio\nasyncio.open_connection('a', 1)",
    "import pickle\npickle.loads(b'')",
    "import marshal\nmarshal.loads(b'')",
    "import yaml\nyaml.load('a')",
    "import ctypes\nctypes.CDLL(None)",
    "import sys\nsys.modules['os']",
    "import sys\nsys._getframe(1)",
    "().__class__.__bases__[0].__subclasses__()",
    "run.__globals__['os']",
    "getattr(run, '__globals__')",
    "import base64\nexec(base64.b64decode('YQ=='))",
    "import codecs\nexec(codecs.decode('cevag(1)', 'rot13'))",
    "f'{eval(\"1\")}'",
    "open('/proc/self/environ').read()",
    "open('/etc/shadow')",
    "from pathlib import Path\nPath('~/.ssh/id_rsa')",
    "import os\nos.fork()",
    "import runpy\nrunpy.run_path('x')",
    "from os import *",
    "globals()['x'] = 1",
    "@eval\ndef f(a):\n    return a",
    "class M(type):\n    def __new__(cls, n, b, d):\n        exec(n)",
    "import subprocess\nsubprocess.check_output('id', shell=True)",
    "import inspect\ninspect.currentframe()",
    "lambda: __import__('os')",
    "import os\ngetattr(os, 'sys' + 'tem')('id')",
    "import shelve\nshelve.open('x')",
    "db.execute(f'SELECT * FROM t WHERE a = {a}')",
    "Template(a).render()",
    "env = Environment(autoescape=False)",
    "client.chat(system=f'You are {a}')",
    "chat([{'role': 'system', 'content': 'You are ' + a}])",
]


@pytest.mark.parametrize("code", HOSTILE)
def test_new_power_is_refused_to_the_engine(tmp_path: Path, code: str) -> None:
    gate = gate_of(tmp_path, CLEAN, CLEAN | {"pkg/work.py": f"{CLEAN['pkg/work.py']}\n\n{code}\n"})
    found = list(danger(gate))
    assert found
    assert {p.level for p in found} == {Status.FAIL}


HARMLESS = [
    "import re\nre.compile('a')",
    "import ast\nast.literal_eval('1')",
    "x = {'eval': 1}['eval']",
    "'exec(a)'",
    "import json\njson.loads('1')",
    "import yaml\nyaml.safe_load('a')",
    "getattr(run, 'name', None)",
    "import os\nos.path.join('a', 'b')",
    "class A:\n    def run(self): ...",
    "open('data.txt')",
    "from pathlib import Path\nPath('x').read_text()",
    "import hashlib\nhashlib.sha256(b'')",
    "db.execute('SELECT 1')",
    "db.execute('SELECT * FROM t WHERE a = ?', (a,))",
    "import asyncio\nasyncio.sleep(0)",
    "model.eval()",
    "client.chat(system='You are kind')",
    "isinstance(run, type)",
    "run.__name__",
    "import sys\nsys.exit(1)",
    "import dataclasses\ndataclasses.replace(run, a=1)",
]


@pytest.mark.parametrize("code", HARMLESS)
def test_ordinary_code_is_let_through(tmp_path: Path, code: str) -> None:
    gate = gate_of(tmp_path, CLEAN, CLEAN | {"pkg/work.py": f"{CLEAN['pkg/work.py']}\n\n{code}\n"})
    assert list(danger(gate)) == []


def test_what_base_had_already_may_move_and_be_renamed(tmp_path: Path) -> None:
    base = CLEAN | {"pkg/work.py": "import subprocess\n\n\ndef run(a):\n    return subprocess.run(a)\n"}
    head = CLEAN | {
        "pkg/work.py": "def run(a):\n    return a\n",
        "pkg/tools.py": "from subprocess import run as go\n\n\ndef call(b):\n    return go(b)\n",
    }
    assert list(danger(gate_of(tmp_path / "a", base, head))) == []
    twice = base | {"pkg/more.py": base["pkg/work.py"]}
    assert list(danger(gate_of(tmp_path / "b", base, twice)))


def test_a_person_may_ask_for_a_process_but_not_for_eval(tmp_path: Path) -> None:
    process = CLEAN | {"pkg/work.py": "import subprocess\n\nsubprocess.run(['id'])\n"}
    text = CLEAN | {"pkg/work.py": "eval('1')\n"}
    levels = [
        {p.level for p in danger(gate_of(tmp_path / n, CLEAN, h, by_engine=False))}
        for n, h in (("a", process), ("b", text))
    ]
    assert levels == [{Status.PENDING}, {Status.FAIL}]


WORKFLOW = """on:
  pull_request:
permissions: read-all
jobs:
  one:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@{pin}
      - run: |
          echo hello
"""
PINNED = WORKFLOW.format(pin="a" * 40)


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("workflow-trigger", PINNED.replace("pull_request:", "pull_request_target:")),
        ("workflow-trigger", PINNED.replace("pull_request:", "workflow_run:")),
        ("workflow-pin", WORKFLOW.format(pin="v4")),
        ("workflow-pin", WORKFLOW.format(pin="main")),
        ("workflow-permissions", PINNED.replace("read-all", "write-all")),
        ("workflow-injection", PINNED.replace("echo hello", "echo ${{ github.event.pull_request.title }}")),
        ("workflow-injection", PINNED.replace("echo hello", "git checkout ${{ github.head_ref }}")),
        ("workflow-injection", PINNED.replace("- run: |", "- run: echo ${{ github.event.issue.body }}")),
    ],
)
def test_workflow_rules(rule: str, text: str) -> None:
    assert rule in {found for found, _, _ in broken(text)}
    assert list(broken(PINNED)) == []
