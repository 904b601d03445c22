"""How the work is split."""

from pathlib import Path

from bot.improve.testing.run import Ask, environment, file_of, shards


def test_without_tests_one_part_takes_the_settings_paths() -> None:
    assert shards(Ask(), ["tests"]) == [{"wanted": None, "files": ["tests"], "traced": True}]
    only = {"wanted": None, "files": ["t/test_a.py"], "traced": True}
    assert shards(Ask(files=("t/test_a.py",)), ["tests"]) == [only]


def test_short_work_is_not_split() -> None:
    ask = Ask(tests=("a.py::x", "b.py::y"), weights={"a.py::x": 0.1, "b.py::y": 0.1})
    assert len(shards(ask, [])) == 1


def test_long_work_is_split_evenly_by_file_and_nothing_is_lost() -> None:
    tests = tuple(f"t{n}.py::x" for n in range(7))
    parts = shards(Ask(tests=tests, weights={t: float(n) for n, t in enumerate(tests)}), [])
    assert len(parts) == 2
    wanted = [part["wanted"] for part in parts]
    assert sorted(t for part in wanted if isinstance(part, list) for t in part) == sorted(tests)


def test_the_first_tests_have_a_part_of_their_own() -> None:
    parts = shards(Ask(tests=("a.py::x", "a.py::y", "b.py::z"), first=("a.py::y",)), [])
    assert [part["wanted"] for part in parts] == [["a.py::y"], ["a.py::x", "b.py::z"]]
    assert [part["traced"] for part in parts] == [True, True]


def test_the_others_can_run_without_being_measured_and_are_split_where_they_are_long() -> None:
    tests = tuple(f"t{n}.py::x" for n in range(4))
    ask = Ask(tests=tests, first=tests[:1], others_traced=False, weights=dict.fromkeys(tests, 3.0))
    assert [part["traced"] for part in shards(ask, [])] == [True, False, False]


def test_the_file_of_a_test_by_either_kind_of_name() -> None:
    assert file_of("tests/test_a.py::C::test_x[1::2]") == "tests/test_a.py"
    assert file_of("tests.test_a.C.test_x") == "tests/test_a.py"


def test_nothing_of_the_callers_environment_is_passed_on(monkeypatch: object, tmp_path: Path) -> None:
    found = environment(tmp_path)
    assert found["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] == "1"
    assert not {"VIRTUAL_ENV", "PYTHONPATH", "PYTEST_ADDOPTS"} & set(found)
