"""V-1 on tests: what makes them demand less is named; what only rearranges them is let through."""

from pathlib import Path
from textwrap import dedent, indent

import pytest

from bot.core.verdict import Status
from bot.improve.stages._weakening import weakened_tests
from tests.improve.stages.static.builders import gate_of

PRODUCT = {"pkg/__init__.py": "", "pkg/sums.py": "def add(a, b):\n    return a + b\n"}
START = "import pytest\nfrom pkg.sums import add\n\n\n"


def rules(
    tmp: Path, before: str, after: str, *, product: bool = False, moved: dict[str, str] | None = None
) -> list[str]:
    base = PRODUCT | {"tests/test_sums.py": START + before}
    head = PRODUCT | {"tests/test_sums.py": START + after}
    if product:
        head["pkg/sums.py"] += "\n\ndef more():\n    return 1\n"
    return [f"{p.rule}: {p.message}" for p in weakened_tests(gate_of(tmp, base, head, moved))]


def body_of(body: str) -> str:
    return "def test_add():\n" + indent(dedent(body).strip("\n"), "    ") + "\n"


WEAKER = {
    "assertion removed": ("assert add(1, 2) == 3\nassert add(2, 2) == 4", "assert add(1, 2) == 3"),
    "emptied": ("assert add(1, 2) == 3", "pass"),
    "equal to in": ("assert add(1, 2) == 3", "assert add(1, 2) in (3, 4)"),
    "equal to not none": ("assert add(1, 2) == 3", "assert add(1, 2) is not None"),
    "equal to truth": ("assert add(1, 2) == 3", "assert add(1, 2)"),
    "equal to isinstance": ("assert add(1, 2) == 3", "assert isinstance(add(1, 2), int)"),
    "equal to unequal": ("assert add(1, 2) == 3", "assert add(1, 2) != 4"),
    "equal to approx": ("assert add(1, 2) == 3", "assert add(1, 2) == pytest.approx(3)"),
    "approx wider": (
        "assert add(1, 2) == pytest.approx(3, rel=1e-9)",
        "assert add(1, 2) == pytest.approx(3, rel=0.5)",
    ),
    "places fewer": (
        "self.assertAlmostEqual(add(1, 2), 3, places=7)",
        "self.assertAlmostEqual(add(1, 2), 3, places=1)",
    ),
    "round fewer": ("assert round(add(1, 2), 4) == 3", "assert round(add(1, 2), 0) == 3"),
    "threshold": ("assert add(1, 2) < 4", "assert add(1, 2) < 400"),
    "threshold up": ("assert add(1, 2) >= 3", "assert add(1, 2) >= 1"),
    "less or equal": ("assert add(1, 2) < 4", "assert add(1, 2) <= 4"),
    "or true": ("assert add(1, 2) == 3", "assert add(1, 2) == 3 or True"),
    "or": ("assert add(1, 2) == 3", "assert add(1, 2) == 3 or add(1, 2) == 4"),
    "assert true": ("assert add(1, 2) == 3", "add(1, 2)\nassert True"),
    "itself": ("assert add(1, 2) == 3", "assert add(1, 2) == add(1, 2)"),
    "itself by a local": ("assert add(1, 2) == 3", "found = add(1, 2)\nassert found == found"),
    "expected from the code": ("assert add(1, 2) == 3", "want = add(1, 2)\nassert add(1, 2) == want"),
    "any": ("assert add(1, 2) == 3", "from unittest.mock import ANY\nassert add(1, 2) == ANY"),
    "expected alone": ("assert add(1, 2) == 3", "assert add(1, 2) == 4"),
    "conditional": ("assert add(1, 2) == 3", "if add(0, 0):\n    assert add(1, 2) == 3"),
    "swallowed": ("assert add(1, 2) == 3", "try:\n    assert add(1, 2) == 3\nexcept AssertionError:\n    pass"),
    "suppressed": ("assert add(1, 2) == 3", "with contextlib.suppress(AssertionError):\n    assert add(1, 2) == 3"),
    "after return": ("assert add(1, 2) == 3", "return\nassert add(1, 2) == 3"),
    "after a conditional return": ("assert add(1, 2) == 3", "if add:\n    return\nassert add(1, 2) == 3"),
    "dead branch": ("assert add(1, 2) == 3", "if False:\n    assert add(1, 2) == 3"),
    "empty loop": ("assert add(1, 2) == 3", "for _ in []:\n    assert add(1, 2) == 3"),
    "inner function": ("assert add(1, 2) == 3", "def check():\n    assert add(1, 2) == 3"),
    "skip call": ("assert add(1, 2) == 3", "pytest.skip('later')\nassert add(1, 2) == 3"),
    "xfail call": ("assert add(1, 2) == 3", "pytest.xfail('later')\nassert add(1, 2) == 3"),
    "raises broader": (
        "with pytest.raises(TypeError):\n    add(1, 'a')",
        "with pytest.raises(Exception):\n    add(1, 'a')",
    ),
    "raises more": (
        "with pytest.raises(TypeError):\n    add(1, 'a')",
        "with pytest.raises((TypeError, ValueError)):\n    add(1, 'a')",
    ),
    "raises without match": (
        "with pytest.raises(TypeError, match='int'):\n    add(1, 'a')",
        "with pytest.raises(TypeError):\n    add(1, 'a')",
    ),
    "raises gone": ("with pytest.raises(TypeError):\n    add(1, 'a')", "add(1, 1)"),
    "idle helper": ("assert add(1, 2) == 3", "check_sum(add(1, 2), 3)\n\n\ndef check_sum(a, b):\n    return a == b"),
    "mock ladder": ("spy.assert_called_once_with(1)", "spy.assert_called()"),
    "shadowed subject": ("assert add(1, 2) == 3", "add = lambda a, b: 3\nassert add(1, 2) == 3"),
    "mocked subject": (
        "assert add(1, 2) == 3",
        "from unittest.mock import patch\nwith patch('pkg.sums.add', return_value=3):\n    assert add(1, 2) == 3",
    ),
    "exit": ("assert add(1, 2) == 3", "import sys\nsys.exit(0)\nassert add(1, 2) == 3"),
    "hard exit": ("assert add(1, 2) == 3", "import os\nos._exit(0)\nassert add(1, 2) == 3"),
    "unittest loosened": ("self.assertEqual(add(1, 2), 3)", "self.assertTrue(add(1, 2))"),
    "unittest to in": ("self.assertEqual(add(1, 2), 3)", "self.assertIn(add(1, 2), [1, 2, 3])"),
}


