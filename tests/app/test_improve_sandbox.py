"""The whole command on small packages of each kind, in the sandbox."""

import io
import json
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.sandbox, pytest.mark.slow]
CODE = '''"""A toy."""


def has_big(xs, limit):
    """Whether some x is above the limit."""
    found = False
    for x in xs:
        if x > limit:
            found = True
            break
    return found
'''
PYTEST = """from toy import has_big


def test_big():
    assert has_big([1, 5], 3)
    assert not has_big([3], 3)
    assert not has_big([], 3)
"""
UNITTEST = """import unittest

from toy import has_big


class Big(unittest.TestCase):
    def test_big(self):
        self.assertTrue(has_big([1, 5], 3))
        self.assertFalse(has_big([3], 3))
        self.assertFalse(has_big([], 3))
"""


def git(path: Path, *words: str) -> bytes:
    person = {
        "GIT_AUTHOR_NAME": "a",
        "GIT_AUTHOR_EMAIL": "a@b",
        "GIT_COMMITTER_NAME": "a",
        "GIT_COMMITTER_EMAIL": "a@b",
    }
    env = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(path.parent), **person}
    return subprocess.run(["git", *words], cwd=path, check=True, capture_output=True, env=env).stdout


def made(tmp_path: Path, files: dict[str, str]) -> Path:
    folder = tmp_path / "repo"
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "first")
    return folder


def improved(folder: Path) -> dict[str, Any]:
    argv = [sys.executable, "-m", "bot", "improve", str(folder), "--only", "refactor", "--json", "--max", "2"]
    done = subprocess.run(argv, check=True, capture_output=True, cwd=Path(__file__).parent.parent.parent)
    data: dict[str, Any] = json.loads(done.stdout)
    return data


def state(folder: Path) -> dict[str, bytes]:
    files = [p for p in folder.rglob("*") if p.is_file() and ".git" not in p.relative_to(folder).parts]
    files += [folder / ".git" / name for name in ("HEAD", "index", "config", "refs/heads/main")]
    return {str(p): p.read_bytes() for p in files}


@pytest.mark.parametrize(
    ("files", "product", "roots", "runner"),
    [
        ({"toy.py": CODE, "test_toy.py": PYTEST}, "toy.py", ".", ["pytest", "-q", "-p", "no:cacheprovider"]),
        (
            {"src/toy/__init__.py": CODE, "tests/__init__.py": "", "tests/test_toy.py": UNITTEST},
            "src/toy/__init__.py",
            "src",
            ["unittest", "discover", "-t", ".", "-s", "tests"],
        ),
    ],
    ids=["flat pytest", "src unittest"],
)
def test_an_accepted_improvement_whose_suite_stays_green(
    tmp_path: Path, files: dict[str, str], product: str, roots: str, runner: list[str]
) -> None:
    folder = made(tmp_path, files)
    before = state(folder)
    first = improved(folder)
    assert state(folder) == before
    (row,) = first["proposals"]
    assert row["accepted"], row
    assert (row["author"], row["files"]) == ("codemods", [product])
    tree = tmp_path / "head"
    with tarfile.open(fileobj=io.BytesIO(git(folder, "archive", row["branch"]))) as archive:
        archive.extractall(tree, filter="data")
    assert "any(x > limit for x in xs)" in (tree / product).read_text()
    env = {"PYTHONPATH": roots, "PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run([sys.executable, "-m", *runner], cwd=tree, check=True, env=env, capture_output=True)
    assert improved(folder)["proposals"] == []


def test_without_tests_it_works_and_says_what_falls_away(tmp_path: Path) -> None:
    data = improved(made(tmp_path, {"toy.py": CODE}))
    assert any(note.startswith("no tests:") for note in data["notes"])
    (row,) = data["proposals"]
    assert "tests" not in {stage["name"] for stage in row["stages"]}


def test_failing_tests_are_named_and_the_others_judge(tmp_path: Path) -> None:
    folder = made(
        tmp_path, {"toy.py": CODE, "test_toy.py": PYTEST + "\n\ndef test_bad():\n    assert has_big([], 1)\n"}
    )
    data = improved(folder)
    assert any("test_bad" in note and "already" in note for note in data["notes"])
    assert [row["accepted"] for row in data["proposals"]] == [True]
