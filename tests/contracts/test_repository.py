"""What any repository behind the house's door must do. Builders make one from files; the suite runs over each."""

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath

import pytest

from bot.adapters.git.repository import GitRepository
from bot.core.change import Patch
from bot.core.errors import Denied, Misconfigured
from bot.core.ids import Sha
from bot.core.ports import Repository

pytestmark = pytest.mark.integration  # they run git

P = PurePosixPath
FILES = {"a.txt": "one\ntwo\nthree\n", "pkg/b.py": "x = 1\n", "run.sh": "#!/bin/sh\n", "gone.txt": "bye\n" * 9}
ENV = {
    "PATH": os.environ["PATH"],
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "A",
    "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "A",
    "GIT_COMMITTER_EMAIL": "a@example.org",
}


def git(path: Path, *argv: str) -> str:
    return subprocess.run(["git", *argv], cwd=path, env=ENV, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("origin")
    git(path, "init", "-q", "-b", "trunk")
    for name, text in FILES.items():
        (path / name).parent.mkdir(exist_ok=True)
        (path / name).write_text(text)
    (path / "run.sh").chmod(0o755)
    (path / "link").symlink_to("a.txt")
    git(path, "add", ".")
    git(path, "commit", "-qm", "first")
    return path


def ordinary(origin: Path, into: Path) -> Path:
    git(into, "clone", "-q", str(origin), "work")
    return into / "work"


def bare(origin: Path, into: Path) -> Path:
    git(into, "clone", "-q", "--bare", str(origin), "bare.git")
    return into / "bare.git"


def linked(origin: Path, into: Path) -> Path:
    work = ordinary(origin, into)
    git(work, "worktree", "add", "-q", "--detach", str(into / "linked"))
    return into / "linked"


def shallow(origin: Path, into: Path) -> Path:
    git(into, "clone", "-q", "--depth=1", f"file://{origin}", "shallow")
    git(into / "shallow", "checkout", "-q", "--detach")
    return into / "shallow"


@pytest.fixture(params=[ordinary, bare, linked, shallow], ids=lambda build: build.__name__)
def repo(request: pytest.FixtureRequest, origin: Path, tmp_path: Path) -> Repository:
    build: Callable[[Path, Path], Path] = request.param
    return GitRepository(build(origin, tmp_path))


@pytest.fixture
def one(origin: Path, tmp_path: Path) -> Repository:
    shutil.copytree(origin / ".git", tmp_path / "bare.git")
    git(tmp_path / "bare.git", "config", "core.bare", "true")
    return GitRepository(tmp_path / "bare.git")


def committed(repo: Repository, files: Mapping[str, bytes | None], base: Sha | None = None) -> Sha:
    patch = Patch(base or repo.resolve("HEAD"), {P(name): data for name, data in files.items()})
    return repo.commit(patch, "feat: change", author="megawatts <m@example.org>")


def test_a_patch_becomes_exactly_its_files_and_nothing_else_moves(repo: Repository, tmp_path: Path) -> None:
    before = {
        path: path.read_bytes() for path in repo.path.rglob("*") if path.is_file() and "objects" not in path.parts
    }
    base = repo.resolve("HEAD")

    made = committed(repo, {"a.txt": b"new\r\n", "gone.txt": None, "deep/er/n.bin": b"\0\xff"})

    assert repo.read(made, P("a.txt")) == b"new\r\n"
    assert repo.read(made, P("gone.txt")) is None
    assert repo.read(made, P("deep/er/n.bin")) == b"\0\xff"
    assert repo.files(made).keys() == {P(p) for p in ("a.txt", "deep/er/n.bin", "link", "pkg/b.py", "run.sh")}
    assert repo.resolve("HEAD") == base
    after = {path: path.read_bytes() for path in repo.path.rglob("*") if path.is_file() and "objects" not in path.parts}
    assert after == before
    repo.materialise(made, tmp_path / "out")
    assert (tmp_path / "out" / "run.sh").stat().st_mode & 0o111
    assert (tmp_path / "out" / "link").readlink() == Path("a.txt")


def test_ancestry_and_merges(one: Repository) -> None:
    base = one.resolve("HEAD")
    left, right = committed(one, {"a.txt": b"left\n"}), committed(one, {"pkg/b.py": b"x = 2\n"})
    clash = committed(one, {"a.txt": b"clash\n"})

    assert one.merge_base(left, right) == base
    assert one.is_ancestor(base, left)
    assert not one.is_ancestor(left, right)
    both = committed(one, {"pkg/b.py": b"x = 2\n"}, base=left)
    assert one.merged_tree(left, right) == one.tree(both)
    assert one.merged_tree(left, clash) is None


def test_changes_name_both_ends_modes_and_lines(one: Repository) -> None:
    base = one.resolve("HEAD")
    made = committed(one, {"a.txt": b"one\n2\n3\n", "gone.txt": None, "kept.txt": b"bye\n" * 9, "b.bin": b"\0\1"})

    found = {str(change.path): change for change in one.changes(base, made)}

    assert found.keys() == {"a.txt", "kept.txt", "b.bin"}
    assert (found["a.txt"].action, found["a.txt"].lines, found["a.txt"].added) == ("modify", ((2, 3),), 2)
    assert found["kept.txt"].action == "rename"
    assert found["kept.txt"].paths == {P("gone.txt"), P("kept.txt")}
    assert found["b.bin"].binary
    assert "+2" in one.diff(base, made)


def test_a_branch_moves_only_from_where_the_caller_thinks_it_is(one: Repository) -> None:
    base, made = one.resolve("HEAD"), committed(one, {"a.txt": b"x\n"})
    one.branch("megawatts/0123456789ab", base)
    one.branch("megawatts/0123456789ab", base)
    with pytest.raises(Denied, match="not at nothing"):
        one.branch("megawatts/0123456789ab", made)
    with pytest.raises(Denied):
        one.branch("megawatts/0123456789ab", made, expecting=Sha("1" * 40))
    assert one.resolve("megawatts/0123456789ab") == base
    one.branch("megawatts/0123456789ab", made, expecting=base)
    assert one.resolve("megawatts/0123456789ab") == made


def test_a_note_is_replaced_and_leaves_the_commit_alone(one: Repository) -> None:
    made = committed(one, {"a.txt": b"x\n"})
    one.note(made, "first")
    one.note(made, "second \u202e")
    assert git(one.path, "notes", "--ref=megawatts", "show", made) == "second"


def test_the_same_edit_elsewhere_has_the_same_patch_id(one: Repository) -> None:
    base = one.resolve("HEAD")
    other = committed(one, {"pkg/b.py": b"x = 9\n"})
    here, there = committed(one, {"a.txt": b"one\n"}), committed(one, {"a.txt": b"one\n"}, base=other)
    assert one.patch_id(base, here) == one.patch_id(other, there) != ""
    assert one.patch_id(base, here) != one.patch_id(base, other)
    assert one.patch_id(base, base) == ""


def test_what_is_wrong_is_said_with_what_to_do(one: Repository) -> None:
    base = one.resolve("HEAD")
    for rev in ("nope", "--upload-pack=x", "-q", "", "HEAD:a.txt", "a\nb", "1" * 40):
        with pytest.raises(Misconfigured, match="branch, a tag or a commit id"):
            one.resolve(rev)
    with pytest.raises(Misconfigured):
        one.read(Sha("1" * 40), P("a.txt"))
    with pytest.raises(Misconfigured):
        one.tree(Sha("HEAD"))
    with pytest.raises(Denied, match="changes nothing"):
        committed(one, {"a.txt": FILES["a.txt"].encode()})
    for name in ("nope.txt", "pkg"):
        with pytest.raises(Denied, match="cannot be deleted"):
            committed(one, {name: None})
    for name in ("../x", "/etc/x", ".git/hooks/post-update", "a/.GIT/config", "a.txt/inside", "pkg", "link"):
        with pytest.raises(Denied):
            committed(one, {name: b"x"})
    assert one.resolve("HEAD") == base
