"""THREATS 10: invented, look-alike and poisoned dependencies; nothing about them passes without people."""

import asyncio
from pathlib import Path

import pytest

from bot.core.verdict import Status
from bot.improve.stages._audit import audited
from bot.improve.stages._imports import undeclared
from bot.improve.stages.dependencies import both, edits, lookalike, packages
from tests.improve.stages.static.builders import gate_of

HASH = "--hash=sha256:" + "a" * 64
PYPROJECT = (
    '[project]\nname = "x"\ndependencies = [\n    "requests>=2",\n]\n\n[build-system]\nrequires = ["uv_build"]\n'
)
BASE = {"pkg/__init__.py": "", "pyproject.toml": PYPROJECT, "requirements.lock": f"requests==2.34 \\\n    {HASH}\n"}


def found(tmp: Path, head: dict[str, str], *, by_engine: bool = True) -> dict[str, Status]:
    gate = gate_of(tmp, BASE, {**BASE, **head}, by_engine=by_engine)
    before, after = both(gate)
    return {p.rule: p.level for p in [*packages(gate, before, after), *asyncio.run(audited(gate, before, after))]}


def with_dependency(row: str) -> str:
    return PYPROJECT.replace('    "requests>=2",\n', f'    "requests>=2",\n    "{row}",\n')


@pytest.mark.parametrize(
    "name", ["reqeusts", "requestss", "request", "requests0", "djang0", "py-yaml", "nunpy", "pandsa", "cryptographyy"]
)
def test_a_look_alike_is_refused(tmp_path: Path, name: str) -> None:
    lock = BASE["requirements.lock"] + f"{name}==1.0 \\\n    {HASH}\n"
    rules = found(tmp_path, {"pyproject.toml": with_dependency(f"{name}>=1"), "requirements.lock": lock})
    assert rules["look-alike"] is Status.FAIL


def test_a_dependency_without_a_hash_in_the_lock_is_refused(tmp_path: Path) -> None:
    assert found(tmp_path / "a", {"pyproject.toml": with_dependency("tenacity>=8")})["unlocked"] is Status.FAIL
    loose = BASE["requirements.lock"] + "tenacity==8.1\n"
    assert found(tmp_path / "b", {"requirements.lock": loose})["unlocked"] is Status.FAIL


def test_a_locked_dependency_that_nobody_audits_waits_for_people_and_never_passes(tmp_path: Path) -> None:
    lock = BASE["requirements.lock"] + f"tenacity==8.1 \\\n    {HASH}\n"
    rules = found(tmp_path, {"pyproject.toml": with_dependency("tenacity>=8"), "requirements.lock": lock})
    assert rules == {"unaudited": Status.PENDING}


def test_other_hashes_for_the_same_version_are_refused(tmp_path: Path) -> None:
    lock = BASE["requirements.lock"].replace("a" * 64, "b" * 64)
    assert found(tmp_path, {"requirements.lock": lock})["hash"] is Status.FAIL


@pytest.mark.parametrize(
    "row", ["tool @ git+https://example.org/x", "tool @ https://example.org/x.whl", "tool @ file:///tmp/x"]
)
def test_an_address_is_no_package(tmp_path: Path, row: str) -> None:
    rules = found(tmp_path, {"pyproject.toml": with_dependency(row)})
    assert rules["address"] is Status.FAIL


@pytest.mark.parametrize(
    "line", ["--extra-index-url https://example.org", "-i https://example.org", "--trusted-host example.org", "-f ./x"]
)
def test_the_installer_is_not_steered(tmp_path: Path, line: str) -> None:
    rules = found(tmp_path, {"requirements.lock": f"{line}\n" + BASE["requirements.lock"]})
    assert rules["installer"] is Status.FAIL


def test_the_build_is_not_replaced(tmp_path: Path) -> None:
    backend = PYPROJECT + 'build-backend = "cheat"\nbackend-path = ["."]\n'
    assert found(tmp_path / "a", {"pyproject.toml": backend})["build"] is Status.FAIL
    assert found(tmp_path / "b", {"setup.py": "import os\n"})["build"] is Status.FAIL
    plugin = PYPROJECT + '\n[project.entry-points.pytest11]\ncheat = "pkg"\n'
    assert found(tmp_path / "c", {"pyproject.toml": plugin})["build"] is Status.FAIL


def test_a_broken_declaration_is_refused_to_anyone(tmp_path: Path) -> None:
    assert found(tmp_path, {"pyproject.toml": "[project\n"}, by_engine=False)["broken"] is Status.FAIL


@pytest.mark.slow
def test_an_import_that_nobody_declared_is_refused(tmp_path: Path) -> None:
    code = "import json\nimport requests\nimport pkg\nfrom . import other\nimport left_pad\n"
    rules = [p.message for p in undeclared(gate_of(tmp_path, BASE, BASE | {"pkg/new.py": code}))]
    assert rules == ["imports left_pad, which no file of the project declares"]


def test_what_base_imports_already_may_be_imported_elsewhere(tmp_path: Path) -> None:
    base = BASE | {"pkg/old.py": "import odd_one\n"}
    assert list(undeclared(gate_of(tmp_path, base, base | {"pkg/new.py": "import odd_one\n"}))) == []


def test_distance_counts_swaps_once() -> None:
    assert (edits("numpy", "numpy"), edits("nunpy", "numpy"), edits("nupmy", "numpy"), edits("a", "abcd")) == (
        0,
        1,
        1,
        3,
    )
    assert lookalike("requests", frozenset({"requests"})) == ""
    assert lookalike("starlette-admin", frozenset({"starlette"})) == ""
