"""What only git can do wrong: hostile trees, hostile configuration, work trees that must not be touched."""

import os
import resource
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pytest

from bot.adapters.git.repository import GitRepository
from bot.core.change import Patch
from bot.core.errors import Denied, Misconfigured, Unavailable
from bot.core.ids import Sha

pytestmark = pytest.mark.integration  # they run git

Git = Callable[..., str]
P = PurePosixPath


def tree_of(git: Git, work: Path, *lines: str) -> Sha:
    """A commit with a tree that ordinary commands would not make."""
    tree = git(work, "mktree", stdin="".join(f"{line}\n" for line in lines))
    return Sha(git(work, "commit-tree", tree, "-m", "odd", "-p", "HEAD"))


def blob(git: Git, work: Path, text: str) -> str:
    return git(work, "hash-object", "-w", "--stdin", stdin=text)


@pytest.mark.parametrize(
    "name", ["..", ".git", ".GIT", ".gi\u200ct", "git~1", ".git ", ".git.", ".git::$INDEX", "a\\.git"]
)
def test_a_tree_that_plays_tricks_is_not_written(git: Git, work: Path, tmp_path: Path, name: str) -> None:
    inner = git(work, "mktree", stdin=f"100644 blob {blob(git, work, 'owned')}\tconfig\n")
    made = tree_of(git, work, f"040000 tree {inner}\t{name}")
    with pytest.raises(Denied, match="path"):
        GitRepository(work).materialise(made, tmp_path / "deep" / "out")
    assert not any(path.name == "config" for path in (tmp_path / "deep").rglob("*"))


def test_nothing_is_written_through_a_link(git: Git, work: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    link, data = blob(git, work, str(outside)), blob(git, work, "owned")
    inner = git(work, "mktree", stdin=f"100644 blob {data}\tx\n")
    made = tree_of(git, work, f"120000 blob {link}\ta", f"040000 tree {inner}\ta")
    with pytest.raises(Denied, match="twice"):
        GitRepository(work).materialise(made, tmp_path / "out")
    assert not any(outside.iterdir())


def test_attributes_filters_and_hooks_have_no_say(git: Git, work: Path, tmp_path: Path) -> None:
    touched = tmp_path / "touched"
    (work / ".gitattributes").write_text("* export-ignore filter=evil diff=evil merge=evil eol=crlf\n")
    git(work, "add", ".")
    git(work, "commit", "-qm", "attributes")
    for key in ("filter.evil.smudge", "filter.evil.clean", "diff.evil.textconv", "diff.external", "core.fsmonitor"):
        git(work, "config", key, f"touch {touched}; cat")
    git(work, "config", "merge.evil.driver", f"touch {touched}; false")
    for name in ("post-index-change", "reference-transaction", "post-checkout", "pre-commit", "commit-msg"):
        (work / ".git" / "hooks" / name).write_text(f"#!/bin/sh\ntouch {touched}\n")
        (work / ".git" / "hooks" / name).chmod(0o755)
    repo = GitRepository(work)
    base = repo.resolve("HEAD")
    made = repo.commit(Patch(base, {P("a.txt"): b"x\n"}), "feat: x", author="m")
    other = repo.commit(Patch(base, {P("b.txt"): b"y\n"}), "feat: y", author="m")
    repo.branch("megawatts/0123456789ab", made)
    repo.materialise(made, tmp_path / "out")
    assert repo.merged_tree(made, other) is not None
    assert repo.merged_tree(made, repo.commit(Patch(base, {P("a.txt"): b"z\n"}), "z", author="m")) is None
    assert [change.added for change in repo.changes(base, made)] == [1]
    repo.note(made, "evidence")

    assert {path.name for path in (tmp_path / "out").iterdir()} == {".gitattributes", "a.txt", "b.txt"}
    assert (tmp_path / "out" / "a.txt").read_bytes() == b"x\n"
    assert not touched.exists()


def test_the_callers_environment_is_not_git_s(work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "index"))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "alias.rev-parse")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "!false")
    monkeypatch.setenv("GIT_TRACE", str(tmp_path / "trace"))
    repo = GitRepository(work)
    made = repo.commit(Patch(repo.resolve("HEAD"), {P("n"): b"n"}), "feat: n", author="m")
    assert repo.read(made, P("n")) == b"n"
    assert not (tmp_path / "index").exists()
    assert not (tmp_path / "trace").exists()