@pytest.mark.parametrize("name", WEAKER)
def test_a_weaker_body_is_named(tmp_path: Path, name: str) -> None:
    before, after = WEAKER[name]
    assert rules(tmp_path, body_of(before), body_of(after))


@pytest.mark.parametrize("name", [n for n in WEAKER if n != "expected alone"])
def test_a_product_change_beside_it_is_no_excuse(tmp_path: Path, name: str) -> None:
    before, after = WEAKER[name]
    assert rules(tmp_path, body_of(before), body_of(after), product=True)


AS_STRONG = {
    "format": ("assert add(1, 2) == 3", "assert (\n    add(1, 2)\n    == 3\n)"),
    "local renamed": ("one = add(1, 2)\nassert one == 3", "total = add(1, 2)\nassert total == 3"),
    "inlined": ("one = add(1, 2)\nassert one == 3", "assert add(1, 2) == 3"),
    "drawn out": ("assert add(1, 2) == 3", "result = add(1, 2)\nassert result == 3"),
    "mirrored": ("assert add(1, 2) == 3", "assert 3 == add(1, 2)"),
    "added": ("assert add(1, 2) == 3", "assert add(1, 2) == 3\nassert add(0, 0) == 0"),
    "message": ("assert add(1, 2) == 3", "assert add(1, 2) == 3, 'sum'"),
    "docstring": ("assert add(1, 2) == 3", "'''Adds.'''\nassert add(1, 2) == 3"),
    "reordered": ("assert add(1, 2) == 3\nassert add(2, 2) == 4", "assert add(2, 2) == 4\nassert add(1, 2) == 3"),
    "tighter": ("assert add(1, 2) < 40", "assert add(1, 2) < 4"),
    "stronger": ("assert add(1, 2) in (3, 4)", "assert add(1, 2) == 3"),
    "from unittest": ("self.assertEqual(add(1, 2), 3)", "assert add(1, 2) == 3"),
    "to unittest": ("assert add(1, 2) == 3", "self.assertEqual(add(1, 2), 3)"),
    "not in pushed": ("assert not 5 == add(1, 2)", "assert add(1, 2) != 5"),
    "and split": ("assert add(1, 2) == 3 and add(2, 2) == 4", "assert add(1, 2) == 3\nassert add(2, 2) == 4"),
    "raises narrower": (
        "with pytest.raises(Exception):\n    add(1, 'a')",
        "with pytest.raises(TypeError, match='int'):\n    add(1, 'a')",
    ),
    "tolerance smaller": (
        "assert add(1, 2) == pytest.approx(3, rel=0.5)",
        "assert add(1, 2) == pytest.approx(3, rel=1e-9)",
    ),
    "with helper": ("assert add(1, 2) == 3", "check_sum(add(1, 2), 3)\n\n\ndef check_sum(a, b):\n    assert a == b"),
    "loop": ("for a in (1, 2):\n    assert add(a, 0) == a", "for n in (1, 2):\n    assert add(n, 0) == n"),
    "expects an exit": (
        "with pytest.raises(SystemExit):\n    add(1, 2)",
        "with pytest.raises(SystemExit):\n    add(1, 2)\nwith pytest.raises(SystemExit):\n    raise SystemExit(2)",
    ),
}


