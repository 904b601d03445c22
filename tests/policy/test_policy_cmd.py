"""`megawatts policy` on real repositories."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from bot.adapters.store.records import SqliteRecords
from bot.app.commands import build
from bot.core.errors import Misconfigured
from bot.policy.record import case_to_row
from tests.policy.builders import NOW, case

pytestmark = pytest.mark.integration  # they run git

CHARTER = """
maintainers = ["mara"]
[[wards]]
patterns = ["*"]
tier = "sealed"
owners = ["@root"]
[[wards]]
patterns = ["/infra/", "/tests/"]
tier = "critical"
owners = ["@olga"]
[[wards]]
patterns = ["/chat/"]
tier = "validated"
[[wards]]
patterns = ["/docs/"]
tier = "safe"
[[wards]]
patterns = ["/tests/**/test_*.py"]
tier = "safe"
only_adds = true
[[wards]]
patterns = ["/tests/policy/", "/tests/house/", "/tests/attacks/", "/docs/CODEOWNERS"]
tier = "sealed"
owners = ["@root"]
"""


def run(*words: str) -> Result:
    return CliRunner().invoke(build(["policy"]), ["policy", *words])


def git(repo: Path, *words: str) -> None:
    subprocess.run(["git", "-C", str(repo), *words], check=True, capture_output=True)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with a charter, its CODEOWNERS and some files, on `main`, with the branch `head` checked out."""
    root = tmp_path_factory.mktemp("template") / "repo"
    for name in ("docs/a.md", "chat/a.py", "infra/a", "tests/test_a.py"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("one\ntwo\n")
    (root / ".github").mkdir()
    (root / ".github/charter.toml").write_text(CHARTER)
    git(root, "init", "-q", "-b", "main")
    git(root, "config", "user.name", "ann")
    git(root, "config", "user.email", "ann@example.com")
    assert run("codeowners", "--write", "--repo", str(root)).exit_code == 0
    commit(root, "start")
    git(root, "checkout", "-q", "-b", "head")
    return root


@pytest.fixture
def repo(template: Path, tmp_path: Path) -> Path:
    """A copy of the template for one test."""
    return Path(shutil.copytree(template, tmp_path / "repo"))


def commit(repo: Path, message: str) -> None:
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", message)


def edited(repo: Path, *names: str, text: str = "one\n2\n") -> Path:
    for name in names:
        (repo / name).parent.mkdir(parents=True, exist_ok=True)
        (repo / name).write_text(text)
    commit(repo, "change")
    return repo


def explained(repo: Path, *words: str) -> tuple[int, dict[str, Any]]:
    result = run("explain", "--repo", str(repo), "--base", "main", "--head", "head", "--json", *words)
    return result.exit_code, json.loads(result.stdout)


@pytest.mark.parametrize(
    ("names", "code", "tier"),
    [
        (["docs/a.md"], 0, "safe"),
        (["chat/a.py"], 2, "validated"),
        (["infra/a", "docs/a.md"], 2, "critical"),
        (["tests/test_a.py"], 2, "critical"),
        (["tests/test_new.py"], 0, "safe"),
        (["CODEOWNERS"], 1, "sealed"),
        ([".github/charter.toml"], 1, "sealed"),
        (["new/a"], 1, "sealed"),
    ],
)
def test_explain_names_the_tier_and_the_consent(repo: Path, names: list[str], code: int, tier: str) -> None:
    found, verdict = explained(edited(repo, *names))
    assert (found, verdict["facts"]["tier"]) == (code, tier)
    assert [child["name"] for child in verdict["children"]] == ["tier", "consent"]


def test_explain_says_what_a_merge_without_people_hangs_on(repo: Path) -> None:
    git(repo, "checkout", "-q", "main")
    edited(repo, ".github/charter.toml", text=CHARTER + "[red_team]\n")
    git(repo, "checkout", "-q", "head")
    git(repo, "merge", "-q", "main")
    code, verdict = explained(edited(repo, "docs/a.md"))
    assert (code, verdict["facts"]["tier"]) == (0, "safe")
    assert [child["name"] for child in verdict["children"]] == ["tier", "consent", "red-team"]
    assert "95.0% caught and is not older than 72 hours; else it needs a maintainer or a vote" in verdict["because"]
    assert [c["name"] for c in explained(edited(repo, "chat/a.py"))[1]["children"]] == ["tier", "consent"]


def test_the_charter_of_the_base_speaks(repo: Path) -> None:
    loose = CHARTER.replace('["/docs/"]', '["/docs/", "/infra/x/", "/new/"]')
    code, verdict = explained(edited(edited(repo, ".github/charter.toml", text=loose), "new/a"))
    assert code == 1
    assert "new/a" in str(verdict["facts"])


def test_a_rename_counts_at_both_ends(repo: Path) -> None:
    (repo / "CODEOWNERS").rename(repo / "docs/owners.md")
    commit(repo, "move")
    code, verdict = explained(repo)
    assert code == 1
    assert "CODEOWNERS" in verdict["because"]


def test_kind_and_origin_can_be_told(repo: Path) -> None:
    edited(repo, "docs/a.md")
    assert explained(repo, "--kind", "dependency")[0] == 2
    assert explained(repo, "--origin", "member")[0] == 2


def test_no_change_needs_no_consent(repo: Path) -> None:
    assert explained(repo)[0] == 0


def test_explain_reads_as_a_tree(repo: Path) -> None:
    result = run("explain", "--repo", str(edited(repo, "chat/a.py")), "--base", "main", "--head", "head")
    assert result.exit_code == 2
    assert "ward `/chat/` is validated" in result.stdout
    assert "waits for one maintainer" in result.stdout


def test_explain_without_a_charter_says_what_to_do(repo: Path) -> None:
    git(repo, "checkout", "-q", "--orphan", "bare")
    git(repo, "rm", "-rfq", ".github")
    commit(repo, "no charter")
    result = run("explain", "--repo", str(repo), "--base", "bare", "--head", "bare")
    assert isinstance(result.exception, Misconfigured)
    assert "commit a charter there" in str(result.exception)


def checked(repo: Path) -> tuple[int, dict[str, Any]]:
    result = run("check", "--repo", str(repo), "--json")
    return result.exit_code, json.loads(result.stdout)


def test_check_passes_and_tells_what_is_sealed(repo: Path) -> None:
    code, verdict = checked(repo)
    assert code == 0
    wards = verdict["children"][-1]
    assert wards["facts"] == {
        "sealed": [],
        "idle": ["/tests/policy/", "/tests/house/", "/tests/attacks/", "/docs/CODEOWNERS"],
    }


def test_check_works_on_a_bare_repository(repo: Path, tmp_path: Path) -> None:
    subprocess.run(["git", "clone", "-q", "--bare", str(repo), str(tmp_path / "bare")], check=True, capture_output=True)
    assert checked(tmp_path / "bare")[0] == 0


def test_check_finds_stale_and_missing_codeowners(repo: Path) -> None:
    (repo / "CODEOWNERS").write_text("* @evil\n")
    code, verdict = checked(repo)
    assert code == 1
    assert "codeowners --write" in verdict["because"]
    (repo / "CODEOWNERS").unlink()
    assert checked(repo)[0] == 1
    assert run("codeowners", "--write", "--repo", str(repo)).exit_code == 0
    assert checked(repo)[0] == 0


def test_check_tells_every_error_of_a_charter(repo: Path) -> None:
    (repo / ".github/charter.toml").write_text(CHARTER + "[quotas]\nper_dya = 1\nper_hour = -1\n")
    code, verdict = checked(repo)
    assert code == 1
    assert len(verdict["children"][0]["children"]) == 2
    shutil.rmtree(repo / ".github")
    code, verdict = checked(repo)
    assert (code, "missing" in str(verdict["because"])) == (1, True)


def test_codeowners_is_printed_or_written_and_a_link_is_not_followed(repo: Path, tmp_path: Path) -> None:
    printed = run("codeowners", "--repo", str(repo))
    assert printed.stdout == (repo / "CODEOWNERS").read_text()
    outside = tmp_path / "outside"
    outside.write_text("mine")
    (repo / "CODEOWNERS").unlink()
    (repo / "CODEOWNERS").symlink_to(outside)
    assert run("codeowners", "--write", "--repo", str(repo)).exit_code == 0
    assert outside.read_text() == "mine"
    assert (repo / "CODEOWNERS").read_text() == printed.stdout


@pytest.mark.parametrize("words", [["codeowners", "--repo"], ["codeowners", "--write", "--repo"]])
def test_a_missing_charter_is_one_sentence(words: list[str], tmp_path: Path) -> None:
    result = run(*words, str(tmp_path))
    assert isinstance(result.exception, Misconfigured)
    assert "cannot be read" in str(result.exception)


def test_an_unwritable_folder_is_one_sentence(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    before = (repo / "CODEOWNERS").read_text()
    monkeypatch.setattr("tempfile.mkstemp", full)
    result = run("codeowners", "--write", "--repo", str(repo))
    assert isinstance(result.exception, Misconfigured)
    assert "No space left" in str(result.exception)
    assert (repo / "CODEOWNERS").read_text() == before


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home folder with three recorded decisions, one of which nobody can read."""
    (tmp_path / "home").mkdir()
    records = SqliteRecords(tmp_path / "home/records.db")
    rows = {
        "7/a/Merge": {**case_to_row(case()), "step": "Merge"},
        "8/b/Ask": {**case_to_row(case("chat/a")), "step": "Ask"},
    }
    for key, row in rows.items():
        records.put("decisions", key, {**row, "at": NOW.isoformat()})
    records.put("decisions", "9/c/Merge", {"step": "Merge", "at": NOW.isoformat()})
    records.close()
    return tmp_path / "home"


def test_replay_lists_the_decisions_that_would_change(home: Path, tmp_path: Path) -> None:
    charter = tmp_path / "new.toml"
    charter.write_text(
        CHARTER.replace('"/chat/"', '"/chat/", "/keys/"').replace('tier = "safe"', 'tier = "validated"', 1)
    )
    result = run("replay", "--charter", str(charter), "--home", str(home), "--json")
    report = json.loads(result.stdout)
    assert result.exit_code == 0
    assert (report["decisions"], report["unreadable"]) == (3, ["9/c/Merge"])
    assert [(flip["pull"], flip["was"], flip["now"]) for flip in report["flips"]] == [(7, "Merge", "Ask")]
    plain = run("replay", "--charter", str(charter), "--home", str(home))
    assert "Merge -> Ask" in plain.stdout
    assert "1 of 3 decisions would change" in plain.stdout
    assert "9/c/Merge" in plain.stderr


def test_replay_without_a_home_makes_none(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text(CHARTER)
    result = run("replay", "--charter", str(tmp_path / "c.toml"), "--home", str(tmp_path / "none"))
    assert isinstance(result.exception, Misconfigured)
    assert not (tmp_path / "none").exists()
