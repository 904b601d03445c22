"""A tree over a tree."""

from pathlib import Path, PurePosixPath

from bot.improve.testing.overlay import overlaid, own_tests
from bot.improve.testing.overlay import test_modules as modules_of
from tests.improve.testing.toys import PROFILE, gate, replace, write


def test_files_lie_over_the_tree_and_the_tree_stays_as_it_was(tmp_path: Path) -> None:
    under = write(tmp_path / "tree", {"a.py": "old\n", "b.py": "b\n", ".git/config": "x"})
    files = {PurePosixPath("a.py"): b"new\n", PurePosixPath("b.py"): None, PurePosixPath("t/c.py"): b"c\n"}
    with overlaid(under, files, tmp_path / "scratch") as root:
        assert (root / "a.py").read_text() == "new\n"
        assert not (root / "b.py").exists()
        assert (root / "t/c.py").read_text() == "c\n"
        assert not (root / ".git").exists()
    assert not root.exists()
    assert (under / "a.py").read_text() == "old\n"


def test_a_link_is_replaced_and_never_written_through(tmp_path: Path) -> None:
    outside = write(tmp_path / "outside", {"a.py": "mine\n"})
    under = write(tmp_path / "tree", {})
    (under / "t").symlink_to(outside)
    with overlaid(under, {PurePosixPath("t/a.py"): b"theirs\n"}, tmp_path / "scratch") as root:
        assert (root / "t/a.py").read_text() == "theirs\n"
    assert (outside / "a.py").read_text() == "mine\n"


def test_the_changes_own_tests_come_without_configuration(tmp_path: Path) -> None:
    edits = dict.fromkeys(("tests/test_n.py", "tests/conftest.py", "tests/data.json", "toy/a.py"), "x = 1\n")
    found = own_tests(gate(tmp_path, {"toy/a.py": ""}, edits))
    assert {str(path) for path in found} == {"tests/test_n.py", "tests/data.json"}


def test_only_what_a_runner_collects_is_a_module() -> None:
    paths = {PurePosixPath(f"tests/{n}"): b"" for n in ("test_a.py", "b_test.py", "testing_c.py", "help.py", "test.md")}
    assert modules_of(paths, PROFILE) == ("tests/b_test.py", "tests/test_a.py")
    assert "tests/testing_c.py" in modules_of(paths, replace(PROFILE, runner="unittest"))
