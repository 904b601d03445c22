"""Hypothesis's tables of characters are made once, by the interpreter alone, and lent where they are used."""

from pathlib import Path

import pytest

from bot.improve.testing.characters import FOLDER, lend
from tests.improve.testing.toys import PROFILE, PlainWorkspace, write

USES = {"tests/test_a.py": "from hypothesis import given\n"}


@pytest.mark.integration
async def test_the_tables_are_made_once_and_lent_to_each_run(tmp_path: Path) -> None:
    work = PlainWorkspace(write(tmp_path / "tree", USES))
    for name in ("one", "two"):
        await lend(work, work.path, PROFILE, cache=tmp_path, into=tmp_path / name)
        assert list((tmp_path / name / FOLDER).rglob("charmap.json.gz"))
    assert work.runs == 1
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


@pytest.mark.integration
async def test_the_checkouts_own_code_has_no_part_in_them(tmp_path: Path) -> None:
    bad = "import pathlib\npathlib.Path('ran').touch()\n"
    files = {**USES, "hypothesis/__init__.py": bad, "sitecustomize.py": bad, "hypothesis.py": bad}
    work = PlainWorkspace(write(tmp_path / "tree", files))
    await lend(work, work.path, PROFILE, cache=tmp_path, into=tmp_path / "one")
    assert (tmp_path / "one" / FOLDER).is_dir()
    assert not (work.path / "ran").exists()


async def test_a_suite_that_does_not_use_it_pays_nothing(tmp_path: Path) -> None:
    work = PlainWorkspace(write(tmp_path / "tree", {"tests/test_a.py": "x = 1\n"}))
    await lend(work, work.path, PROFILE, cache=tmp_path, into=tmp_path / "one")
    assert work.runs == 0
    assert not (tmp_path / "one").exists()
