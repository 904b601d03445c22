"""What Hypothesis works out is made once, by the interpreter alone, and lent where it is used."""

import hashlib
from pathlib import Path

import pytest

from bot.improve.testing.lent import CONSTANTS, TABLES, WORTH, lend
from tests.improve.testing.toys import PROFILE, PlainWorkspace, write

USES = {"tests/test_a.py": "from hypothesis import given\n"}


SOURCE = "NUMBER = 83_291\n"
NAME = hashlib.sha1(SOURCE.encode()).hexdigest()[:16]


@pytest.mark.integration
async def test_they_are_made_once_and_lent_to_each_run(tmp_path: Path) -> None:
    work = PlainWorkspace(write(tmp_path / "tree", {**USES, "toy/a.py": SOURCE}))
    for name in ("one", "two"):
        lent = await lend(work, work.path, PROFILE, cache=tmp_path, storage=tmp_path / name)
        assert list((tmp_path / name / TABLES).rglob("charmap.json.gz"))
        assert "83291" in (tmp_path / name / CONSTANTS / NAME).read_text()
        assert {(tmp_path / name / folder).resolve() for folder in (TABLES, CONSTANTS)} == set(lent)
    assert work.runs == 1
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


@pytest.mark.integration
async def test_few_new_sources_are_left_to_the_run_and_many_are_not(tmp_path: Path) -> None:
    work = PlainWorkspace(write(tmp_path / "tree", USES))
    await lend(work, work.path, PROFILE, cache=tmp_path, storage=tmp_path / "one")
    write(work.path, {"toy/a.py": SOURCE})
    await lend(work, work.path, PROFILE, cache=tmp_path, storage=tmp_path / "two")
    assert work.runs == 1
    write(work.path, {f"toy/b{number}.py": f"x = {number}\n" for number in range(WORTH)})
    await lend(work, work.path, PROFILE, cache=tmp_path, storage=tmp_path / "three")
    assert work.runs == 2
    assert (tmp_path / "three" / CONSTANTS / NAME).is_file()


@pytest.mark.integration
async def test_the_checkouts_own_code_has_no_part_in_them(tmp_path: Path) -> None:
    bad = "import pathlib\npathlib.Path('ran').touch()\n"
    files = {**USES, "hypothesis/__init__.py": bad, "sitecustomize.py": bad, "hypothesis.py": bad, "toy/a.py": bad}
    work = PlainWorkspace(write(tmp_path / "tree", files))
    await lend(work, work.path, PROFILE, cache=tmp_path, storage=tmp_path / "one")
    assert (tmp_path / "one" / TABLES).is_dir()
    assert not (work.path / "ran").exists()


async def test_a_suite_that_does_not_use_it_pays_nothing(tmp_path: Path) -> None:
    work = PlainWorkspace(write(tmp_path / "tree", {"tests/test_a.py": "x = 1\n", "toy/a.py": "import hypothesis\n"}))
    assert await lend(work, work.path, PROFILE, cache=tmp_path, storage=tmp_path / "one") == ()
    assert work.runs == 0
    assert not (tmp_path / "one").exists()


async def test_an_interpreter_without_it_is_asked_once(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\nexit 1\n")
    python.chmod(0o755)
    work = PlainWorkspace(write(tmp_path / "tree", USES), python=python)
    for name in ("one", "two"):
        assert await lend(work, work.path, PROFILE, cache=tmp_path, storage=tmp_path / name) == ()
    assert work.runs == 1
