"""The proof that a revert is exact: what it must let through, and all that it must not."""

from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath

import pytest

from bot.adapters.git.commits import commit_tree
from bot.adapters.git.inverse import prove_inverse, revert_tree
from bot.adapters.git.repository import GitRepository
from bot.core.change import Patch
from bot.core.errors import Denied
from bot.core.ids import Sha
from bot.core.verdict import Verdict

pytestmark = pytest.mark.integration  # they run git

Git = Callable[..., str]
P = PurePosixPath
OLD = "".join(f"line {number}\n" for number in range(1, 41))
BAD = OLD.replace("line 5\n", "line five\n")


class Story:
    """A merge on a repository, later commits, and a revert on top."""

    def __init__(self, work: Path) -> None:
        self.repo = GitRepository(work)
        self.before = self.repo.resolve("HEAD")
        change = self.commit(self.before, {"a.txt": BAD, "new/x.py": "x = 1\n", "b.txt": None})
        self.merged = commit_tree(self.repo.git, self.repo.tree(change), (self.before, change), "merge", author="m")

    def commit(self, base: Sha, files: Mapping[str, str | None]) -> Sha:
        contents = {P(name): text if text is None else text.encode() for name, text in files.items()}
        return self.repo.commit(Patch(base, contents), "edit", author="m")

    def prove(self, base: Sha, files: Mapping[str, str | None]) -> Verdict:
        return prove_inverse(self.repo, self.merged, self.commit(base, files), base)


@pytest.fixture
def story(work: Path) -> Story:
    return Story(work)


BACK = {"a.txt": OLD, "new/x.py": None, "b.txt": "b\n"}


def test_the_tree_before_the_merge_is_an_exact_inverse(story: Story) -> None:
    assert story.prove(story.merged, BACK).passed


@pytest.mark.parametrize(
    ("extra", "rule"),
    [
        ({"other.txt": "ride along\n"}, "only-its-paths"),
        ({"a.txt": OLD + "one more\n"}, "as-before"),
        ({"new/x.py": "x = 2\n"}, "as-before"),
        ({"b.txt": "b \n"}, "as-before"),
    ],
)
def test_anything_beside_the_inverse_fails(story: Story, extra: Mapping[str, str], rule: str) -> None:
    verdict = story.prove(story.merged, {**BACK, **extra})
    found = verdict.find(rule)
    assert not verdict.passed
    assert found is not None
    assert not found.passed


def test_half_an_inverse_fails(story: Story) -> None:
    assert not story.prove(story.merged, {"a.txt": OLD, "new/x.py": None}).passed


def test_later_work_elsewhere_and_in_the_same_file_is_kept(story: Story) -> None:
    later = story.commit(story.merged, {"a.txt": BAD + "later\n", "work.txt": "17,912 lines\n"})

    kept = story.prove(later, {**BACK, "a.txt": OLD + "later\n"})
    lost = story.prove(later, BACK)
    deleted = story.prove(later, {**BACK, "a.txt": OLD + "later\n", "work.txt": None})

    assert kept.passed
    assert not lost.passed
    assert not deleted.passed
    assert revert_tree(story.repo, story.merged, later) == story.repo.tree(
        story.commit(later, {**BACK, "a.txt": OLD + "later\n"})
    )


def test_later_edits_of_the_same_lines_go_to_a_person(story: Story) -> None:
    later = story.commit(story.merged, {"a.txt": BAD.replace("line five", "line 5, better")})
    with pytest.raises(Denied, match=r"a\.txt"):
        revert_tree(story.repo, story.merged, later)
    assert not story.prove(later, BACK).passed


def test_a_changed_mode_is_not_the_same_content(story: Story, git: Git, work: Path) -> None:
    head = story.commit(story.merged, BACK)
    git(work, "read-tree", head)
    git(work, "update-index", "--chmod=+x", "b.txt")
    tree = git(work, "write-tree")
    sly = Sha(git(work, "commit-tree", tree, "-p", story.merged, "-m", "sly"))
    assert prove_inverse(story.repo, story.merged, head, story.merged).passed
    assert not prove_inverse(story.repo, story.merged, sly, story.merged).passed


def test_a_revert_of_what_is_not_on_the_base_fails(story: Story) -> None:
    head = story.commit(story.before, {"a.txt": "x\n"})
    assert not prove_inverse(story.repo, story.merged, head, story.before).passed
    assert not prove_inverse(story.repo, story.before, head, story.before).passed
