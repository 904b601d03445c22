"""`megawatts validate` on small repositories: exit codes, JSON, clear errors, nothing left behind."""

import json
import os
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.app.commands import build
from bot.core.errors import Misconfigured

SUMS = "def add(a, b):\n    return a + b\n"
TESTS = "from sums import add\n\n\ndef test_add():\n    assert add(1, 2) == 3\n"
Repo = Callable[[dict[str, str | None]], str]


def git(folder: Path, *words: str) -> str:
    who = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b"}
    done = subprocess.run(
        ["git", "-c", "commit.gpgsign=false", *words],
        cwd=folder,
        env={**os.environ, **who},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    folder = tmp_path / "repo"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    commit(folder, {"sums.py": SUMS, "test_sums.py": TESTS})
    return folder


def commit(folder: Path, files: dict[str, str | None]) -> str:
    for name, content in files.items():
        path = folder / name
        if content is None:
            path.unlink()
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "change")
    return git(folder, "rev-parse", "HEAD")


def validate(repo: Path, *words: str) -> Result:
    argv = ["validate", "--repo", str(repo), *words]
    return CliRunner().invoke(build(argv), argv, catch_exceptions=True)


def test_help_has_an_example() -> None:
    shown = CliRunner().invoke(build(["validate"]), ["validate", "--help"])
    assert shown.exit_code == 0
    assert "megawatts validate --repo" in shown.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--base", "main", "--head", "nowhere"], "'nowhere' names no commit"),
        (["--base", "main", "--head", "main"], "are the same commit"),
        (["--base", "HEAD", "--head", "HEAD~1"], "--base and --head swapped"),
        (["--base", "HEAD~1", "--head", "HEAD", "--stage", "V-99"], "there is no stage 'V-99'"),
    ],
)
@pytest.mark.integration
def test_wrong_words_are_one_sentence(repo: Path, words: list[str], said: str) -> None:
    commit(repo, {"sums.py": SUMS + "X = 1\n"})
    result = validate(repo, *words)
    assert isinstance(result.exception, Misconfigured)
    assert said in str(result.exception)
    assert "\n" not in str(result.exception)


@pytest.mark.integration
def test_a_folder_without_git_is_named(tmp_path: Path) -> None:
    result = validate(tmp_path)
    assert isinstance(result.exception, Misconfigured)
    assert "is not a git repository" in str(result.exception)


STATIC = ["--stage", "scope", "--stage", "V-2", "--base", "HEAD~1", "--head", "HEAD"]


@pytest.mark.sandbox
def test_a_harmless_change_passes_and_json_is_all_of_stdout(repo: Path) -> None:
    head = commit(repo, {"sums.py": SUMS.replace("a + b", "b + a")})
    result = validate(repo, *STATIC, "--json")
    assert result.exit_code == 0, result.output
    verdict = json.loads(result.stdout)
    assert (verdict["name"], verdict["status"], verdict["facts"]["head"]) == ("gate", "pass", head)
    assert [child["name"] for child in verdict["children"]] == ["scope", "format"]
    assert git(repo, "status", "--porcelain") == ""


@pytest.mark.sandbox
def test_a_first_answer_is_asked_for_and_judged_without_the_stages_that_take_longer(repo: Path) -> None:
    commit(repo, {".github/charter.toml": (Path(__file__).parents[2] / ".github" / "charter.toml").read_text()})
    commit(repo, {"sums.py": SUMS + "\n\ndef twice(a):\n    return a + a\n"})
    found = json.loads(
        validate(repo, "--base", "HEAD~1", "--head", "HEAD", "--by", "person", "--first", "--json").stdout
    )
    stages = {child["name"]: child["status"] for child in found["children"]}
    assert "error" not in stages.values()
    assert not {"mutation", "behaviour", "approval"} & set(stages)


@pytest.mark.sandbox
def test_a_weakened_test_fails_with_the_reason_and_nothing_is_left_behind(repo: Path) -> None:
    before = set(Path(tempfile.gettempdir()).glob("megawatts-gate-*"))
    commit(repo, {"test_sums.py": TESTS.replace("== 3", "is not None")})
    result = validate(repo, *STATIC)
    assert result.exit_code == 1
    assert "an assertion is loosened" in result.stdout
    assert "scope: fail" in result.stderr
    assert set(Path(tempfile.gettempdir()).glob("megawatts-gate-*")) <= before


@pytest.mark.sandbox
def test_a_link_out_of_the_tree_is_v1s_refusal(repo: Path) -> None:
    (repo / "secret").symlink_to("/etc/passwd")
    commit(repo, {})
    result = validate(repo, *STATIC, "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["children"][0]["name"] == "scope"


@pytest.mark.sandbox
def test_what_others_merged_meanwhile_is_no_part_of_the_change(repo: Path) -> None:
    git(repo, "branch", "change")
    commit(repo, {"other.py": "eval('1')\n"})
    git(repo, "checkout", "-q", "change")
    commit(repo, {"sums.py": SUMS + "\n\nX = 1\n"})
    result = validate(repo, "--base", "main", "--head", "change", "--stage", "scope", "--json")
    assert result.exit_code == 0, result.output
    assert "compared with their merge base" in result.stderr


@pytest.mark.sandbox
def test_people_wait_for_people_where_the_engine_is_refused(repo: Path) -> None:
    commit(repo, {"sums.py": SUMS + "X = 1  # noqa: E501\n"})
    assert validate(repo, *STATIC).exit_code == 1
    assert validate(repo, *STATIC, "--by", "person").exit_code == 2


@pytest.mark.sandbox
def test_a_kept_verdict_serves_again_and_not_for_another_claim(repo: Path) -> None:
    commit(repo, {"sums.py": SUMS.replace("a + b", "b + a")})
    facts = []
    for words in ([], [], ["--claim", "behaviour-preserving"], ["--no-cache"]):
        result = validate(repo, *STATIC, "--json", *words)
        facts.append([bool(c["facts"].get("cached")) for c in json.loads(result.stdout)["children"]])
    assert facts == [[False, False], [True, True], [False, False], [False, False]]
