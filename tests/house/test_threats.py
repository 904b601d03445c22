"""docs/threats.md has every row once and names only tests that exist."""

import re
from pathlib import Path

import pytest

ROWS = 24
STATES = ("held", "later", "open")


@pytest.fixture(scope="module")
def rows(texts: dict[str, str]) -> list[list[str]]:
    lines = [line for line in texts["docs/threats.md"].splitlines() if re.match(r"\| \d+ \|", line)]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_every_row_is_there_once(rows: list[list[str]]) -> None:
    assert [int(row[0]) for row in rows] == list(range(1, ROWS + 1))
    assert {row[0] for row in rows if len(row) != 6 or row[4] not in STATES} == set()


def test_what_is_held_names_what_holds_it_and_tests_that_exist(root: Path, rows: list[list[str]]) -> None:
    for number, _attack, holds, tests, state, _note in rows:
        files = re.findall(r"`([^`]+)`", tests)
        assert not [file for file in files if not (root / file).is_file()], number
        assert state != "held" or (files and holds != "-"), number


def test_what_is_not_held_says_why(rows: list[list[str]]) -> None:
    assert {row[0] for row in rows if row[4] != "held" and row[5] == "-"} == set()


def test_every_test_of_an_attack_stands_on_the_page(texts: dict[str, str]) -> None:
    files = {path for path in texts if re.match(r"tests/attacks/test_\w+\.py", path)}
    assert {path for path in files if path not in texts["docs/threats.md"]} == set()


def test_there_are_as_many_rows_as_in_the_list_of_threats(root: Path) -> None:
    known = root.parent / "shared" / "THREATS.md"
    if not known.is_file():
        pytest.skip("the list of threats does not lie beside this checkout")
    assert len(re.findall(r"^\| \d+ \|", known.read_text(), re.MULTILINE)) == ROWS