@pytest.mark.parametrize("name", AS_STRONG)
def test_a_rearranged_body_is_let_through(tmp_path: Path, name: str) -> None:
    before, after = AS_STRONG[name]
    assert rules(tmp_path, body_of(before), body_of(after)) == []


ONE = body_of("assert add(1, 2) == 3")
TWO = "\n\ndef test_two():\n    assert add(2, 2) == 4\n"
IDLE = "\n\ndef check_sum(a, b):\n    return a == b\n"
CASES = "@pytest.mark.parametrize('a', [1, 2, 3])\ndef test_cases(a):\n    assert add(a, 0) == a\n"

WEAKER_FILES = {
    "deleted": (ONE + TWO, ONE),
    "renamed away": (ONE + TWO, ONE + TWO.replace("test_two", "check_two")),
    "skip mark": (ONE + TWO, ONE + TWO.replace("def", "@pytest.mark.skip\ndef")),
    "skipif mark": (ONE, "@pytest.mark.skipif(True, reason='x')\n" + ONE),
    "xfail mark": (ONE, "@pytest.mark.xfail\n" + ONE),
    "deselected mark": (ONE, "@pytest.mark.slow\n" + ONE),
    "unittest skip": (ONE, "import unittest\n\n\n@unittest.skip('x')\n" + ONE),
    "module mark": (ONE, "pytestmark = pytest.mark.skip\n\n\n" + ONE),
    "module skip": (ONE, "pytest.skip('x', allow_module_level=True)\n\n\n" + ONE),
    "not a test": (ONE, "__test__ = False\n\n\n" + ONE),
    "below a condition": (ONE, "if add is None:\n" + indent(ONE, "    ")),
    "deleted name": (ONE, ONE + "\n\ndel test_add\n"),
    "overwritten": (ONE, ONE + "\n\ntest_add = None\n"),
    "shadowed": (ONE, ONE + "\n\ndef test_add():\n    pass\n"),
    "fewer cases": (CASES, CASES.replace("[1, 2, 3]", "[1]")),
    "fewer rows": ("ROWS = [1, 2, 3]\n\n\n" + ONE, "ROWS = [1]\n\n\n" + ONE),
    "rows changed alone": ("ROWS = [(1, 2)]\n\n\n" + ONE, "ROWS = [(1, 3)]\n\n\n" + ONE),
    "equal to all": (ONE, "class Same:\n    def __eq__(self, other):\n        return True\n\n\n" + ONE),
    "own subject": (ONE, "def add(a, b):\n    return 3\n\n\n" + ONE),
    "own assert": (ONE, "class Base:\n    def assertEqual(self, a, b):\n        pass\n\n\n" + ONE),
    "patched builtins": (ONE, "import builtins\n\nbuiltins.len = lambda _: 3\n\n\n" + ONE),
    "plugin": (ONE, "pytest_plugins = ['cheat']\n\n\n" + ONE),
    "hook": (ONE, "def pytest_runtest_makereport(item):\n    pass\n\n\n" + ONE),
    "idle helper": (ONE, ONE.replace("assert add(1, 2) == 3", "check_sum(add(1, 2), 3)") + IDLE),
    "exit at import": (ONE, "import os\n\nos._exit(0)\n\n\n" + ONE),
}


@pytest.mark.parametrize("name", WEAKER_FILES)
def test_a_weaker_file_is_named(tmp_path: Path, name: str) -> None:
    before, after = WEAKER_FILES[name]
    assert rules(tmp_path, before, after, product=name != "rows changed alone")


