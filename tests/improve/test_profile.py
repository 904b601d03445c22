"""What a repository's tree says about itself."""

from collections.abc import Mapping
from pathlib import PurePosixPath

from bot.improve.doors import Profile
from bot.improve.profile import profile


def of(files: Mapping[str, str]) -> Profile:
    tree = {PurePosixPath(name): text.encode() for name, text in files.items()}
    return profile(dict.fromkeys(tree, "100644"), tree.get)


def test_flat_package_with_pytest() -> None:
    found = of({"pkg/__init__.py": "", "pkg/a.py": "x = 1", "tests/test_a.py": "def test_a(): assert True"})
    assert found.packages == (PurePosixPath("pkg"),)
    assert found.tests == (PurePosixPath("tests"),)
    assert found.runner == "pytest"
    assert not found.own


def test_src_layout_with_unittest() -> None:
    case = "import unittest\nclass T(unittest.TestCase):\n    def test_a(self): self.assertTrue(1)\n"
    found = of({"src/pkg/__init__.py": "", "tests/test_a.py": case})
    assert found.roots[0] == PurePosixPath("src")
    assert found.packages == (PurePosixPath("src/pkg"),)
    assert found.runner == "unittest"


def test_no_tests_is_no_runner() -> None:
    assert of({"pkg/__init__.py": ""}).runner is None


def test_a_module_about_tests_is_product_where_the_tests_folder_is_declared() -> None:
    declared = '[tool.pytest.ini_options]\ntestpaths = ["tests"]\n'
    files = {"bot/__init__.py": "", "bot/stages/tests.py": "x = 1", "tests/test_a.py": "def test_a(): ..."}
    found = of({**files, "pyproject.toml": declared})
    assert not found.is_test(PurePosixPath("bot/stages/tests.py"))
    assert of(files).is_test(PurePosixPath("bot/stages/tests.py")), "undeclared, as Django has it"


def test_a_folder_named_testing_without_tests_is_product() -> None:
    found = of({"bot/__init__.py": "", "bot/testing/run.py": "", "tests/test_a.py": "def test_a(): ..."})
    assert not found.is_test(PurePosixPath("bot/testing/run.py"))


def test_a_charter_makes_it_our_own() -> None:
    assert of({".github/charter.toml": "", "bot/__init__.py": ""}).own
