"""Which tests a change can reach first."""

from pathlib import Path

from bot.improve.testing.impact import impacted, old_lines
from bot.improve.testing.results import FileLines, Result, Run
from tests.improve.testing.toys import gate

SOURCE = "LIMIT = 3\n\n\ndef f(x):\n    return x > LIMIT\n\n\ndef g(x):\n    return x * 2\n"
BASE = {
    "toy/a.py": SOURCE,
    "toy/b.py": "y = 1\n",
    "tests/test_f.py": "",
    "tests/deep/test_g.py": "",
    "tests/deep/help.py": "",
}
F, G = "tests/test_f.py::test_f", "tests/deep/test_g.py::test_g"
RUN = Run(
    {F: Result("passed", 0.5), G: Result("passed", 0.1)},
    (F, G),
    {"toy/a.py": FileLines("1,4-5,8-9", {F: "5", G: "9"}), "toy/b.py": FileLines("1")},
)


def test_only_tests_that_run_the_changed_lines(tmp_path: Path) -> None:
    assert impacted(gate(tmp_path, BASE, {"toy/a.py": SOURCE.replace("x * 2", "2 * x")}), RUN) == (G,)


def test_a_line_that_runs_at_import_reaches_all_of_the_files_tests_fastest_first(tmp_path: Path) -> None:
    assert impacted(gate(tmp_path, BASE, {"toy/a.py": SOURCE.replace("= 3", "= 4")}), RUN) == (G, F)


def test_a_changed_test_file_brings_its_own_tests(tmp_path: Path) -> None:
    assert impacted(gate(tmp_path, BASE, {"tests/test_f.py": "x = 1\n"}), RUN) == (F,)


def test_a_changed_helper_brings_the_tests_beside_and_below(tmp_path: Path) -> None:
    assert impacted(gate(tmp_path, BASE, {"tests/deep/help.py": "x = 1\n"}), RUN) == (G,)


def test_a_new_module_of_tests_reaches_none_and_a_new_helper_those_beside_it(tmp_path: Path) -> None:
    assert impacted(gate(tmp_path / "1", BASE, {"tests/deep/test_new.py": "x = 1\n"}), RUN) == ()
    assert impacted(gate(tmp_path / "2", BASE, {"tests/deep/conftest.py": "x = 1\n"}), RUN) == (G,)


def test_a_new_file_that_nobody_imports_reaches_none(tmp_path: Path) -> None:
    assert impacted(gate(tmp_path, BASE, {"toy/new.py": "z = 1\n"}), RUN) == ()


def test_an_insertion_touches_the_lines_around_it() -> None:
    assert old_lines("a\nb\nc\n", "a\nb\nnew\nc\n") == {2, 3}
    assert old_lines("a\nb\nc\n", "a\nX\nc\n") == {2}
    assert old_lines("a\n", "a\n") == frozenset()
