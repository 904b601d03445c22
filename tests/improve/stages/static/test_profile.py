"""The profile of a tree, for the layouts that repositories have."""

from pathlib import PurePosixPath

import pytest

from bot.improve.doors import Profile
from bot.improve.profile import profile


def of(files: dict[str, str]) -> Profile:
    tree = {PurePosixPath(name): "100644" for name in files}
    return profile(tree, lambda path: files[str(path)].encode() if str(path) in files else None)


def names(paths: tuple[PurePosixPath, ...]) -> list[str]:
    return [str(path) for path in paths]


PYTEST = "import pytest\n\n\ndef test_a():\n    assert True\n"
UNIT = "import unittest\n\n\nclass A(unittest.TestCase):\n    def test_a(self):\n        self.assertTrue(1)\n"
LAYOUTS = {
    "flat": ({"pkg/__init__.py": "", "pkg/a.py": "", "tests/test_a.py": PYTEST}, ["."], ["pkg"], ["tests"], "pytest"),
    "src": ({"src/pkg/__init__.py": "", "tests/test_a.py": UNIT}, ["src"], ["src/pkg"], ["tests"], "unittest"),
    "module": ({"one.py": "", "test_one.py": PYTEST, "setup.py": ""}, ["."], ["one.py"], ["test_one.py"], "pytest"),
    "tests inside": (
        {"pkg/__init__.py": "", "pkg/tests/__init__.py": "", "pkg/tests/test_a.py": UNIT},
        ["."], ["pkg"], ["pkg/tests"], "unittest",
    ),
    "no tests": ({"pkg/__init__.py": "", "docs/conf.py": ""}, ["."], ["pkg"], [], None),
    "two packages": ({"a/__init__.py": "", "b/__init__.py": "", "examples/x.py": ""}, ["."], ["a", "b"], [], None),
    "namespace": ({"src/ns/pkg/__init__.py": "", "test/test_a.py": PYTEST}, ["src"], ["src/ns"], ["test"], "pytest"),
    "own testpaths": (
        {"pkg/__init__.py": "", "checks/test_a.py": UNIT, "pytest.ini": "[pytest]\ntestpaths = checks\n"},
        ["."], ["pkg"], ["checks"], "pytest",
    ),
    "setup.cfg": (
        {"pkg/__init__.py": "", "tests/test_a.py": UNIT, "setup.cfg": "[tool:pytest]\naddopts = -q\n"},
        ["."], ["pkg"], ["tests"], "pytest",
    ),
}  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts(layout: str) -> None:
    files, roots, packages, tests, runner = LAYOUTS[layout]
    found = of(files)
    assert (names(found.roots), names(found.packages), names(found.tests)) == (roots, packages, tests)
    assert found.runner == runner


@pytest.mark.parametrize(
    ("name", "text", "typed", "formatted"),
    [
        ("pyproject.toml", "[tool.mypy]\nstrict = true\n", True, False),
        ("mypy.ini", "[mypy]\n", True, False),
        ("setup.cfg", "[mypy]\nstrict = True\n", True, False),
        ("pyproject.toml", "[tool.ruff]\nline-length = 100\n", False, True),
        ("pyproject.toml", "[tool.black]\n", False, True),
        ("ruff.toml", "", False, True),
        ("pyproject.toml", "[tool.broken\n", False, False),
        ("setup.cfg", "[broken\n", False, False),
    ],
)
def test_configured_tools(name: str, text: str, typed: bool, formatted: bool) -> None:
    found = of({"pkg/__init__.py": "", name: text})
    assert (found.typed, found.formatted) == (typed, formatted)


def test_a_charter_makes_it_the_house_itself() -> None:
    assert of({".github/charter.toml": ""}).own
    assert not of({"charter.toml": ""}).own


def test_an_empty_tree_has_a_profile_too() -> None:
    found = of({})
    assert (found.packages, found.tests, found.runner) == ((), (), None)
