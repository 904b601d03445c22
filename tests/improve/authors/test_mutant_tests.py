"""Tests that write tests: their names, their place, their proof."""

from pathlib import Path, PurePosixPath

import pytest

from bot.core.change import Finding, Kind, Patch, Refusal, Severity
from bot.improve.analysts.surviving_mutants import RULE, SurvivingMutants, decode, encode
from bot.improve.authors.mutant_tests import MutantTests, repeats
from bot.improve.authors.mutant_tests_place import formatted, place_for
from bot.improve.authors.mutant_tests_search import Witness
from bot.improve.authors.mutant_tests_text import Style, compose, name_of, statements
from bot.improve.inputs.values import Call
from bot.improve.mutation.mutant import Mutant
from tests.improve.testing.toys import PROFILE, PlainWorkspace, replace, write

MUTANT = Mutant(PurePosixPath("toy/m.py"), 10, 12, "<", "comparison", 3, 3, "<=", "percent")


def witness(*args: object, source: str = "0.0", raises: str = "", kind: str = "float") -> Witness:
    return Witness(MUTANT, Call(args), "" if raises else source, raises, kind)


@pytest.mark.parametrize(
    ("found", "name"),
    [
        (witness(5, 0), "test_percent_of_part_5_and_total_zero_is_zero"),
        (witness(0), "test_percent_of_zero_is_zero"),
        (witness(1, -2, raises="ValueError"), "test_percent_of_part_one_and_total_minus_2_raises_value_error"),
        (witness([], source="None", kind="NoneType"), "test_percent_of_empty_list_is_none"),
        (witness([1, 2, 3], source="True", kind="bool"), "test_percent_is_true"),
        (witness([1, 2, 3], source="[3, 2]", kind="list"), "test_percent_example"),
        (witness("Some Text", source="Size.BIG", kind="Size"), "test_percent_of_some_text_is_big"),
    ],
)
def test_a_test_is_named_after_the_behaviour(found: Witness, name: str) -> None:
    assert name_of("percent", ["part", "total"], found) == name


@pytest.mark.parametrize(
    ("found", "plain", "cased"),
    [
        (
            witness(1, 3, source="33.3"),
            "assert f(1, 3) == pytest.approx(33.3)",
            "self.assertAlmostEqual(f(1, 3), 33.3)",
        ),
        (witness(1, source="0.0"), "assert f(1) == 0.0", "self.assertEqual(f(1), 0.0)"),
        (witness("", source="None", kind="NoneType"), "assert f('') is None", "self.assertIs(f(''), None)"),
        (witness(1, raises="KeyError"), "with pytest.raises(KeyError):", "with self.assertRaises(KeyError):"),
    ],
)
def test_one_call_and_one_literal(found: Witness, plain: str, cased: str) -> None:
    assert statements("f", found, unittest=False)[0] == plain
    assert statements("f", found, unittest=True)[0] == cased


def test_a_file_imports_what_it_uses_and_follows_the_style() -> None:
    tests = {"test_x": ["assert f(B(1)) == pytest.approx(0.5)"]}
    text = compose("`f`", {"toy.m": {"f", "B"}}, tests, Style(typed=True))
    assert "import pytest\n\nfrom toy.m import B, f\n" in text
    assert "def test_x() -> None:" in text
    cased = compose("`f`", {"toy.m": {"f"}}, {"test_x": ["self.assertEqual(f(1), 2)"]}, Style(unittest=True))
    assert "class EdgeCases(unittest.TestCase):\n    def test_x(self):" in cased
    assert "pytest" not in cased


def test_a_constant_asserted_again_is_a_repetition() -> None:
    text = replace(MUTANT, operator="constant", original='"a long constant"')
    assert repeats(Witness(text, Call((1,)), "'a long constant'"))
    assert not repeats(Witness(text, Call((1,)), "'another outcome'"))
    assert not repeats(Witness(MUTANT, Call((1,)), "'a long constant'"))


