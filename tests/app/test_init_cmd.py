"""`megawatts init` makes a forge once, and names what is wrong."""

import json
import subprocess
from pathlib import Path

import pytest

from bot.__main__ import main

pytestmark = pytest.mark.integration  # it runs git


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(["init", *words])
    said = capsys.readouterr()
    return int(ended.value.code or 0), said.out, said.err


def test_a_forge_is_made_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "source"
    source.mkdir()
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.invalid"]
    for words in (["init", "-q"], [*identity, "commit", "-q", "--allow-empty", "-m", "begin"]):
        subprocess.run(["git", *words], cwd=source, check=True)
    where = ["--repo", str(source), "--home", str(tmp_path / "home"), "--json"]
    code, first, _ = run(capsys, *where)
    assert code == 0
    subprocess.run(["git", *identity, "commit", "-q", "--allow-empty", "-m", "more"], cwd=source, check=True)
    code, second, _ = run(capsys, *where)
    assert code == 0
    assert json.loads(first) == json.loads(second), "a forge that is there is not made again"


def test_what_is_no_repository_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "--repo", str(tmp_path), "--home", str(tmp_path / "home"))
    assert (code, out) == (3, "")
    assert str(tmp_path) in err