def test_replaced_objects_do_not_change_what_is_read(git: Git, work: Path) -> None:
    repo = GitRepository(work)
    base = repo.resolve("HEAD")
    made = repo.commit(Patch(base, {P("a.txt"): b"fake\n"}), "fake", author="m")
    git(work, "replace", base, made)
    assert repo.read(base, P("a.txt")) != b"fake\n"


def test_a_repository_is_made_whole_or_not_at_all(tmp_path: Path) -> None:
    """A disk without room, then with; and a folder of somebody's in its place."""
    child = os.fork()
    if not child:
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        try:
            GitRepository.begin(tmp_path / "clone.git")
        except Unavailable:
            os._exit(7)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    assert not (tmp_path / "clone.git").exists()
    assert GitRepository.begin(tmp_path / "clone.git").bare
    assert [path.name for path in tmp_path.iterdir()] == ["clone.git"]
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "diary.txt").write_text("mine")
    with pytest.raises(Unavailable, match="move it away"):
        GitRepository.begin(theirs)
    assert [path.name for path in theirs.iterdir()] == ["diary.txt"]


def test_the_checked_out_branch_is_never_moved(git: Git, work: Path) -> None:
    repo = GitRepository(work)
    base = repo.resolve("HEAD")
    made = repo.commit(Patch(base, {P("a.txt"): b"x\n"}), "feat: x", author="m")
    with pytest.raises(Denied, match="checked out"):
        repo.branch("main", made, expecting=base)
    assert git(work, "rev-parse", "main") == base
    assert git(work, "status", "--porcelain") == ""


def test_a_ref_is_found_however_git_keeps_it(git: Git, work: Path, tmp_path: Path) -> None:
    git(work, "worktree", "add", "-q", "-b", "other", str(tmp_path / "linked"))
    base = git(work, "rev-parse", "HEAD")
    git(work, "symbolic-ref", "refs/heads/alias", "refs/heads/main")
    for repo in (GitRepository(work), GitRepository(tmp_path / "linked")):
        assert [repo.ref(f"refs/heads/{name}") for name in ("main", "other", "alias", "none")] == [
            base,
            base,
            base,
            None,
        ]
    git(work, "pack-refs", "--all")
    assert not (work / ".git" / "refs" / "heads" / "main").exists()
    assert GitRepository(work).ref("refs/heads/main") == base
    (work / ".git" / "refs" / "heads" / "broken").write_bytes(b"\xff")
    assert GitRepository(work).ref("refs/heads/broken") is None


def test_a_left_over_lock_is_later_and_named(work: Path) -> None:
    repo = GitRepository(work)
    base = repo.resolve("HEAD")
    repo.branch("feature", base)
    made = repo.commit(Patch(base, {P("a.txt"): b"x\n"}), "feat: x", author="m")
    (work / ".git" / "refs" / "heads" / "feature.lock").touch()
    with pytest.raises(Unavailable, match=r"feature\.lock"):
        repo.branch("feature", made, expecting=base)
    assert repo.resolve("feature") == base