AS_STRONG_FILES = {
    "test added": (ONE, ONE + TWO),
    "test renamed": (ONE + TWO, ONE + TWO.replace("test_two", "test_two_and_two")),
    "helper moved": ("def make():\n    return 1\n\n\n" + ONE, ONE + "\n\ndef make():\n    return 1\n"),
    "into a class": (ONE, "class TestSums:\n    def test_add(self):\n        assert add(1, 2) == 3\n"),
    "cases added": (CASES, CASES.replace("[1, 2, 3]", "[1, 2, 3, 4]")),
    "cases in a table": (CASES, "ROWS = [1, 2, 3]\n\n\n" + CASES.replace("[1, 2, 3]", "ROWS")),
    "rows added": ("ROWS = [1, 2]\n\n\n" + ONE, "ROWS = [1, 2, 3]\n\n\n" + ONE),
    "module docstring": (ONE, "'''Sums.'''\n" + ONE),
    "comment": (ONE, "# about sums\n" + ONE),
    "own class": (ONE, "class Pair:\n    def __eq__(self, other):\n        return other.a == self.a\n\n\n" + ONE),
    "asserts to cases": (
        body_of("assert add(1, 0) == 1\nassert add(2, 0) == 2"),
        "@pytest.mark.parametrize(('a', 'b'), [(1, 1), (2, 2)])\ndef test_add(a, b):\n    assert add(a, 0) == b\n",
    ),
}


@pytest.mark.parametrize("name", AS_STRONG_FILES)
def test_a_rearranged_file_is_let_through(tmp_path: Path, name: str) -> None:
    before, after = AS_STRONG_FILES[name]
    assert rules(tmp_path, before, after) == []


def test_a_changed_expectation_beside_changed_code_is_left_to_the_tests_of_the_base(tmp_path: Path) -> None:
    assert rules(tmp_path, ONE, ONE.replace("== 3", "== 4"), product=True) == []
    assert rules(tmp_path, ONE, ONE.replace("== 3", "== 4")) != []


def test_a_deleted_file_of_tests_is_named_and_a_moved_one_is_not(tmp_path: Path) -> None:
    base = PRODUCT | {"tests/test_sums.py": START + ONE}
    gone = gate_of(tmp_path / "gone", base, PRODUCT)
    assert [p.rule for p in weakened_tests(gone)] == ["test-deleted"]
    moved = PRODUCT | {"tests/test_add.py": START + ONE}
    there = gate_of(tmp_path / "moved", base, moved, {"tests/test_add.py": "tests/test_sums.py"})
    assert list(weakened_tests(there)) == []
    hidden = PRODUCT | {"tests/sums_helper.py": START + ONE}
    away = gate_of(tmp_path / "hidden", base, hidden, {"tests/sums_helper.py": "tests/test_sums.py"})
    assert [p.rule for p in weakened_tests(away)] == ["test-deleted"]


@pytest.mark.parametrize("where", ["conftest.py", "tests/conftest.py"])
def test_a_conftest_is_refused_wherever_it_lies(tmp_path: Path, where: str) -> None:
    gate = gate_of(tmp_path, PRODUCT, PRODUCT | {where: "import pytest\n"})
    assert [p.rule for p in weakened_tests(gate)] == ["conftest"]


def test_test_data_changed_alone_is_named(tmp_path: Path) -> None:
    base = PRODUCT | {"tests/test_sums.py": START + ONE, "tests/expected.json": "[3]"}
    head = base | {"tests/expected.json": "[4]"}
    assert [p.rule for p in weakened_tests(gate_of(tmp_path, base, head))] == ["expected-value"]


def test_an_example_of_a_docstring_is_a_test_too(tmp_path: Path) -> None:
    code = 'def add(a, b):\n    """Adds.\n\n    >>> add(1, 2)\n    3\n    """\n    return a + b\n'
    base = PRODUCT | {"pkg/sums.py": code}
    gate = gate_of(tmp_path / "a", base, PRODUCT | {"pkg/sums.py": code.replace("    3\n", "    4\n")})
    assert [p.rule for p in weakened_tests(gate)] == ["doctest"]
    kept = gate_of(tmp_path / "b", base, PRODUCT | {"pkg/sums.py": code.replace("Adds.", "The sum.")})
    assert list(weakened_tests(kept)) == []


def test_peoples_own_changes_wait_for_another_person(tmp_path: Path) -> None:
    base = PRODUCT | {"tests/test_sums.py": START + ONE + TWO}
    head = PRODUCT | {"tests/test_sums.py": START + ONE}
    mine, theirs = (gate_of(tmp_path / str(by), base, head, by_engine=by) for by in (True, False))
    assert {p.level for p in weakened_tests(mine)} == {Status.FAIL}
    assert {p.level for p in weakened_tests(theirs)} == {Status.PENDING}
