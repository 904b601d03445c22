"""`megawatts verify` at the command line: exit 0 whole, 1 broken, and what is said."""

import json
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

import pytest
import typer
from typer.testing import CliRunner

from bot.adapters.git.commits import commit_tree
from bot.adapters.git.notes import Notes
from bot.adapters.git.repository import GitRepository
from bot.app import verify_cmd
from bot.core.change import Patch
from bot.core.errors import Misconfigured
from bot.core.ids import PullNumber, Sha, Tree
from bot.policy.provenance import Link, Stage, Step, Word, extend, render

pytestmark = pytest.mark.integration  # they run git


@pytest.fixture
def made(tmp_path: Path) -> tuple[Path, Sha]:
    """A repository with one merge and its chain."""
    repo = GitRepository.begin(tmp_path / "r.git")
    base = commit_tree(repo.git, Tree(repo.git.run("mktree").line), (), "root", author="a")
    head = repo.commit(Patch(base, {PurePosixPath("a"): b"a\n"}), "feat: a", author="a")
    tree = repo.tree(head)
    merge = commit_tree(repo.git, tree, (base, head), "feat: a (#1)", author="a")
    repo.branch("main", merge)
    said: dict[str, Word] = {"base": base, "head": head, "approvals": [], "consent": "pass"}
    chain: tuple[Link, ...] = ()
    for step in (
        Step(Stage.PATCH, head, tree, {"origin": "person"}),
        Step(Stage.GATE, head, tree, {"result": "pass", "base": base}),
        Step(Stage.MERGE, merge, tree, said),
    ):
        chain = extend(chain, PullNumber(1), step, datetime(2026, 6, 1, tzinfo=UTC))
    Notes(repo).write(merge, render(chain))
    return repo.path, merge


def run(*argv: str) -> tuple[int, str]:
    app = typer.Typer()
    app.callback()(lambda: None)
    verify_cmd.register(app)
    result = CliRunner().invoke(app, ["verify", *argv])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


def test_a_whole_chain_is_0_and_a_broken_one_1_and_named(made: tuple[Path, Sha]) -> None:
    path, merge = made
    code, said = run("HEAD", "--repo", str(path))
    assert (code, said.splitlines()[0].partition(":")[0]) == (0, "whole")
    notes = Notes(GitRepository(path))
    notes.write(merge, notes.read(merge).replace('"result":"pass"', '"result":"pending"'))
    code, said = run(merge, "--repo", str(path), "--json")
    verdict = json.loads(said)
    assert (code, verdict["status"]) == (1, "fail")
    assert "record 2 (gate) was changed" in verdict["because"]


def test_a_commit_without_a_chain_is_1(made: tuple[Path, Sha]) -> None:
    path, merge = made
    code, said = run(f"{merge}^1", "--repo", str(path))
    assert code == 1
    assert "no provenance is recorded" in said


def test_what_happened_since_is_looked_for_in_history(made: tuple[Path, Sha]) -> None:
    path, merge = made
    repo = GitRepository(path)
    repo.git.run("tag", "v1.0.0", merge)
    assert "missing: health" in verify_cmd.verified(path, merge).because
    repo.git.run("tag", "-d", "v1.0.0")
    words = f"Revert\n\nThis reverts commit {merge}."
    back = repo.commit(Patch(merge, {PurePosixPath("a"): None}), words, author="a")
    repo.branch("main", back, expecting=merge)
    assert "missing: revert" in verify_cmd.verified(path, merge).because
    assert verify_cmd.verified(path, merge, merge).passed, "history up to there knows of none"


def test_a_wrong_path_or_revision_is_said(made: tuple[Path, Sha], tmp_path: Path) -> None:
    with pytest.raises(Misconfigured):
        verify_cmd.verified(tmp_path / "nowhere", "HEAD")
    with pytest.raises(Misconfigured, match="names no commit"):
        verify_cmd.verified(made[0], "nothing")
