"""Every codemod on its cases: what it does, what it leaves alone, and that behaviour stays."""

import ast
import copy
import subprocess
import sys
import tomllib
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.improve.authors.codemods import ORDER, all_codemods, codemod
from bot.improve.authors.codemods.proof import unproved
from bot.improve.authors.codemods.source import Edit, Source

FOLDER = Path(__file__).parent / "cases"
CASES: dict[str, dict[str, Any]] = {
    path.stem: tomllib.loads(path.read_text()) for path in sorted(FOLDER.glob("*.toml"))
}
REFUSED = [(name, row["why"], row["code"]) for name, case in CASES.items() for row in case["refused"]]
AROUND = ("import   os  # kept\n\nx = ( 1,\n  2 )\n\n\n", "\n\ny   = 'a'  ;  z = 2   # kept\n")


def edits(name: str, text: str) -> list[Edit]:
    return list(codemod(name).find(Source(text)))


def rewritten(name: str, text: str) -> str:
    source = Source(text)
    found = list(codemod(name).find(source))
    return source.apply(found[0]) if found else text


def test_there_are_cases_for_each_and_enough_of_them() -> None:
    assert set(CASES) == set(ORDER)
    assert len(ORDER) >= 15
    assert all(len(case["refused"]) >= 3 for case in CASES.values())
    assert [mod.name for mod in all_codemods()] == list(ORDER)


@pytest.mark.parametrize("name", ORDER)
def test_the_rewrite(name: str) -> None:
    assert rewritten(name, CASES[name]["before"]) == CASES[name]["after"]


@pytest.mark.parametrize("name", ORDER)
def test_a_second_run_changes_nothing(name: str) -> None:
    assert edits(name, CASES[name]["after"]) == []


@pytest.mark.parametrize("name", ORDER)
def test_only_its_own_kind_of_edit(name: str) -> None:
    before = CASES[name]["before"]
    (edit,) = edits(name, before)
    assert unproved(before, Source(before).apply(edit), edit) == ""


@pytest.mark.parametrize("name", ORDER)
def test_every_byte_outside_stays(name: str) -> None:
    first, last = AROUND
    before = first + CASES[name]["before"] + last
    after = rewritten(name, before)
    assert after != before
    assert after.startswith(first)
    assert after.endswith(last)


@pytest.mark.parametrize("name", ORDER)
def test_other_line_ends_stay(name: str) -> None:
    before = CASES[name]["before"].replace("\n", "\r\n")
    assert rewritten(name, before) == CASES[name]["after"].replace("\n", "\r\n")


@pytest.mark.parametrize(("name", "why", "code"), REFUSED, ids=[f"{n}: {w}" for n, w, _ in REFUSED])
def test_left_alone(name: str, why: str, code: str) -> None:
    assert edits(name, code) == [], why


def outcome(function: Callable[..., object], arguments: tuple[object, ...]) -> object:
    """What a call gives, raises and does to its arguments."""
    mine = copy.deepcopy(arguments)
    try:
        return repr(function(*mine)), repr(mine)
    except Exception as error:  # noqa: BLE001  (which one it is belongs to the behaviour)
        return type(error).__name__, repr(mine)


def loaded(text: str) -> Callable[..., object]:
    space: dict[str, Any] = {}
    exec(compile(text, "case", "exec"), space)
    found: Callable[..., object] = space["f"]
    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", ORDER)
def test_both_versions_do_the_same(name: str) -> None:
    before, after = loaded(CASES[name]["before"]), loaded(CASES[name]["after"])
    hints = {k: v for k, v in typing.get_type_hints(before).items() if k != "return"}
    arguments = st.tuples(*(st.from_type(hint) for hint in hints.values()))

    @settings(max_examples=15, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(arguments)
    def same(given_arguments: tuple[object, ...]) -> None:
        assert outcome(before, given_arguments) == outcome(after, given_arguments)

    same()


def test_ruff_with_all_its_rules_and_fixes_does_none_of_this(tmp_path: Path) -> None:
    for name in ORDER:
        (tmp_path / f"{name}.py").write_text(CASES[name]["before"])
    argv = [
        sys.executable,
        "-m",
        "ruff",
        "check",
        "--isolated",
        "--no-cache",
        "--select",
        "ALL",
        "--fix",
        "--unsafe-fixes",
    ]
    subprocess.run(
        [*argv, "-q", "--exit-zero", "--target-version", "py311", "."], cwd=tmp_path, check=True, capture_output=True
    )
    left = {name for name in ORDER if edits(name, (tmp_path / f"{name}.py").read_text())}
    assert left == set(ORDER)


@pytest.mark.parametrize(
    ("after", "why"),
    [
        ("x = 1\n\n\ndef f(a):\n    return any(a\n", "does not compile"),
        ("x = 2\n\n\ndef f(a):\n    return any(a)\n", "outside"),
        ("x = 1\n\n\ndef f(a):\n    return any(a)\n\n\ndef g(): ...\n", "definition"),
        ("x = 1\n\n\ndef f(b):\n    return any(b)\n", "outside"),
        ("x = 1\n\n\ndef f(a):\n    return all(a)\n", "nothing"),
    ],
)
def test_the_proof_refuses(after: str, why: str) -> None:
    before = "x = 1\n\n\ndef f(a):\n    return all(a)\n"
    source = Source(before)
    call = next(n for n in ast.walk(source.tree) if isinstance(n, ast.Call))
    edit = source.edit(call, (source.start(call), source.end(call), "any(a)"))
    assert why in unproved(before, after, edit)
    assert unproved(before, source.apply(edit), edit) == ""


@pytest.mark.parametrize("text", ["\ufeffx = 1\n", "x = 1\ry = 2\n", "x = 1\n\f\n", "def f(:\n"])
def test_files_that_are_not_ordinary_are_left_alone(text: str) -> None:
    with pytest.raises(ValueError):
        Source(text)


def test_the_same_place_keeps_its_name_when_lines_move() -> None:
    before = CASES["any_flag"]["before"]
    (here,) = edits("any_flag", before)
    (there,) = edits("any_flag", "import os\n\n\n" + before)
    assert here.digest == there.digest
    assert here.line != there.line


def test_a_codemod_of_no_name() -> None:
    with pytest.raises(KeyError):
        codemod("os")
