"""docs/features.md has every id once, in order, and names only what exists."""

import re
from pathlib import Path

import pytest

COUNTS = {
    "SI": 21, "V": 13, "T": 6, "ML": 7, "AI": 7, "C": 10, "TL": 6, "ST": 8, "P": 8, "CF": 6, "H": 3, "O": 7, "R": 3,
    "S": 10, "SC": 6, "D": 8, "W": 9, "Q": 6,
}  # fmt: skip
IDS = [f"{family}-{number}" for family, count in COUNTS.items() for number in range(1, count + 1)]
STATES = ("works", "partly", "not yet")


@pytest.fixture(scope="module")
def rows(texts: dict[str, str]) -> list[list[str]]:
    lines = [line for line in texts["docs/features.md"].splitlines() if re.match(r"\| [A-Z]+-\d+ \|", line)]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_every_id_is_there_once_and_in_order(rows: list[list[str]]) -> None:
    assert [row[0] for row in rows] == IDS


def test_every_row_has_six_cells_and_a_state(rows: list[list[str]]) -> None:
    assert {row[0] for row in rows if len(row) != 6 or row[4] not in STATES or not row[1]} == set()


def test_every_path_exists(root: Path, rows: list[list[str]]) -> None:
    named = {(row[0], path) for row in rows for cell in row[2:4] for path in re.findall(r"`([^`]+)`", cell)}
    assert {(one, path) for one, path in named if not (root / path).exists()} == set()


def test_every_named_test_holds_tests(root: Path, rows: list[list[str]]) -> None:
    files = {path for row in rows for path in re.findall(r"`([^`]+)`", row[3])}
    assert {
        path for path in files if not re.search(r"^(async )?def test_", (root / path).read_text(), re.MULTILINE)
    } == set()


def test_what_works_names_a_module_and_a_test(rows: list[list[str]]) -> None:
    assert {row[0] for row in rows if row[4] == "works" and "-" in (row[2], row[3])} == set()


def test_what_is_partly_done_says_what_is_missing(rows: list[list[str]]) -> None:
    assert {row[0] for row in rows if row[4] == "partly" and (row[5] == "-" or row[2] == "-")} == set()


def test_what_is_not_there_names_no_module(rows: list[list[str]]) -> None:
    assert {row[0] for row in rows if row[4] == "not yet" and (row[2], row[3]) != ("-", "-")} == set()


def test_the_list_of_ids_is_the_specification_s(root: Path) -> None:
    spec = root.parent / "shared" / "SPEC.md"
    if not spec.is_file():
        pytest.skip("the specification does not lie beside this checkout")
    found = set(re.findall(r"(?<![A-Za-z])(" + "|".join(COUNTS) + r")-(\d+)(?![\d*])", spec.read_text()))
    assert {f"{family}-{number}" for family, number in found} == set(IDS)
