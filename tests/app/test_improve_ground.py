"""What is said about a repository before anything is tried on it."""

import subprocess
from pathlib import Path, PurePosixPath

import pytest

from bot.adapters.git.repository import GitRepository
from bot.app.improve_ground import _suite, dirty
from bot.core.errors import Misconfigured
from bot.core.ids import Sha
from bot.improve.testing.results import Result, Run

GOOD, FAILED, HANGS = Result("passed"), Result("failed"), Result("timeout")


@pytest.fixture
def repo(tmp_path: Path) -> tuple[GitRepository, Sha]:
    (tmp_path / "a.py").write_text("x = 1\n")
    (tmp_path / "link").symlink_to("a.py")
    (tmp_path / "dos.txt").write_bytes(b"one\ntwo\n")
    for words in (["init", "-q"], ["add", "."], ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "x"]):
        subprocess.run(["git", *words], cwd=tmp_path, check=True, env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)})
    found = GitRepository(tmp_path)
    return found, found.resolve("HEAD")


def test_a_clean_tree_is_clean_whatever_its_line_ends(repo: tuple[GitRepository, Sha]) -> None:
    assert dirty(*repo) == ()
    (repo[0].path / "dos.txt").write_bytes(b"one\r\ntwo\r\n")
    (repo[0].path / "untracked.py").write_text("y = 1\n")
    assert dirty(*repo) == ()


def test_changed_and_missing_files_are_named(repo: tuple[GitRepository, Sha]) -> None:
    (repo[0].path / "a.py").write_text("x = 2\n")
    (repo[0].path / "link").unlink()
    assert dirty(*repo) == (PurePosixPath("a.py"), PurePosixPath("link"))


def test_looking_writes_nothing(repo: tuple[GitRepository, Sha]) -> None:
    (repo[0].path / "a.py").write_text("x = 2\n")
    before = {p: p.read_bytes() for p in (repo[0].path / ".git").rglob("*") if p.is_file()}
    dirty(*repo)
    assert {p: p.read_bytes() for p in (repo[0].path / ".git").rglob("*") if p.is_file()} == before


def test_a_suite_that_holds_needs_no_word() -> None:
    assert list(_suite(Run(tests={"t::a": GOOD}, collected=("t::a",)))) == []


def test_failing_tests_are_named_and_the_others_judge() -> None:
    (note,) = _suite(Run(tests={"t::a": GOOD, "t::b": FAILED}))
    assert "t::b" in note
    assert "t::a" not in note


def test_hanging_tests_are_named_with_their_limit() -> None:
    (note,) = _suite(Run(tests={"t::a": GOOD, "t::b": HANGS}))
    assert "t::b" in note
    assert "30 s" in note


def test_files_that_cannot_be_collected_are_named() -> None:
    (note,) = _suite(Run(tests={"t::a": GOOD}, problems={"tests/test_b.py": "x\nImportError: no module\n"}))
    assert "tests/test_b.py" in note
    assert "ImportError: no module" in note


def test_no_test_collected_is_said() -> None:
    (note,) = _suite(Run())
    assert "V-10" in note


@pytest.mark.parametrize(
    ("run", "word"),
    [
        (Run(tests={"t::b": HANGS}, timed_out=True, seconds=600.0), "600 s (hanging: t::b)"),
        (Run(problems={"run": "ModuleNotFoundError: no module named numpy"}), "numpy"),
        (Run(tests={"t::a": FAILED, "t::b": FAILED}), "every test fails"),
    ],
)
def test_ground_on_which_nothing_can_be_proved(run: Run, word: str) -> None:
    with pytest.raises(Misconfigured) as error:
        list(_suite(run))
    assert word in str(error.value)
