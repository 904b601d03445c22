"""Product code that reaches for its referee."""

from pathlib import Path

import pytest

from bot.improve.testing.tamper import reaches
from tests.improve.testing.toys import gate

BASE = {"toy/a.py": "import gc\n\n\ndef f():\n    gc.collect()\n", "tests/test_a.py": ""}


@pytest.mark.parametrize(
    "line",
    [
        "import pytest",
        "import _pytest.runner as r",
        "from unittest import mock",
        "import gc; gc.get_objects()",
        "import sys; sys._getframe(1)",
        "import sys; sys.settrace(None)",
        "from os import _exit",
        "import os; os._exit(0)",
        "import inspect; inspect.currentframe()",
        "f.__code__.co_consts[1][3] = 1",
        "getattr(f.__code__, 'co_consts')",
    ],
)
def test_a_new_reach_is_named(tmp_path: Path, line: str) -> None:
    found = reaches(gate(tmp_path, BASE, {"toy/a.py": BASE["toy/a.py"] + line + "\n"}))
    assert found
    assert found[0].startswith("toy/a.py: ")


def test_what_the_base_did_already_is_left_alone(tmp_path: Path) -> None:
    base = {"toy/a.py": "import pytest\n", "tests/test_a.py": ""}
    assert not reaches(gate(tmp_path, base, {"toy/a.py": "import pytest\n\nx = 1\n"}))


def test_ordinary_code_and_tests_are_left_alone(tmp_path: Path) -> None:
    edits = {"toy/a.py": BASE["toy/a.py"] + "import os\nos.getpid()\n", "tests/test_a.py": "import pytest\n"}
    assert not reaches(gate(tmp_path, BASE, edits))
