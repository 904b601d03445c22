"""The packages under a change's code: those of its own lock, where it changes it; and only wheels of known hash."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.servers.absent import absent
from tests.workflows.ground import GOOD, ROOT, Ground

pytestmark = pytest.mark.integration
SCRIPT = ROOT / ".github" / "actions" / "validate" / "interpreter"


def run(ground: Ground, head: str) -> "subprocess.CompletedProcess[str]":
    place = ground.folder.parent / "temp"
    place.mkdir(exist_ok=True)
    told = {"GITHUB_WORKSPACE": str(ground.folder), "RUNNER_TEMP": str(place), "BASE": ground.base, "HEAD": head}
    env = {**os.environ, **told}
    return subprocess.run([str(SCRIPT), str(ROOT)], env=env, check=False, capture_output=True, text=True)


def locked(name: str) -> str:
    """The row of a package in our own lock."""
    row = re.search(rf"^{name}==.*?(?=^\S)", (ROOT / "requirements.lock").read_text(), re.MULTILINE | re.DOTALL)
    assert row is not None
    return row[0]


def test_a_change_of_the_lock_brings_its_own_packages(tmp_path: Path) -> None:
    ground = Ground.make(tmp_path)
    done = run(ground, ground.change({**GOOD, "requirements.lock": locked("iniconfig")}))
    if "error sending request" in done.stderr:
        absent("the index cannot be reached")
    assert done.returncode == 0, done.stderr
    python = Path(done.stdout.strip())
    assert python.is_relative_to(tmp_path)
    there = {path.name.split("-")[0] for path in python.parents[1].glob("lib/python3*/site-packages/*.dist-info")}
    assert there == {"iniconfig"}, "nothing of the validator's own"


def test_a_change_that_leaves_the_lock_alone_has_the_validators_packages(tmp_path: Path) -> None:
    ground = Ground.make(tmp_path)
    done = run(ground, ground.change(GOOD))
    assert (done.returncode, done.stdout) == (0, "")
    assert list((tmp_path / "temp").iterdir()) == []


@pytest.mark.parametrize("lock", ["iniconfig==2.1.0\n", "-e .\n"])
def test_what_has_no_hash_is_not_installed(tmp_path: Path, lock: str) -> None:
    ground = Ground.make(tmp_path)
    done = run(ground, ground.change({"requirements.lock": lock}))
    assert done.returncode != 0
    assert done.stdout == ""
    assert not list((tmp_path / "temp").glob("packages-*/lib/python3*/site-packages/*.dist-info"))
