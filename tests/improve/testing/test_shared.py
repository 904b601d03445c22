"""A suite of many files is shared by processes without a list of its tests first; with real processes."""

from pathlib import Path

import pytest

from bot.improve.testing import baseline as module
from bot.improve.testing.baseline import baseline
from bot.improve.testing.results import Run
from bot.improve.testing.run import Ask, shards
from tests.improve.testing.toys import PROFILE, PlainWorkspace, write

pytestmark = pytest.mark.integration  # they start processes

CODE = "".join(f"def f{n}():\n    return {n}\n\n\n" for n in range(50))
FILES = {
    "toy/__init__.py": "",
    "toy/a.py": CODE,
    "tests/conftest.py": (
        "import pytest\n\n\n@pytest.fixture\ndef one():\n    return 1\n\n\n"
        "def pytest_ignore_collect(collection_path):\n    return True if 'left_out' in collection_path.name else None\n"
    ),
    "tests/test_left_out.py": "raise RuntimeError\n" * 400,
    "tests/helper.py": "x = 1\n",
    **{
        f"tests/{'deep/' if n % 3 else ''}test_{n}.py": (
            f"from toy.a import f{n}\n\n\ndef test_it(one):\n    assert f{n}() == {n}\n\n\n"
            "def test_b():\n    assert True\n"
        )
        for n in range(50)
    },
}


async def ran(folder: Path, files: dict[str, str], most: int, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setattr(module, "MANY", most)
    work = PlainWorkspace(write(folder / "tree", files))
    return await baseline(work, PROFILE, scratch=folder / "scratch", cache=folder / "cache")


async def test_the_shared_run_shows_what_the_listed_run_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shared = await ran(tmp_path / "shared", FILES, 40, monkeypatch)
    listed = await ran(tmp_path / "listed", FILES, 10_000, monkeypatch)

    assert len(shared.tests) == 100
    assert set(shared.collected) == set(listed.collected) == set(shared.tests) == set(listed.tests)
    assert len(shared.collected) == 100
    assert (
        [shared.problems, shared.tampered, shared.timed_out]
        == [listed.problems, listed.tampered, False]
        == [{}, (), False]
    )
    assert {t: r.outcome for t, r in shared.tests.items()} == {t: r.outcome for t, r in listed.tests.items()}
    assert {t: r.digest for t, r in shared.tests.items()} == {t: r.digest for t, r in listed.tests.items()}
    assert shared.files == listed.files


async def test_a_file_that_breaks_and_one_that_ends_the_process_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {
        **FILES,
        "tests/test_broken.py": "import nowhere_to_be_found\n",
        "tests/test_killer.py": "import os\n\n\ndef test_it():\n    os._exit(0)\n",
    }
    run = await ran(tmp_path, files, 40, monkeypatch)
    assert run.tests["tests/test_killer.py::test_it"].outcome == "died"
    assert [where for where in run.problems if "broken" in where] == ["tests/test_broken.py"]
    assert sum(result.good for result in run.tests.values()) == 100


def test_each_process_is_told_its_part() -> None:
    assert [part["share"] for part in shards(Ask(shared=True), ["tests"])] == [[0, 2], [1, 2]]
    assert all("share" not in part for part in shards(Ask(), ["tests"]))
