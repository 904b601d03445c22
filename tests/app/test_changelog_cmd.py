"""What a user reads of a version, from a repository with tags."""

import json
from pathlib import Path, PurePosixPath

import pytest
from typer.testing import CliRunner

from bot.adapters.git.commits import commit_tree
from bot.adapters.git.repository import GitRepository
from bot.app.commands import build
from bot.core.change import Patch
from bot.core.errors import Misconfigured
from bot.core.ids import Tree

pytestmark = pytest.mark.integration  # they run git

pytestmark = pytest.mark.integration


def call(*words: str) -> str:
    result = CliRunner().invoke(build(["changelog"]), ["changelog", *words], catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("changelog") / "repo.git"
    made = GitRepository.begin(folder)
    head = commit_tree(made.git, Tree(made.git.run("mktree").line), (), "root", author="m")
    steps = {
        "v0.0.1": ("7.fix.md", b"It ends.\n"),
        "v0.1.0": ("8.feature.md", b"It sings.\n"),
        "": ("9.docs.md", b"It tells."),
    }
    for tag, (name, text) in steps.items():
        head = made.commit(Patch(head, {PurePosixPath("changelog.d") / name: text}), "x", author="m")
        if tag:
            made.git.run("update-ref", f"refs/tags/{tag}", head)
    made.git.run("update-ref", "refs/tags/nightly", head)
    made.branch("main", head)
    return folder


def test_every_version_newest_first(repo: Path) -> None:
    text = call("--repo", str(repo), "--branch", "main")
    assert [line.split(" - ")[0] for line in text.splitlines() if line.startswith("## ")] == [
        "## [Unreleased]", "## [v0.1.0]", "## [v0.0.1]",
    ]  # fmt: skip
    assert text.count("It sings.") == 1
    assert "nightly" not in text


def test_one_version(repo: Path) -> None:
    text = call("v0.1.0", "--repo", str(repo), "--branch", "main")
    assert "- It sings." in text
    assert "It ends." not in text
    assert "It tells." not in text


def test_as_json(repo: Path) -> None:
    rows = json.loads(call("--repo", str(repo), "--branch", "main", "--json"))
    assert list(rows) == ["Unreleased", "v0.1.0", "v0.0.1"]
    assert "- It tells." in rows["Unreleased"]


def test_a_version_that_is_not_there_is_named(repo: Path) -> None:
    with pytest.raises(Misconfigured, match=r"no version 'v9'.*v0\.1\.0, v0\.0\.1"):
        call("v9", "--repo", str(repo), "--branch", "main")
