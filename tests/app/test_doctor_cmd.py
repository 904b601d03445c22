import json
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.app import doctor_cmd, doctor_sandbox
from bot.app.commands import build
from bot.core.errors import Misconfigured
from bot.core.verdict import Status, Verdict

run = CliRunner()


@pytest.fixture(autouse=True)
def _no_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    """Starting a sandbox is the sandbox's own test."""
    monkeypatch.setattr(doctor_cmd, "sandbox", lambda: "bubblewrap")
    monkeypatch.setattr(doctor_sandbox, "examine", lambda: Verdict("sandbox host", Status.PASS, "bubblewrap"))


def doctor(*words: str):
    argv = ["doctor", *words]
    return run.invoke(build(argv), argv)


def test_all_is_well(tmp_path: Path) -> None:
    result = doctor("--home", str(tmp_path), "--json")
    verdict = json.loads(result.stdout)
    assert (result.exit_code, verdict["status"]) == (0, "pass")
    assert {one["name"] for one in verdict["children"]} == {
        "python",
        "git",
        "settings",
        "data",
        "home",
        "sandbox",
        "sandbox host",
        "github",
        "argocd",
        "prometheus",
        "charter",
        "discord",
        "models",
        "database",
        "backup",
        "redis",
        "vectors",
    }


def test_what_is_wrong_is_named_with_its_fix_and_hides_nothing_else(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("RESPONSE_MAX_LENGTH", "3")
    result = doctor("--home", str(tmp_path))
    assert result.exit_code == 1
    assert "FAIL  settings: RESPONSE_MAX_LENGTH should be" in result.stdout
    assert "ok    git" in result.stdout


def test_a_home_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = doctor("--home", str(tmp_path / "file" / "home"))
    assert result.exit_code == 1
    assert "FAIL  home" in result.stdout


def test_no_sandbox_is_a_failure(tmp_path: Path, monkeypatch) -> None:
    def none() -> str:
        raise Misconfigured("no sandbox works on this host")

    monkeypatch.setattr(doctor_cmd, "sandbox", none)
    verdict = doctor_cmd.examine(tmp_path)
    assert verdict.find("sandbox").status is Status.FAIL


def test_a_check_that_breaks_is_an_error_and_not_a_pass(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(doctor_cmd, "git", lambda: 1 / 0)
    verdict = doctor_cmd.examine(tmp_path)
    assert verdict.find("git").status is Status.ERROR
    assert verdict.find("home").passed


@pytest.mark.parametrize(("said", "why"), [("git version 2.30.1", "git is 2.30.1"), ("huh", "unknown version")])
def test_an_old_git(monkeypatch, said: str, why: str) -> None:
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 0, stdout=said))
    monkeypatch.setattr("shutil.which", lambda _: "/usr/bin/git")
    with pytest.raises(doctor_cmd.Unwell, match=why):
        doctor_cmd.git()


def test_no_git(monkeypatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    with pytest.raises(doctor_cmd.Unwell, match="not on PATH"):
        doctor_cmd.git()


def test_an_old_python(monkeypatch) -> None:
    monkeypatch.setattr(doctor_cmd, "_PYTHON", (9, 0))
    with pytest.raises(doctor_cmd.Unwell, match=r"install 3\.11"):
        doctor_cmd.python()


def test_a_broken_charter(tmp_path: Path) -> None:
    file = tmp_path / ".github" / "charter.toml"
    file.parent.mkdir()
    file.write_text("wards = 3")
    with pytest.raises(Misconfigured, match="charter"):
        doctor_cmd.charter(tmp_path)
    file.unlink()
    assert "no charter" in doctor_cmd.charter(tmp_path)
