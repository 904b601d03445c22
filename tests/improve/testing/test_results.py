"""Runs: merged, kept and read again."""

from pathlib import Path

from bot.improve.testing.baseline import load, save
from bot.improve.testing.results import FileLines, Result, Run, merge

ONE = Run(
    {"a": Result("passed", 0.5, digest="x", cpu=0.25)}, ("a",), {"p.py": FileLines("1-3", {"a": "2"})}, seconds=1.0
)
TWO = Run(
    {"b": Result("failed", text="no")}, ("b",), {"p.py": FileLines("3-5", {"b": "5"})}, {"q.py": "bad"}, seconds=2.0
)


def test_merged_runs_hold_both() -> None:
    both = merge([ONE, TWO])
    assert set(both.tests) == {"a", "b"}
    assert both.files["p.py"] == FileLines("1-5", {"a": "2", "b": "5"})
    assert both.problems == {"q.py": "bad"}
    assert both.seconds == 3.0


def test_the_later_result_of_a_test_counts() -> None:
    assert merge([ONE, Run({"a": Result("failed")})]).tests["a"].outcome == "failed"


def test_a_run_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "run.json.gz"
    save(merge([ONE, TWO]), path)
    assert load(path) == merge([ONE, TWO])
    assert list(path.parent.iterdir()) == [path]


def test_a_torn_or_foreign_file_is_no_run(tmp_path: Path) -> None:
    path = tmp_path / "run.json.gz"
    assert load(path) is None
    save(ONE, path)
    path.write_bytes(path.read_bytes()[:20])
    assert load(path) is None
    path.write_text("{}")
    assert load(path) is None


def test_tests_of_lines() -> None:
    assert TWO.files["p.py"].tests_of(frozenset({5})) == {"b"}
    assert not TWO.files["p.py"].tests_of(frozenset({3}))
