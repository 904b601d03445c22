"""Trees in and out of a repository, byte for byte: no filter, attribute or end-of-line setting has a say."""

import os
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from bot.adapters.git.names import check_path
from bot.adapters.git.plumbing import Plumbing
from bot.adapters.git.shelf import Shelf
from bot.core.change import Patch
from bot.core.errors import Denied, Misconfigured, Unavailable
from bot.core.ids import Sha, Tree

LINK = "120000"
EXECUTABLE = "100755"
SUBMODULE = "160000"
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """One line of `git ls-tree -r`."""

    path: PurePosixPath
    mode: str
    kind: str
    oid: str
    name: bytes
    """The path as stored: it may hold what PurePosixPath would tidy away."""


def entries(git: Plumbing, sha: Sha | Tree) -> list[TreeEntry]:
    """Every file, link and submodule of a commit."""
    result = git.run("ls-tree", "-r", "-z", "--full-tree", sha, codes=(0, 128))
    if result.code:
        raise Misconfigured(f"{sha} names no commit in {git.git_dir}")
    return [_entry(line) for line in result.out.split(b"\0") if line]


def _entry(line: bytes) -> TreeEntry:
    head, name = line.split(b"\t", 1)
    mode, kind, oid = head.decode().split(" ")
    return TreeEntry(PurePosixPath(os.fsdecode(name)), mode, kind, oid, name)


def read(git: Plumbing, sha: Sha, path: PurePosixPath) -> bytes | None:
    """One file of a commit, or None. A commit that is not here raises: it must not look like a missing file."""
    wanted = f"{sha}^{{tree}}".encode() + b"\0" + f"{sha}:".encode() + os.fsencode(path) + b"\0"
    with git.stream("cat-file", "--batch", "-z", stdin=wanted) as out:
        root, _size = _header(out)
        if root != b"tree":
            raise Misconfigured(f"{sha} names no commit in {git.git_dir}")
        out.read(_size + 1)
        kind, size = _header(out)
        return out.read(size) if kind == b"blob" else None


def _header(out: IO[bytes]) -> tuple[bytes, int]:
    """Kind and size of the next object of `cat-file --batch`; kind is empty if it is missing."""
    line = out.readline()
    words = line.split()
    if len(words) == 3 and words[2].isdigit():
        return words[1], int(words[2])
    return b"", 0


def materialise(git: Plumbing, sha: Sha, into: Path, shelf: Shelf | None = None) -> None:
    """Write the tree. Links go last and nothing is ever written through one."""
    into.mkdir(parents=True, exist_ok=True)
    if any(into.iterdir()):
        raise Misconfigured(f"{into} is not empty: a tree is written into a new folder")
    listed = entries(git, sha)
    for entry in listed:
        check_path(os.fsdecode(entry.name))
    _make_folders(into, listed)
    blobs = sorted((e for e in listed if e.kind == "blob"), key=lambda e: e.mode == LINK)
    missing = [e for e in blobs if shelf is None or not _lent(shelf, e, into)]
    if missing:
        wanted = b"".join(e.oid.encode() + b"\n" for e in missing)
        with git.stream("cat-file", "--batch", "--buffer", stdin=wanted) as out:
            for entry in missing:
                _write_entry(out, entry, into)
                if shelf is not None and entry.mode != LINK:
                    shelf.keep(entry.oid, _target(entry, into), executable=entry.mode == EXECUTABLE)
    if shelf is not None:
        shelf.tidy({(e.oid, e.mode == EXECUTABLE) for e in blobs})


def _lent(shelf: Shelf, entry: TreeEntry, into: Path) -> bool:
    executable = entry.mode == EXECUTABLE
    return entry.mode != LINK and shelf.lend(entry.oid, _target(entry, into), executable=executable)


def _target(entry: TreeEntry, into: Path) -> str:
    return f"{os.fspath(into)}/{os.fsdecode(entry.name)}"