@pytest.mark.parametrize(
    ("folders", "product", "place"),
    [
        (["tests/deep"], "toy/deep/m.py", "tests/deep/test_m_edges.py"),
        (["tests/toy/deep"], "toy/deep/m.py", "tests/toy/deep/test_m_edges.py"),
        (["tests"], "toy/deep/m.py", "tests/test_m_edges.py"),
        (["tests/toy"], "toy/__init__.py", "tests/toy/test_toy_edges.py"),
    ],
)
def test_the_file_lies_where_the_others_do(tmp_path: Path, folders: list[str], product: str, place: str) -> None:
    root = write(tmp_path, {f"{folder}/test_other.py": "" for folder in folders})
    assert str(place_for(root, PurePosixPath(product), PROFILE)) == place


def test_an_existing_file_is_never_replaced(tmp_path: Path) -> None:
    root = write(tmp_path, {"tests/test_m_edges.py": "", "tests/test_toy_m_edges.py": ""})
    place = place_for(root, PurePosixPath("toy/m.py"), PROFILE)
    assert place is not None
    assert not (root / place).exists()


def test_what_does_not_parse_is_not_formatted(tmp_path: Path) -> None:
    assert formatted("def (", tmp_path) is None
    assert formatted("x = {  'a':1}\n", tmp_path) == 'x = {"a": 1}\n'


def finding(*mutants: Mutant) -> Finding:
    evidence = {"mutants": [encode(m) for m in mutants], "alive": len(mutants)}
    return Finding(RULE, MUTANT.path, 1, 4, Severity.LOW, "percent: alive", "x", "percent", evidence)


def test_a_mutant_travels_in_a_finding() -> None:
    assert decode(encode(MUTANT)) == MUTANT
    with pytest.raises(ValueError):
        decode("[1]")


def test_the_same_finding_is_the_same_idea_and_other_rules_are_left() -> None:
    author = MutantTests()
    ideas = author.ideas([finding(MUTANT), replace(finding(MUTANT), rule="other")])
    assert len(ideas) == 1
    assert ideas == author.ideas([finding(MUTANT)])
    assert ideas[0].kind is Kind.TEST


async def test_code_that_changed_meanwhile_is_refused(tmp_path: Path) -> None:
    work = PlainWorkspace(write(tmp_path, {"toy/m.py": "def percent(a: int) -> int:\n    return a\n"}))
    author = MutantTests()
    refusal = await author.write(author.ideas([finding(MUTANT)])[0], work, PROFILE)
    assert isinstance(refusal, Refusal)
    assert "has changed" in refusal.because
    assert work.runs == 0


SOURCE = '''"""Shares."""


def percent(part: int, total: int) -> float:
    """Share in percent."""
    if total <= 0:
        return 0.0
    return round(100 * part / total, 1)
'''


@pytest.mark.integration
@pytest.mark.parametrize("runner", ["pytest", "unittest"])
async def test_from_a_survivor_to_a_test_that_kills_it(tmp_path: Path, runner: str) -> None:
    held = "from toy.m import percent\n\n\ndef test_half():\n    assert percent(1, 2) == 50.0\n"
    files = {"toy/__init__.py": "", "toy/m.py": SOURCE, "tests/test_m.py": held}
    work = PlainWorkspace(write(tmp_path / "tree", files))
    findings = await SurvivingMutants(tmp_path / "cache").find(work, PROFILE)
    assert [f.symbol for f in findings] == ["percent"]
    author = MutantTests(tmp_path / "cache")
    profile = replace(PROFILE, runner=runner)  # type: ignore[arg-type]  # one of the two
    patch = await author.write(author.ideas(findings)[0], work, profile)
    assert isinstance(patch, Patch)
    assert [str(path) for path in patch.files] == ["tests/test_m_edges.py"]
    text = next(iter(patch.files.values()))
    assert text is not None
    assert b"total_zero_is_zero" in text
    assert patch.facts["mutants"]
