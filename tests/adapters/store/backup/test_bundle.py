"""A repository comes back with every ref, and a bundle that lacks one is refused."""

from pathlib import Path, PurePosixPath

import pytest

from bot.adapters.git.repository import GitRepository
from bot.adapters.store.backup import bundle
from bot.core.change import Patch
from bot.core.errors import MegawattsError

pytestmark = pytest.mark.integration  # they run git


@pytest.fixture
def repo(tmp_path: Path) -> GitRepository:
    made = GitRepository.begin(tmp_path / "repo.git")
    tree = made.git.run("hash-object", "-t", "tree", "-w", "--stdin").line
    identity = {f"GIT_{who}_{what}": "a@b" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    first = made.git.run("commit-tree", tree, "-m", "begin", env=identity).line
    made.git.run("update-ref", "refs/heads/main", first)
    second = made.commit(Patch(made.resolve("refs/heads/main"), {PurePosixPath("a"): b"a\n"}), "docs: a", author="ada")
    made.branch("megawatts/idea", second)
    made.git.run("update-ref", "refs/pull/1/head", second)
    made.note(second, "the chain")
    return made


def refs(repo: GitRepository) -> bytes:
    return repo.git.run("for-each-ref").out


def test_every_ref_and_note_comes_back(repo: GitRepository, tmp_path: Path) -> None:
    facts = bundle.copy(repo.path, tmp_path / "all.bundle")
    assert (facts["refs"], facts["head"]) == ("4", "refs/heads/main")
    bundle.restore(tmp_path / "all.bundle", tmp_path / "again.git", facts)
    again = GitRepository(tmp_path / "again.git")
    assert refs(again) == refs(repo)
    assert again.git.run("fsck", "--strict").code == 0
    assert again.resolve("HEAD") == repo.resolve("HEAD")


def test_a_cut_or_another_bundle_is_refused(repo: GitRepository, tmp_path: Path) -> None:
    whole = tmp_path / "all.bundle"
    facts = bundle.copy(repo.path, whole)
    cut = tmp_path / "cut.bundle"
    cut.write_bytes(whole.read_bytes()[:-30])
    repo.git.run("update-ref", "-d", "refs/pull/1/head")
    other = tmp_path / "other.bundle"
    bundle.copy(repo.path, other)
    for wrong in (cut, other):
        with pytest.raises(MegawattsError):
            bundle.check(wrong, facts)
    bundle.check(whole, facts)
