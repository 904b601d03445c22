"""`megawatts red-team`: rows in, one answer out, and never green by accident."""

import asyncio
import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from bot.adapters.localforge.forge import LocalForge
from bot.app.red_team_cmd import register
from bot.core.errors import Misconfigured
from bot.core.verdict import Status

APP = typer.Typer()
register(APP)


def rows(file: Path, slipped: int = 0, total: int = 164) -> Path:
    """As many cases of each group; `slipped` bugs were accepted."""
    lines = []
    for group in ("bad", "mutant", "structural", "shallow"):
        for number in range(total):
            accepted = group in {"structural", "shallow"} or (group == "bad" and number < slipped)
            row = {"id": f"{group}/{number}", "group": group, "accepted": accepted}
            lines.append(json.dumps({**row, "status": "PASS" if accepted else "FAIL"}))
    file.write_text("\n".join(lines) + "\n")
    return file


def run(*words: str) -> Result:
    return CliRunner().invoke(APP, list(words))


@pytest.mark.parametrize(("slipped", "code", "status"), [(0, 0, "pass"), (1, 0, "pass"), (8, 1, "fail")])
def test_the_exit_code_says_whether_merges_may_go_on(tmp_path: Path, slipped: int, code: int, status: str) -> None:
    done = run(str(rows(tmp_path / "rows", slipped)), "--json")
    assert (done.exit_code, json.loads(done.output)["status"]) == (code, status)


def test_a_higher_floor_is_held(tmp_path: Path) -> None:
    assert run(str(rows(tmp_path / "rows", 1)), "--floor", "0.98").exit_code == 1


def chartered(root: Path, more: str) -> Path:
    """A repository's root with a charter."""
    (root / ".github").mkdir(parents=True)
    seal = '[[wards]]\npatterns = ["*"]\ntier = "sealed"\nowners = ["@root"]\n'
    (root / ".github/charter.toml").write_text(seal + more)
    return root


def test_without_a_floor_the_charters_is_held(tmp_path: Path) -> None:
    file, high = str(rows(tmp_path / "rows", 1)), chartered(tmp_path / "high", "[red_team]\nfloor = 0.98\n")
    assert run(file, "--repo", str(high)).exit_code == 1
    assert run(file, "--repo", str(high), "--floor", "0.95").exit_code == 0
    assert run(file, "--repo", str(chartered(tmp_path / "none", ""))).exit_code == 0
    assert run(file, "--repo", str(tmp_path / "bare")).exit_code == 0, "no charter: the default"


def test_a_charter_that_does_not_hold_is_an_error_and_no_default(tmp_path: Path) -> None:
    wrong = chartered(tmp_path / "wrong", "[red_team]\nfloor = 95\n")
    assert isinstance(run(str(rows(tmp_path / "rows")), "--repo", str(wrong)).exception, Misconfigured)
    (wrong / ".github/charter.toml").write_bytes(b"\xff")
    assert isinstance(run(str(rows(tmp_path / "rows")), "--repo", str(wrong)).exception, Misconfigured)


@pytest.mark.integration  # it runs git
def test_an_embedded_forge_is_told_on_the_tip_of_its_base_branch(tmp_path: Path) -> None:
    source, home = tmp_path / "source", tmp_path / "home"
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.invalid"]
    subprocess.run([*git, "init", "-q", str(source)], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "begin"], cwd=source, check=True)
    forge = LocalForge.create(home / "forge", source)
    before = datetime.now(UTC)
    assert run(str(rows(tmp_path / "rows", 20)), "--report", str(home)).exit_code == 1
    found = asyncio.run(forge.reported(asyncio.run(forge.main()), "megawatts/red-team"))
    assert found is not None
    assert found.status is Status.FAIL
    assert before <= datetime.fromisoformat(str(found.facts["at"])) <= datetime.now(UTC)
    assert isinstance(run(str(tmp_path / "rows"), "--report", str(tmp_path / "gone")).exception, Misconfigured)


@pytest.mark.parametrize("floor", ["0", "1", "-1", "95"])
def test_a_floor_is_a_share(tmp_path: Path, floor: str) -> None:
    assert run(str(rows(tmp_path / "rows")), "--floor", floor).exit_code == 2


def test_few_rows_are_unclear_and_none_too(tmp_path: Path) -> None:
    assert run(str(rows(tmp_path / "rows", total=10))).exit_code == 2
    (tmp_path / "none").write_text("")
    assert run(str(tmp_path / "none")).exit_code == 2


def test_the_step_says_its_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"):
        monkeypatch.setenv(name, str(tmp_path / name))
    assert run(str(rows(tmp_path / "rows", 20)), "--github").exit_code == 1
    told = (tmp_path / "GITHUB_OUTPUT").read_text()
    assert told.startswith("state=failure\nbecause=bad: 144 of 164 caught")
    assert "❌ fail" in (tmp_path / "GITHUB_STEP_SUMMARY").read_text()
    (tmp_path / "GITHUB_OUTPUT").unlink()
    run(str(rows(tmp_path / "rows")), "--github")
    state, because = (tmp_path / "GITHUB_OUTPUT").read_text().splitlines()
    assert (state, len(because) <= len("because=") + 140) == ("state=success", True)
    assert because.startswith("because=164 of 164 caught: at least 98.2%, wanted 95.0%; ")


@pytest.mark.parametrize("text", ["{", "[]\n", "1\n", '{"id": "1"}\n', "\xff"])
def test_rows_that_cannot_be_read_are_an_error(tmp_path: Path, text: str) -> None:
    file = tmp_path / "rows"
    file.write_text(text, encoding="latin-1")
    assert isinstance(run(str(file)).exception, Misconfigured)
    assert isinstance(run(str(tmp_path / "gone")).exception, Misconfigured)
