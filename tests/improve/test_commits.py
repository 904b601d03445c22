"""What git says of commits is asked once, and only what it said: an error is no answer."""

from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, cast

import pytest

from bot.core.change import FileChange
from bot.core.errors import Unavailable
from bot.core.ids import Sha, Tree
from bot.core.ports import Repository
from bot.improve import commits

ONE, OTHER, THIRD = (Sha(digit * 40) for digit in "123")
NOTE = PurePosixPath("notes/a.txt")


@dataclass(eq=False)
class Git:
    """A repository that counts what it is asked, and may be out of order."""

    broken: bool = False
    tree: Tree | None = Tree("t" * 40)  # noqa: RUF009  (a word)
    asked: list[tuple[Any, ...]] = field(default_factory=list)

    def changes(self, base: Sha, head: Sha) -> tuple[FileChange, ...]:
        self.asked.append(("changes", base, head))
        if self.broken:
            raise Unavailable("git", "no such object")
        return (FileChange(NOTE, NOTE, "modify"),)

    def merged_tree(self, ours: Sha, theirs: Sha) -> Tree | None:
        self.asked.append(("merged", ours, theirs))
        return self.tree

    def read(self, sha: Sha, path: PurePosixPath) -> bytes | None:
        self.asked.append(("read", sha, path))
        return None if path == NOTE else f"{path} at {sha}".encode()


def door(git: Git) -> Repository:
    return cast("Repository", git)


def test_the_same_two_commits_are_asked_about_once() -> None:
    git = Git()
    for _look in range(3):
        assert [change.path for change in commits.changes(door(git), ONE, OTHER)] == [NOTE]
        assert not commits.conflict(door(git), ONE, OTHER)
    assert git.asked == [("changes", ONE, OTHER), ("merged", ONE, OTHER)]
    commits.changes(door(git), ONE, THIRD)
    commits.conflict(door(git), OTHER, ONE)
    assert git.asked[2:] == [("changes", ONE, THIRD), ("merged", OTHER, ONE)], (
        "another head or base is another question"
    )


def test_one_repository_does_not_answer_for_another() -> None:
    clear, torn = Git(), Git(tree=None)
    assert [commits.conflict(door(git), ONE, OTHER) for git in (clear, torn, clear, torn)] == [False, True, False, True]
    assert len(clear.asked) == len(torn.asked) == 1


def test_an_error_is_asked_again() -> None:
    git = Git(broken=True)
    with pytest.raises(Unavailable):
        commits.changes(door(git), ONE, OTHER)
    git.broken = False
    assert commits.changes(door(git), ONE, OTHER)
    assert len(git.asked) == 2


def test_what_is_kept_has_a_bound() -> None:
    git = Git()
    for number in range(commits.MOST + 1):
        commits.changes(door(git), ONE, Sha(f"{number:040x}"))
    assert len(git.asked) == commits.MOST + 1
    commits.changes(door(git), ONE, Sha(f"{commits.MOST:040x}"))
    assert len(git.asked) == commits.MOST + 1, "the newest is known"
    commits.changes(door(git), ONE, Sha(f"{0:040x}"))
    assert len(git.asked) == commits.MOST + 2, "the oldest was let go"


def test_a_small_file_is_read_once_at_each_commit_and_so_is_that_there_is_none() -> None:
    git, charter = Git(), PurePosixPath("charter.toml")
    for _look in range(2):
        assert commits.read(door(git), ONE, charter) == f"charter.toml at {ONE}".encode()
        assert commits.read(door(git), OTHER, charter) == f"charter.toml at {OTHER}".encode()
        assert commits.read(door(git), ONE, NOTE) is None
    assert len(git.asked) == 3
    for number in range(commits.FILES):
        commits.read(door(git), Sha(f"{number:040x}"), charter)
    commits.read(door(git), ONE, charter)
    assert len(git.asked) == 3 + commits.FILES + 1, "contents are kept for a few commits only"