def test_odd_names_kinds_and_modes_are_told_apart(git: Git, work: Path) -> None:
    odd = 'tab\t"quote"\nline \u00e9'
    (work / odd).write_text("odd\n")
    (work / "b.txt").chmod(0o755)
    (work / "a.txt").unlink()
    (work / "a.txt").symlink_to("b.txt")
    git(work, "add", ".")
    git(work, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},sub")
    git(work, "commit", "-qm", "odd")
    raw = os.fsdecode(b"raw-\xff")
    (work / odd).rename(work / raw)
    git(work, "add", ".", ":!sub")
    git(work, "commit", "-qm", "not UTF-8")
    repo = GitRepository(work)
    base, head = repo.resolve("HEAD~2"), repo.resolve("HEAD~1")

    found = {str(change.path): change for change in repo.changes(base, head)}

    assert (found[odd].action, found[odd].lines) == ("add", ((1, 1),))
    assert (found["b.txt"].action, found["b.txt"].mode) == ("type", "100755")
    assert (found["a.txt"].action, found["a.txt"].mode, found["a.txt"].lines) == ("type", "120000", ((1, 1),))
    assert (found["sub"].action, found["sub"].mode) == ("add", "160000")
    assert repo.read(head, P(odd)) == b"odd\n"
    assert P("sub") not in repo.files(head)
    assert [c.paths for c in repo.changes(head, repo.resolve("HEAD")) if c.action == "rename"] == [{P(odd), P(raw)}]
    assert repo.read(repo.resolve("HEAD"), P(raw)) == b"odd\n"
    with pytest.raises(Denied, match="link or a submodule"):
        repo.commit(Patch(head, {P("a.txt"): b"x"}), "through a link", author="m")


def test_a_patch_like_text_in_a_file_does_not_shift_the_line_ranges(work: Path) -> None:
    repo = GitRepository(work)
    base = repo.resolve("HEAD")
    text = b"diff --git a/x b/x\n@@ -1 +1 @@\n--- a\n+++ b\n"
    head = repo.commit(Patch(base, {P("0.patch"): text, P("b.txt"): b"b\nc\n"}), "feat: patch", author="m")
    assert {str(c.path): c.lines for c in repo.changes(base, head)} == {"0.patch": ((1, 4),), "b.txt": ((2, 2),)}


def test_a_message_and_an_author_cannot_forge_headers(git: Git, work: Path) -> None:
    repo = GitRepository(work)
    patch = Patch(repo.resolve("HEAD"), {P("n"): b"n"})
    message = "feat: n\r\n\u202egpj.exe\u200b\x1b[31m\n\nbody"
    made = repo.commit(patch, message, author="Eve\nparent 1\n<e@x> <f@y>")
    raw = git(work, "cat-file", "commit", made)
    assert raw.count("parent ") == 2  # the real one, and the words inside the name, on the author line
    assert [line.split(" ")[0] for line in raw.split("\n\n")[0].split("\n")] == [
        "tree",
        "parent",
        "author",
        "committer",
    ]
    assert raw.split("\n\n", 1)[1] == "feat: n\ngpj.exe[31m\n\nbody"


def test_what_is_not_a_repository_is_named(git: Git, work: Path, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    (work / "inner").mkdir()
    (tmp_path / "empty").mkdir()
    git(tmp_path / "empty", "init", "-q")
    for path, words in (
        (tmp_path / "plain", "not a git repository"),
        (tmp_path / "no", "not a folder"),
        (work / "inner", "root"),
    ):
        with pytest.raises(Misconfigured, match=words):
            GitRepository(path)
    with pytest.raises(Misconfigured, match="no commits"):
        GitRepository(tmp_path / "empty").resolve("HEAD")


def test_a_folder_in_use_is_not_written_over(work: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_text("mine")
    with pytest.raises(Misconfigured, match="not empty"):
        GitRepository(work).materialise(GitRepository(work).resolve("HEAD"), tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine"]


def test_a_mirror_follows_and_a_missing_object_is_said(git: Git, work: Path, tmp_path: Path) -> None:
    clone = GitRepository.mirror(work, tmp_path / "clone.git")
    git(work, "commit", "-q", "--allow-empty", "-m", "second")
    again = GitRepository.mirror(work, tmp_path / "clone.git")
    assert again.resolve("main") == Sha(git(work, "rev-parse", "HEAD"))
    assert clone.has(again.resolve("main"))
    assert not clone.has(Sha("1" * 40))
    with pytest.raises(Misconfigured, match="not a git repository"):
        clone.fetch(tmp_path / "nowhere", "+refs/heads/*:refs/heads/*")
    with pytest.raises((Unavailable, Misconfigured)):
        clone.fetch(f"ext::sh -c touch% {tmp_path}/owned", "+refs/heads/*:refs/heads/*")
    assert not (tmp_path / "owned").exists()
