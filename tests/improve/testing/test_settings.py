"""What the referee keeps of a repository's own pytest configuration."""

from pathlib import Path

import pytest

from bot.improve.testing.interpreter import Interpreter
from bot.improve.testing.settings import HOUSE_MARKS, read
from tests.improve.testing.toys import PROFILE, replace, write


def test_parallelism_reports_and_plugins_are_dropped(tmp_path: Path) -> None:
    text = '[tool.pytest.ini_options]\naddopts = "-n 4 --cov=toy --import-mode=importlib -p evil -m fast -x"\n'
    found = read(write(tmp_path, {"pyproject.toml": text, "tests/test_a.py": ""}), PROFILE)
    assert found.config == "pyproject.toml"
    assert found.arguments == ("--import-mode=importlib", "-m", "fast")
    assert found.paths == ("tests",)


def test_a_plugin_that_the_repository_switches_off_stays_off(tmp_path: Path) -> None:
    text = "[pytest]\naddopts = -p no:slow_one -pno:other -p some_plugin -m no:mark\n"
    found = read(write(tmp_path, {"pytest.ini": text, "tests/test_a.py": ""}), PROFILE)
    assert found.without == {"slow_one", "other"}
    brought = Interpreter("pytest", (("asyncio", "pytest_asyncio.plugin"), ("slow_one", "slow")), True, None)
    assert brought.modules(found.without) == ["pytest_asyncio.plugin"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pytest.ini", "[pytest]\ntestpaths = checks\n"),
        ("tox.ini", "[pytest]\ntestpaths = checks\n"),
        ("setup.cfg", "[tool:pytest]\ntestpaths = checks\n"),
        ("pytest.toml", '[pytest]\ntestpaths = ["checks"]\n'),
    ],
)
def test_every_place_of_the_configuration_is_known(tmp_path: Path, name: str, text: str) -> None:
    found = read(write(tmp_path, {name: text, "checks/test_a.py": "", "tests/test_b.py": ""}), PROFILE)
    assert (found.config, found.paths) == (name, ("checks",))


def test_pytest_ini_goes_before_pyproject(tmp_path: Path) -> None:
    files = {"pytest.ini": "[pytest]\n", "pyproject.toml": "[tool.pytest.ini_options]\n", "tests/test_a.py": ""}
    assert read(write(tmp_path, files), PROFILE).config == "pytest.ini"


def test_what_does_not_parse_is_passed_over(tmp_path: Path) -> None:
    found = read(write(tmp_path, {"pyproject.toml": "[[[", "tests/test_a.py": ""}), PROFILE)
    assert (found.config, found.paths) == ("", ("tests",))


def test_this_houses_gate_leaves_slow_tests_out_and_others_run_whole(tmp_path: Path) -> None:
    root = write(tmp_path, {"tests/test_a.py": ""})
    assert HOUSE_MARKS in read(root, replace(PROFILE, own=True)).arguments
    assert "-m" not in read(root, PROFILE).arguments


def test_unittest_files_are_collected_by_their_own_pattern(tmp_path: Path) -> None:
    root = write(tmp_path, {"tests/testing_a.py": ""})
    assert "python_files=test*.py *_test.py" in read(root, replace(PROFILE, runner="unittest")).arguments
