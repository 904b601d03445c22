"""A disposable checkout of one commit: no history, no remotes, no secrets; programs in it run in the sandbox."""

import asyncio
import os
import shutil
import stat
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from bot.core.errors import Denied, Misconfigured
from bot.core.ids import Sha, Tree
from bot.core.ports import Repository, Sandbox
from bot.core.sandbox import Finished, Limits
from bot.improve.witness import tell

PYTHON = "{python}"
SHELF = "files"
"""Below a cache: contents of files that checkouts share."""
STEADY = {
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONHASHSEED": "0",
    "PYTHONUTF8": "1",
    "PYTHONNOUSERSITE": "1",
}
"""The same run twice gives the same result, and leaves nothing in the tree."""


@dataclass(frozen=True, slots=True)
class Checkout:
    """One commit's tree in a folder of its own."""

    path: Path
    sha: Sha
    tree: Tree
    python: Path
    sandbox: Sandbox

    @classmethod
    async def make(
        cls, repo: Repository, sha: Sha, into: Path, sandbox: Sandbox, python: Path, *, shelf: Path | None = None
    ) -> "Checkout":
        """Write the tree of `sha` into the new folder `into`, its files shared with other checkouts by a `shelf`.

        Raises Denied, naming the links, if the tree has links that lead out of it, and Misconfigured if
        `into` is not empty.
        """
        if into.exists() and any(into.iterdir()):
            raise Misconfigured(f"checkout: {into} is not empty")
        await asyncio.to_thread(repo.materialise, sha, into, shelf)
        await asyncio.to_thread(_settle, into, sha)
        return cls(into, sha, repo.tree(sha), python, sandbox)

    async def run(
        self,
        argv: Sequence[str],
        *,
        writable: Sequence[Path] = (),
        readable: Sequence[Path] = (),
        env: Mapping[str, str] | None = None,
        stdin: bytes = b"",
        limits: Limits | None = None,
    ) -> Finished:
        """Run argv here, read-only; `{python}` in argv is the interpreter. `env` is added to a steady one."""
        finished = await self.sandbox.run(
            [word.replace(PYTHON, str(self.python)) for word in argv],
            root=self.path,
            writable=writable,
            readable=(*readable, *_prefix(self.python)),
            env=STEADY | dict(env or {}),
            stdin=stdin,
            limits=limits,
        )
        tell(finished)
        return finished


def _prefix(python: Path) -> tuple[Path, ...]:
    """The environment that an interpreter belongs to, if it is a virtual one: its packages must be readable."""
    folder = python.parent.parent
    settings = folder / "pyvenv.cfg"
    if not settings.is_file():
        return ()
    rows = (line.partition("=") for line in settings.read_text(errors="replace").splitlines())
    homes = [Path(value.strip()).parent for key, _, value in rows if key.strip() == "home"]
    return tuple(p for p in (folder, *homes) if p.is_dir() and not p.is_relative_to("/usr"))


async def overlay(onto: Checkout, files: Mapping[PurePosixPath, bytes | None], into: Path) -> Checkout:
    """A copy of `onto` in the new folder `into` with these files written, or deleted where None.

    It keeps the sha and tree of `onto`, whose variant it is. Raises Denied for a path that leaves the
    tree, or that goes through a link in it.
    """
    await asyncio.to_thread(_copy, onto.path, files, into)
    return Checkout(into, onto.sha, onto.tree, onto.python, onto.sandbox)


def _copy(source: Path, files: Mapping[PurePosixPath, bytes | None], into: Path) -> None:
    share(source, into)
    for path, content in files.items():
        target = _inside(into, path)
        replace_shared(target, content)
    _settle(into, Sha("variant"))


def share(source: Path, into: Path, ignore: Callable[[str, list[str]], Iterable[str]] | None = None) -> None:
    """The folder's files under other names in the folder `into`: who changes one replaces it. Copies across disks."""
    shutil.copytree(source, into, symlinks=True, dirs_exist_ok=True, ignore=ignore, copy_function=_another_name)


def replace_shared(path: Path, content: bytes | None) -> None:
    """Put another file in the place of one that may have other names, which keep the old content; None deletes."""
    path.unlink(missing_ok=True)
    if content is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _another_name(source: str, target: str) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copy2(source, target)


def _inside(root: Path, path: PurePosixPath) -> Path:
    """Where `path` lies in the tree, if it stays there without going through a link."""
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise Denied(f"checkout: {path} is not a path inside the tree")
    target = root
    for part in path.parts[:-1]:
        target /= part
        if target.is_symlink():
            raise Denied(f"checkout: {path} goes through the link {target.relative_to(root)}")
    return root / path


def _settle(root: Path, sha: str) -> None:
    """Refuse what a checkout must not hold, and let the sandbox's user id read the rest."""
    strays = []
    for folder, dirs, files in os.walk(root):
        Path(folder).chmod(0o755)
        for name in (*dirs, *files):
            place = f"{folder}/{name}"
            mode = os.lstat(place).st_mode
            if stat.S_ISLNK(mode):
                strays += [] if _stays(Path(place), root) else [str(Path(place).relative_to(root))]
            elif stat.S_ISREG(mode) and stat.S_IMODE(mode) != (wanted := 0o755 if mode & stat.S_IXUSR else 0o644):
                os.chmod(place, wanted)  # noqa: PTH101  (Path is slow here, and most files need nothing)
    if strays:
        raise Denied(f"checkout of {sha[:12]}: links lead out of the tree: {', '.join(sorted(strays))}")
    if (root / ".git").exists():
        raise Denied(f"checkout of {sha[:12]}: the tree carries a .git")


def _stays(link: Path, root: Path) -> bool:
    target = link.readlink()
    lexical = Path(os.path.normpath(link.parent / target))
    real = root.resolve()
    return not target.is_absolute() and lexical.is_relative_to(root) and link.resolve().is_relative_to(real)
