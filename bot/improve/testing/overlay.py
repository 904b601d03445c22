"""A tree with some files of another put over it."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import mkdtemp

from bot.improve.doors import Gate, Profile
from bot.improve.workspace import replace_shared, share

CONFIGURATION = frozenset({
    "conftest.py", "pytest.ini", ".pytest.ini", "pytest.toml", ".pytest.toml", "tox.ini", "setup.cfg", "pyproject.toml",
    "sitecustomize.py", "usercustomize.py",
})  # fmt: skip
"""Files that bend how tests are run: a change's own are never used to judge it."""


@contextmanager
def overlaid(under: Path, files: Mapping[PurePosixPath, bytes | None], scratch: Path) -> Iterator[Path]:
    """A copy of `under` with these contents put over it; None deletes. Gone at the end."""
    scratch.mkdir(parents=True, exist_ok=True)
    root = Path(mkdtemp(prefix="over-", dir=scratch))
    root.chmod(0o755)
    try:
        share(under, root, _skip(under))
        for path, content in files.items():
            _put(root / path, content, root)
        yield root
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _skip(under: Path) -> Callable[[str, list[str]], list[str]]:
    def skip(folder: str, names: list[str]) -> list[str]:
        top = Path(folder) == under
        return [n for n in names if n == "__pycache__" or (top and n in {".git", ".venv", "node_modules"})]

    return skip


def _put(path: Path, content: bytes | None, root: Path) -> None:
    """Write one file; a link on the way is replaced, never followed."""
    for folder in (*reversed(path.relative_to(root).parents[:-1]), path.relative_to(root)):
        if (root / folder).is_symlink():
            (root / folder).unlink()
    replace_shared(path, content)


def own_tests(gate: Gate) -> dict[PurePosixPath, bytes]:
    """Contents of the tests, and of the data beside them, that the change adds or edits; never configuration."""
    found = {}
    for change in gate.changes:
        usable = change.action != "delete" and change.mode in {"100644", "100755"}
        if usable and gate.profile.is_test(change.path) and change.path.name not in CONFIGURATION:
            found[change.path] = (gate.head.path / change.path).read_bytes()
    return found


def test_modules(paths: Mapping[PurePosixPath, bytes], profile: Profile) -> tuple[str, ...]:
    """The files among these that a runner would collect."""
    unittests = profile.runner == "unittest"
    return tuple(
        str(path)
        for path in sorted(paths)
        if path.suffix == ".py"
        and (path.name.startswith("test_") or path.stem.endswith("_test") or (unittests and path.name[:4] == "test"))
    )
