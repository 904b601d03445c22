"""Notes below a ref of their own: kept by commit, replaced, and never mixed up with what people wrote."""

from pathlib import Path, PurePosixPath

import pytest

from bot.adapters.git.commits import commit_tree
from bot.adapters.git.notes import CHAIN, Notes, SharedNotes
from bot.adapters.git.repository import GitRepository
from bot.adapters.github.transport import Remote
from bot.core.change import Patch
from bot.core.errors import Denied, Misconfigured
from bot.core.ids import Sha, Tree

pytestmark = pytest.mark.integration  # they run git


@pytest.fixture
def repo(tmp_path: Path) -> GitRepository:
    repo = GitRepository.begin(tmp_path / "r.git")
    root = commit_tree(repo.git, Tree(repo.git.run("mktree").line), (), "root", author="a")
    repo.branch("main", repo.commit(Patch(root, {PurePosixPath("a"): b"a\n"}), "first", author="a"))
    return repo


def more(repo: GitRepository, message: str) -> Sha:
    before = repo.resolve("refs/heads/main")
    made = repo.commit(Patch(before, {PurePosixPath("b"): message.encode()}), message, author="a")
    repo.branch("main", made, expecting=before)
    return made


def test_a_note_is_kept_by_commit_and_a_later_one_replaces_it(repo: GitRepository) -> None:
    notes, one = Notes(repo), repo.resolve("HEAD")
    two = more(repo, "second")
    assert (notes.all(), notes.read(one)) == ({}, "")
    notes.write(one, '{"a":1}\n{"b":2}\n')
    notes.write(two, "x\n")
    notes.write(one, '{"a":1}\n')
    assert notes.all() == {one: '{"a":1}\n', two: "x\n"}
    assert notes.read(one) == '{"a":1}\n'
    assert repo.ref("refs/notes/megawatts") is None, "evidence of other kinds has another ref"
    assert repo.ref(CHAIN) is not None


def test_a_commit_that_is_not_here_yet_may_have_one(repo: GitRepository) -> None:
    """It is put on record before it is pushed: the forge's repository may not have it yet."""
    Notes(repo).write(Sha("1" * 40), "begun\n")
    assert Notes(repo).all() == {Sha("1" * 40): "begun\n"}


def test_a_note_whose_content_is_gone_is_an_empty_one(repo: GitRepository) -> None:
    notes, one, two = Notes(repo), repo.resolve("HEAD"), more(repo, "second")
    notes.write(one, "gone\n")
    notes.write(two, "there\n")
    blob = repo.git.run("notes", f"--ref={CHAIN}", "list", one).line
    (repo.git.git_dir / "objects" / blob[:2] / blob[2:]).unlink()
    assert notes.all() == {one: "", two: "there\n"}


def test_what_is_too_long_to_be_a_chain_is_not_read(repo: GitRepository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.adapters.git.notes._MOST", 10)
    notes, one, two = Notes(repo), repo.resolve("HEAD"), more(repo, "second")
    notes.write(one, "x" * 100 + "\n")
    notes.write(two, "short\n")
    assert notes.all() == {one: "a note of 101 bytes", two: "short\n"}


def test_history_says_what_was_taken_back(repo: GitRepository) -> None:
    one = repo.resolve("HEAD")
    by = more(repo, f'Revert "first"\n\nThis reverts commit {one}, reversing\nchanges made to x.')
    said = more(repo, f"docs: say that somebody wrote: This reverts commit {one}")
    notes = Notes(repo)
    assert notes.reverts(said) == {one: frozenset({by})}
    assert notes.reverts(one) == {}
    assert notes.parents(by) == (one,)


def test_tags_and_files_of_a_commit(repo: GitRepository) -> None:
    one = repo.resolve("HEAD")
    repo.git.run("tag", "v0.1.0", one)
    assert Notes(repo).tags(one) == ("v0.1.0",)
    assert (Notes(repo).file(one, "a"), Notes(repo).file(one, "none")) == ("a\n", None)


@pytest.fixture
def clones(repo: GitRepository, tmp_path: Path) -> tuple[GitRepository, GitRepository]:
    return GitRepository.mirror(repo.path, tmp_path / "one.git"), GitRepository.mirror(repo.path, tmp_path / "two.git")


def test_shared_notes_are_those_of_the_repository_elsewhere(
    repo: GitRepository, clones: tuple[GitRepository, GitRepository]
) -> None:
    remote = Remote(f"file://{repo.path}")
    one, two = (SharedNotes(clone, remote) for clone in clones)
    first, second = repo.resolve("HEAD"), more(repo, "second")
    assert one.all() == {}
    one.write(first, "a\n")
    two.write(second, "b\n")
    one.write(first, "c\n")
    assert one.all() == two.all() == Notes(repo).all() == {first: "c\n", second: "b\n"}
    assert one.reverts(first) == {}


def test_a_note_that_comes_between_the_look_and_the_push_is_kept(
    repo: GitRepository, clones: tuple[GitRepository, GitRepository]
) -> None:
    first, second = repo.resolve("HEAD"), more(repo, "second")
    other = SharedNotes(clones[1], Remote(f"file://{repo.path}"))
    late: list[str] = []

    class Late(Remote):
        def push(self, source: GitRepository, ref: str, oid: str, *, expecting: Sha | None) -> None:
            if not late:
                late.append(ref)
                other.write(second, "theirs\n")
            super().push(source, ref, oid, expecting=expecting)

    SharedNotes(clones[0], Late(f"file://{repo.path}")).write(first, "ours\n")
    assert Notes(repo).all() == {first: "ours\n", second: "theirs\n"}


def test_what_could_not_be_pushed_is_not_taken_for_written(
    repo: GitRepository, clones: tuple[GitRepository, GitRepository]
) -> None:
    class Shut(Remote):
        def push(self, source: GitRepository, ref: str, oid: str, *, expecting: Sha | None) -> None:
            raise Denied("the repository's rules refuse it")

    first = repo.resolve("HEAD")
    with pytest.raises(Denied, match="refuse"):
        SharedNotes(clones[0], Shut(f"file://{repo.path}")).write(first, "x\n")
    assert Notes(repo).all() == {}
    SharedNotes(clones[0], Remote(f"file://{repo.path}")).write(first, "x\n")
    assert Notes(repo).all() == {first: "x\n"}


@pytest.mark.parametrize("odd", ["HEAD", "--help", "", "1" * 39, "refs/heads/main"])
def test_only_whole_commit_ids_are_handed_to_git(repo: GitRepository, odd: str) -> None:
    for ask in (Notes(repo).read, Notes(repo).parents, Notes(repo).reverts, Notes(repo).tags):
        with pytest.raises(Misconfigured):
            ask(Sha(odd))
    with pytest.raises(Misconfigured):
        Notes(repo).write(Sha(odd), "x")