def _make_folders(into: Path, listed: Iterable[TreeEntry]) -> None:
    root = os.fspath(into)
    folders = {os.path.dirname(os.fsdecode(e.name)) for e in listed}  # noqa: PTH120  (Path is 20 times slower here)
    folders |= {os.fsdecode(e.name) for e in listed if e.mode == SUBMODULE}
    for folder in sorted(folders - {""}):
        os.makedirs(f"{root}/{folder}", exist_ok=True)  # noqa: PTH103  (as above)


def _write_entry(out: IO[bytes], entry: TreeEntry, into: Path) -> None:
    kind, size = _header(out)
    if kind != b"blob":
        raise Unavailable("git", f"the object {entry.oid} of {entry.path} is missing: is the repository whole?")
    target = _target(entry, into)
    try:
        if entry.mode == LINK:
            os.symlink(out.read(size), os.fsencode(target))  # noqa: PTH211  (the target is bytes)
        else:
            _copy(out, size, target, 0o755 if entry.mode == EXECUTABLE else 0o644)
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        raise Denied(f"the tree holds {str(entry.path)!r} twice, or once as a file and once as a folder") from error
    out.read(1)


def _copy(out: IO[bytes], size: int, target: str, mode: int) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    with os.fdopen(os.open(target, flags, mode), "wb") as file:
        left = size
        while left:
            chunk = out.read(min(left, _CHUNK))
            if not chunk:
                raise Unavailable("git", f"the object for {target} ended early")
            file.write(chunk)
            left -= len(chunk)


def write(git: Plumbing, patch: Patch) -> Tree:
    """The tree of the patch's base with the patch's files in place, built in an index of its own."""
    modes = {e.path: e.mode for e in entries(git, patch.base)}
    _check(patch, modes)
    with tempfile.TemporaryDirectory(prefix="megawatts-index-") as folder:
        env = {"GIT_INDEX_FILE": f"{folder}/index"}
        git.run("read-tree", patch.base, env=env)
        lines = _index_lines(patch, modes, _store(git, patch, Path(folder)))
        result = git.run("update-index", "-z", "--index-info", stdin=lines, env=env, codes=(0, 1, 128))
        if result.code:
            raise Denied(f"the patch does not fit its base: {result.err.strip()[:300]}")
        return Tree(git.run("write-tree", env=env).line)


def _check(patch: Patch, modes: Mapping[PurePosixPath, str]) -> None:
    """Denied unless the tree will hold exactly the base's files with the patch's in place: git would make room."""
    for path, content in patch.files.items():
        check_path(path)
        if content is not None and modes.get(path) in {LINK, SUBMODULE}:
            raise Denied(f"{path} is a link or a submodule: a patch writes files only")
        if content is None and path not in modes:
            raise Denied(f"{path} is not in {patch.base[:12]}: it cannot be deleted")
    written = {path for path, content in patch.files.items() if content is not None}
    final = (modes.keys() - patch.files.keys()) | written
    folders = {parent for path in final for parent in path.parents}
    for path in written:
        if path in folders or any(parent in final for parent in path.parents):
            raise Denied(f"{path} cannot be a file: another path makes a folder of it, or stands in its way")


def _store(git: Plumbing, patch: Patch, folder: Path) -> dict[PurePosixPath, str]:
    """Write the new contents as objects, all in one go; their ids by path."""
    contents = [(path, data) for path, data in patch.files.items() if data is not None]
    for number, (_path, data) in enumerate(contents):
        (folder / f"blob-{number}").write_bytes(data)
    names = "".join(f"{folder}/blob-{number}\n" for number in range(len(contents)))
    if not contents:
        return {}
    out = git.run("hash-object", "-w", "--no-filters", "--stdin-paths", stdin=names.encode()).out.decode()
    return dict(zip((path for path, _data in contents), out.split(), strict=True))


def _index_lines(patch: Patch, modes: dict[PurePosixPath, str], oids: dict[PurePosixPath, str]) -> bytes:
    gone = [f"0 {'0' * 40}\t{path}\0" for path, data in patch.files.items() if data is None]
    kept = [f"{modes.get(path, '100644')} {oid}\t{path}\0" for path, oid in oids.items()]
    return b"".join(os.fsencode(line) for line in (*gone, *kept))
