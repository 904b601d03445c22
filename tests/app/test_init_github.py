"""`megawatts init` for a fork, as a person calls it."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from bot.app.commands import build
from bot.core.errors import Misconfigured
from bot.policy.charter import PATH, parse
from tests.app.setup.peer import TOKEN, Repository, served

pytestmark = pytest.mark.integration  # it loads PyGithub and listens on a socket


def init(*words: str) -> Result:
    argv = ["init", *words]
    return CliRunner().invoke(build(argv), argv)


def changes(result: Result) -> dict[str, str]:
    return {row["name"]: row["action"] for row in json.loads(result.stdout)["changes"]}


def test_a_checkout_is_written_without_asking_anybody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.create_connection", lambda *_, **__: pytest.fail("the network was asked"))
    result = init("--write", str(tmp_path), "--maintainer", "ann", "--maintainer", "bob")
    assert result.exit_code == 0, result.output
    assert parse((tmp_path / PATH).read_text()).maintainers == ("ann", "bob")
    assert "+ create   file" in result.stdout
    assert "needs both Apps" in result.stdout
    assert not (tmp_path / ".github/setup").exists(), "no rule without Apps, and no App without a repository"
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    again = init("--write", str(tmp_path), "--json")
    assert set(changes(again).values()) == {"same", "later"}
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_with_apps_and_a_name_the_rules_and_manifests_lie_beside(tmp_path: Path) -> None:
    words = ["--github", "octo/bot", "--maintainer", "ann", "--engine-app", "11", "--reverts-app", "22"]
    result = init("--write", str(tmp_path), *words, "--webhook", "https://bot.example/webhook")
    assert result.exit_code == 0, result.output
    rules = [json.loads(path.read_text()) for path in (tmp_path / ".github/setup/rulesets").iterdir()]
    assert {one["enforcement"] for one in rules} == {"active"}
    manifest = json.loads((tmp_path / ".github/setup/apps/engine.json").read_text())
    assert manifest["hook_attributes"]["url"] == "https://bot.example/webhook"


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    result = init("--write", str(tmp_path), "--maintainer", "ann", "--dry-run")
    assert (result.exit_code, "a dry run" in result.stdout) == (0, True)
    assert list(tmp_path.iterdir()) == []


def test_a_conflict_is_one_sentence_and_exit_code_one(tmp_path: Path) -> None:
    (tmp_path / "CODEOWNERS").write_text("* @eve\n")
    result = init("--write", str(tmp_path), "--maintainer", "ann")
    assert result.exit_code == 1
    assert "nothing was changed" in result.stdout
    assert result.stderr.startswith("megawatts: CODEOWNERS is another than the product's: --differing replace")
    assert list(tmp_path.iterdir()) == [tmp_path / "CODEOWNERS"]
    assert init("--write", str(tmp_path), "--maintainer", "ann", "--differing", "replace").exit_code == 0


def test_a_linear_history_is_refused_before_anything_is_done(tmp_path: Path) -> None:
    result = init("--write", str(tmp_path), "--maintainer", "ann", "--linear")
    assert isinstance(result.exception, Misconfigured)
    assert str(result.exception).startswith("--linear cannot be had: a linear history forbids the merge commits")
    assert list(tmp_path.iterdir()) == []
    assert "linear" not in init("--help").output


def test_nobody_named_says_what_to_do(tmp_path: Path) -> None:
    result = init("--write", str(tmp_path))
    assert isinstance(result.exception, Misconfigured)
    assert "--maintainer LOGIN" in str(result.exception)


@pytest.fixture
def fork(monkeypatch: pytest.MonkeyPatch) -> Any:
    repo = Repository()
    with served(repo) as address:
        monkeypatch.setenv("GITHUB_API_URL", address)
        monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
        yield repo


def test_a_fork_is_set_up_with_what_the_environment_holds(fork: Repository) -> None:
    words = ["--github", "octo/bot", "--engine-app", "11", "--reverts-app", "22"]
    first = init(*words, "--maintainer", "ann")
    assert first.exit_code == 0, first.output
    assert "merge https://github.com/octo/bot/pull/1, then run this again" in first.stdout
    assert TOKEN not in first.output
    fork.merge()
    second = init(*words, "--json")
    assert json.loads(second.stdout)["pull_request"] == ""
    assert changes(second)["megawatts: always"] == "create"
    assert changes(init(*words, "--json"))["megawatts: always"] == "same"


def test_a_dry_run_on_github_only_asks(fork: Repository) -> None:
    result = init("--github", "octo/bot", "--maintainer", "ann", "--dry-run", "--json")
    assert (result.exit_code, json.loads(result.stdout)["dry_run"]) == (0, True)
    assert fork.changes() == []
    assert fork.asked != []
