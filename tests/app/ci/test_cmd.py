"""`megawatts ci` on a small repository, with the variables that a runner sets."""

import json
import os
import subprocess
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from bot.app.ci.cmd import register
from bot.core.errors import Misconfigured
from bot.improve.stages import ORDER
from tests.app.ci.builders import REPO

pytestmark = pytest.mark.integration
APP = typer.Typer()
register(APP)
CHARTER = """base_branch = "main"
home_guild = ""
maintainers = ["ann"]
stages = ["scope", "format"]
[[wards]]
patterns = ["*"]
tier = "sealed"
owners = ["@ann"]
why = "all of it"
[[wards]]
patterns = ["/notes/"]
tier = "safe"
why = "words"
"""


def git(folder: Path, *words: str) -> str:
    who = ["-c", "user.name=a", "-c", "user.email=a@b.invalid", "-c", "commit.gpgsign=false"]
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"}
    return subprocess.run(
        ["git", *who, *words], cwd=folder, env=env, check=True, capture_output=True, text=True
    ).stdout.strip()


def commit(folder: Path, files: dict[str, str]) -> str:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "change")
    return git(folder, "rev-parse", "HEAD")


class Runner:
    """A repository, and the environment of a step."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self._patch, self.repo = folder, monkeypatch, folder / "repo"
        self.repo.mkdir()
        git(self.repo, "init", "-q", "-b", "main")
        for name in ("OUTPUT", "STEP_SUMMARY", "EVENT_PATH"):
            monkeypatch.setenv(f"GITHUB_{name}", str(folder / name))
        monkeypatch.setenv("GITHUB_REPOSITORY", "owner/house")

    def event(self, base: str, head: str, ref: str = "change", name: str = "pull_request") -> None:
        self._patch.setenv("GITHUB_EVENT_NAME", name)
        pull = {"number": 1, "base": {"sha": base, "repo": REPO}, "head": {"sha": head, "ref": ref, "repo": REPO}}
        (self.folder / "EVENT_PATH").write_text(json.dumps({"repository": REPO, "pull_request": pull}))

    def run(self, *words: str) -> Result:
        return CliRunner().invoke(APP, ["ci", *words])

    def told(self, name: str) -> str:
        file = self.folder / name
        return file.read_text() if file.exists() else ""


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runner:
    return Runner(tmp_path, monkeypatch)


def test_the_plan_names_what_is_compared_and_the_charters_stages(runner: Runner) -> None:
    base = commit(runner.repo, {".github/charter.toml": CHARTER})
    head = commit(
        runner.repo, {".github/charter.toml": CHARTER.replace('"scope", "format"', '"format"'), "x.py": "X = 1\n"}
    )
    runner.event(base, head, "megawatts/0123456789ab")
    done = runner.run("plan", "--repo", str(runner.repo))
    assert done.exit_code == 0, done.exception
    told = dict(line.split("=", 1) for line in runner.told("OUTPUT").splitlines())
    assert (told["base"], told["head"], told["by"]) == (base, head, "engine")
    assert json.loads(told["legs"]) == [{"leg": "static", "stages": "scope format"}]


def test_without_a_charter_every_stage_is_planned(runner: Runner) -> None:
    base = commit(runner.repo, {"x.py": "X = 1\n"})
    runner.event(base, commit(runner.repo, {"x.py": "X = 2\n"}))
    runner.run("plan", "--repo", str(runner.repo))
    rows = json.loads(dict(line.split("=", 1) for line in runner.told("OUTPUT").splitlines())["legs"])
    assert {one for row in rows for one in row["stages"].split()} == set(ORDER)


def test_a_broken_charter_or_event_plans_nothing(runner: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    base = commit(runner.repo, {".github/charter.toml": "stages = 1\n"})
    runner.event(base, commit(runner.repo, {"x.py": "X = 2\n"}))
    assert isinstance(runner.run("plan", "--repo", str(runner.repo)).exception, Misconfigured)
    runner.event("HEAD", "HEAD~1")
    assert isinstance(runner.run("plan", "--repo", str(runner.repo)).exception, Misconfigured)
    monkeypatch.delenv("GITHUB_EVENT_NAME")
    assert "give --base and --head" in str(runner.run("plan", "--repo", str(runner.repo)).exception)
    assert runner.told("OUTPUT") == ""


@pytest.mark.parametrize(("stage", "code"), [("success", 0), ("failure", 1), ("skipped", 1), ("cancelled", 1)])
def test_the_gate_passes_only_if_all_passed(
    runner: Runner, monkeypatch: pytest.MonkeyPatch, stage: str, code: int
) -> None:
    monkeypatch.setenv("NEEDS", json.dumps({"plan": {"result": "success"}, "stage": {"result": stage}}))
    assert runner.run("gate", "--job", "plan", "--job", "stage").exit_code == code
    assert "## Gate" in runner.told("STEP_SUMMARY")


def test_the_gate_without_results_fails(runner: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NEEDS", raising=False)
    assert runner.run("gate", "--job", "plan").exit_code == 1
    assert runner.run("gate").exit_code == 2, "a gate that waits for nothing is a mistake"


@pytest.mark.parametrize(
    ("path", "ref", "code", "word"),
    [
        ("x.py", "megawatts/0123456789ab", 1, "❌ fail"),
        ("x.py", "change", 0, "waits for people"),
        ("notes/a.md", "megawatts/0123456789ab", 0, "✅ pass"),
    ],
)
def test_the_policy_is_the_one_of_the_base(runner: Runner, path: str, ref: str, code: int, word: str) -> None:
    base = commit(runner.repo, {".github/charter.toml": CHARTER})
    runner.event(base, commit(runner.repo, {path: "one\n"}), ref)
    done = runner.run("policy", "--repo", str(runner.repo))
    assert done.exit_code == code, done.output
    assert word in runner.told("STEP_SUMMARY")


def test_a_version_on_the_main_branch_is_released_with_what_it_brought(runner: Runner) -> None:
    commit(runner.repo, {"changelog.d/1.feature.md": "It does more.\n"})
    git(runner.repo, "tag", "v1.2.0")
    done = runner.run("release", "v1.2.0", "--repo", str(runner.repo), "--main", "main")
    assert done.exit_code == 0, done.exception
    assert "It does more." in done.output


def test_a_tag_beside_the_main_branch_is_not_released(runner: Runner) -> None:
    commit(runner.repo, {"x.py": "X = 1\n"})
    git(runner.repo, "checkout", "-qb", "other")
    commit(runner.repo, {"x.py": "X = 2\n"})
    git(runner.repo, "tag", "v1.2.1")
    found = runner.run("release", "v1.2.1", "--repo", str(runner.repo), "--main", "main")
    assert "does not lie on main" in str(found.exception)
    assert found.output == ""


@pytest.mark.parametrize("tag", ["v1", "1.2.3", "v1.2.3-rc1", "v01.2.3", "v1.2.3\n", "$(id)", "--help-me"])
def test_what_is_no_version_is_not_released(runner: Runner, tag: str) -> None:
    commit(runner.repo, {"x.py": "X = 1\n"})
    done = runner.run("release", "--repo", str(runner.repo), "--main", "main", "--", tag)
    assert isinstance(done.exception, Misconfigured)
    assert "no version" in str(done.exception)
