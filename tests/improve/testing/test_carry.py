"""What a run of the base says of a changed tree, and what it must not say."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.improve.doors import Gate
from bot.improve.testing.carry import MOST, carried, reach_is_known, successor
from bot.improve.testing.results import FileLines, Result, Run
from tests.improve.testing.toys import gate, replace

CODE = "import os\n\n\ndef f():\n    return 1\n\n\ndef g():\n    return 2\n"
BASE = {
    "toy/a.py": CODE, "toy/b.py": "x = 1\n", "toy/data.toml": "a = 1\n",
    "tests/test_a.py": "", "tests/test_b.py": "", "tests/conftest.py": "", "pyproject.toml": "",
}  # fmt: skip
F, G = "tests/test_a.py::test_f", "tests/test_b.py::test_g"
RUN = Run(
    tests={F: Result("passed"), G: Result("passed")},
    collected=(F, G),
    files={"toy/a.py": FileLines("1,4-5,8-9", {F: "5", G: "9"}), "toy/b.py": FileLines("1")},
)


def changed(tmp_path: Path, edits: Mapping[str, str | None]) -> Gate:
    return gate(tmp_path, BASE, edits)


@pytest.mark.parametrize(
    ("edits", "known"),
    [
        ({"toy/a.py": CODE + "\n"}, True),
        ({"toy/data.toml": "a = 2\n"}, True),
        ({"tests/test_n.py": "x = 1\n"}, True),
        ({"toy/a.py": CODE + "\n", "tests/test_n.py": "x = 1\n"}, True),
        ({"toy/new.py": "x = 1\n"}, False),
        ({"toy/b.py": "x = 2\n"}, False),
        ({"toy/a.py": CODE + "\n", "toy/b.py": "x = 2\n"}, False),
        ({"toy/b.py": None}, True),
        ({"toy/a.py": CODE + "\n", "toy/data.toml": "a = 2\n"}, False),
    ],
)
def test_the_reach_of_code_is_known_where_tests_run_its_file_and_neither_new_files_nor_data_bend_it(
    tmp_path: Path, edits: Mapping[str, str | None], known: bool
) -> None:
    assert reach_is_known(changed(tmp_path, edits), RUN) is known


def test_lines_move_with_their_text_and_those_of_other_tests_stay_out(tmp_path: Path) -> None:
    made = changed(tmp_path, {"toy/a.py": CODE.replace("    return 1\n", "    y = 1\n    return y\n")})
    found = carried(made, RUN, [G])
    assert found["toy/a.py"] == FileLines("1,4,9-10", {G: "10"})
    assert found["toy/b.py"] == RUN.files["toy/b.py"]


def test_replaced_lines_are_never_carried(tmp_path: Path) -> None:
    made = changed(tmp_path, {"toy/a.py": CODE.replace("return 1", "return 3")})
    assert 5 not in carried(made, RUN, [F, G])["toy/a.py"].lines()


def test_a_deleted_file_carries_nothing(tmp_path: Path) -> None:
    assert "toy/a.py" not in carried(changed(tmp_path, {"toy/a.py": None}), RUN, [F, G])


def test_the_tree_after_a_change_is_known_from_what_was_run_on_it(tmp_path: Path) -> None:
    made = changed(tmp_path, {"toy/a.py": CODE + "\n", "tests/test_b.py": "new\n"})
    new = "tests/test_b.py::test_new"
    own = Run({new: Result("passed")}, (new,), {"toy/a.py": FileLines("9", {new: "9"})})
    found = successor(made, RUN, replace(RUN, collected=()), own)
    assert found is not None
    assert found.collected == (F, new)
    assert set(found.tests) == {F, new}
    assert found.files["toy/a.py"] == FileLines("1,4-5,8-9", {F: "5", new: "9"})
    assert found.carried == 1


@pytest.mark.parametrize(
    "edits",
    [
        {"tests/conftest.py": "x = 1\n"},
        {"pyproject.toml": "[tool.x]\n"},
        {"tests/helper.py": "x = 1\n"},
        {"tests/data.json": "{}"},
        {"tests/test_a.py": None},
    ],
)
def test_what_bends_the_tests_unseen_leads_to_a_new_run(tmp_path: Path, edits: Mapping[str, str | None]) -> None:
    assert successor(gate(tmp_path, BASE, edits), RUN, RUN, Run()) is None


def test_after_so_many_changes_the_whole_is_measured_again(tmp_path: Path) -> None:
    made = changed(tmp_path, {"toy/a.py": CODE + "\n"})
    assert successor(made, replace(RUN, carried=MOST - 1), RUN, Run()) is not None
    assert successor(made, replace(RUN, carried=MOST), RUN, Run()) is None


@given(st.lists(st.sampled_from("abcdef"), max_size=12), st.lists(st.sampled_from("abcdef"), max_size=12))
def test_a_carried_line_is_the_same_text(
    tmp_path_factory: pytest.TempPathFactory, old: list[str], new: list[str]
) -> None:
    before, after = "".join(f"{x}\n" for x in old), "".join(f"{x}\n" for x in new)
    made = gate(tmp_path_factory.mktemp("g"), {"toy/a.py": before}, {"toy/a.py": after})
    run = Run(files={"toy/a.py": FileLines(f"1-{len(old)}" if old else "")})
    found = carried(made, run, ()).get("toy/a.py", FileLines("")).lines()
    assert len(found) <= min(len(old), len(new))
    assert all(new[line - 1] in old for line in found)
