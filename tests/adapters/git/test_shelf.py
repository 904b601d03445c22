"""A shelf lends what git holds, and nothing else."""

import os
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pytest

from bot.adapters.git.repository import GitRepository
from bot.adapters.git.shelf import ROOMY
from bot.core.change import Patch
from bot.core.errors import Denied
from bot.core.ids import Sha

pytestmark = pytest.mark.integration  # they run git

Git = Callable[..., str]
P = PurePosixPath


def changed(repo: GitRepository, files: dict[str, bytes]) -> Sha:
    patch = Patch(repo.resolve("HEAD"), {P(name): data for name, data in files.items()})
    return repo.commit(patch, "feat: change", author="a <a@example.org>")


def files(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_trees_share_what_they_have_in_common(work: Path, tmp_path: Path) -> None:
    repo, shelf = GitRepository(work), tmp_path / "shelf"
    base = repo.resolve("HEAD")
    head = changed(repo, {"b.txt": b"other\n"})
    for name, sha in (("one", base), ("two", base), ("three", head)):
        repo.materialise(sha, tmp_path / name, shelf)
    assert files(tmp_path / "one") == files(tmp_path / "two")
    assert files(tmp_path / "three") == files(tmp_path / "one") | {"b.txt": b"other\n"}
    assert len({(tmp_path / name / "a.txt").stat().st_ino for name in ("one", "two", "three")}) == 1


@pytest.mark.parametrize("damage", [b"", b"line 1, but not git's\n"])
def test_a_damaged_file_is_not_lent_but_made_anew(work: Path, tmp_path: Path, damage: bytes) -> None:
    repo, shelf = GitRepository(work), tmp_path / "shelf"
    repo.materialise(repo.resolve("HEAD"), tmp_path / "one", shelf)
    right = files(tmp_path / "one")
    for kept in shelf.iterdir():
        kept.write_bytes(damage)
    repo.materialise(repo.resolve("HEAD"), tmp_path / "two", shelf)
    repo.materialise(repo.resolve("HEAD"), tmp_path / "three", shelf)
    assert files(tmp_path / "two") == files(tmp_path / "three") == right
    assert (tmp_path / "two" / "a.txt").stat().st_ino == (tmp_path / "three" / "a.txt").stat().st_ino


def test_a_link_on_the_shelf_is_not_followed(work: Path, tmp_path: Path) -> None:
    repo, shelf = GitRepository(work), tmp_path / "shelf"
    repo.materialise(repo.resolve("HEAD"), tmp_path / "one", shelf)
    for kept in list(shelf.iterdir()):
        moved = tmp_path / f"outside-{kept.name}"
        kept.rename(moved)
        kept.symlink_to(moved)
    repo.materialise(repo.resolve("HEAD"), tmp_path / "two", shelf)
    assert not any(path.is_symlink() for path in (tmp_path / "two").rglob("*"))
    assert files(tmp_path / "two") == files(tmp_path / "one")


def test_modes_and_links_are_as_git_says(git: Git, work: Path, tmp_path: Path) -> None:
    for name in ("run.sh", "read.sh"):
        (work / name).write_text("#!/bin/sh\n")
    (work / "run.sh").chmod(0o755)
    (work / "link").symlink_to("a.txt")
    git(work, "add", ".")
    git(work, "commit", "-qm", "modes")
    repo = GitRepository(work)
    for name in ("one", "two"):
        repo.materialise(repo.resolve("HEAD"), tmp_path / name, tmp_path / "shelf")
        assert os.access(tmp_path / name / "run.sh", os.X_OK)
        assert not (tmp_path / name / "read.sh").stat().st_mode & 0o111
        assert (tmp_path / name / "link").readlink() == Path("a.txt")


def test_a_tree_that_plays_tricks_is_not_lent_to_either(git: Git, work: Path, tmp_path: Path) -> None:
    repo, shelf, outside = GitRepository(work), tmp_path / "shelf", tmp_path / "outside"
    outside.mkdir()
    repo.materialise(repo.resolve("HEAD"), tmp_path / "one", shelf)
    link = git(work, "hash-object", "-w", "--stdin", stdin=str(outside))
    data = git(work, "rev-parse", "HEAD:a.txt")
    inner = git(work, "mktree", stdin=f"100644 blob {data}\tx\n")
    tree = git(work, "mktree", stdin=f"120000 blob {link}\ta\n040000 tree {inner}\ta\n")
    made = Sha(git(work, "commit-tree", tree, "-m", "odd", "-p", "HEAD"))
    with pytest.raises(Denied, match="twice"):
        repo.materialise(made, tmp_path / "two", shelf)
    assert not any(outside.iterdir())


def test_a_shelf_does_not_grow_for_ever(work: Path, tmp_path: Path) -> None:
    repo, shelf = GitRepository(work), tmp_path / "shelf"
    for number in range(4 * ROOMY):
        sha = changed(repo, {"b.txt": b"%d\n" % number})
        repo.materialise(sha, tmp_path / f"{number}", shelf)
        assert files(tmp_path / f"{number}")["b.txt"] == b"%d\n" % number
        assert len(list(shelf.iterdir())) <= 2 * ROOMY
