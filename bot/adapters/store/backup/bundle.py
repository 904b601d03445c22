"""A git repository: every ref in one bundle, verified by making a repository of it."""

import hashlib
import tempfile
from collections.abc import Mapping
from pathlib import Path

from bot.adapters.git.repository import GitRepository
from bot.core.errors import Denied

_ALL = "+refs/*:refs/*"


def copy(source: Path, target: Path) -> Mapping[str, str]:
    """Put all refs, notes among them, with their history into a bundle, and make a repository of it to verify it.

    https://git-scm.com/docs/git-bundle. Returns how many refs there are and a digest of where they are.
    """
    repo = GitRepository(source)
    repo.git.run("bundle", "create", "--quiet", str(target.absolute()), "--all")
    told = repo.git.run("bundle", "list-heads", str(target.absolute())).out.decode()
    wanted = _told({tuple(line.split(" ", 1)) for line in told.splitlines()})
    head = repo.git.run("symbolic-ref", "--quiet", "HEAD", codes=(0, 1)).line
    facts = {**wanted, "head": head or "refs/heads/main"}
    check(target, facts)
    return facts


def check(copied: Path, wanted: Mapping[str, str]) -> None:
    """Denied unless a repository can be made of the bundle, and has exactly these refs."""
    with tempfile.TemporaryDirectory(prefix="megawatts-bundle-", ignore_cleanup_errors=True) as folder:
        restore(copied, Path(folder) / "repo.git", wanted)


def restore(copied: Path, into: Path, wanted: Mapping[str, str]) -> None:
    """Make the repository again."""
    made = GitRepository.begin(into)
    made.fetch(copied, _ALL, strict=False)
    made.git.run("symbolic-ref", "HEAD", wanted["head"])
    told = made.git.run("for-each-ref", "--format=%(objectname) %(refname)").out.decode()
    there = _told({tuple(line.split(" ", 1)) for line in told.splitlines()})
    if any(wanted.get(name) != value for name, value in there.items()):
        raise Denied(f"the bundle {copied.name} does not hold every ref that was copied")


def _told(refs: set[tuple[str, ...]]) -> dict[str, str]:
    named = sorted(one for one in refs if len(one) == 2 and one[1].startswith("refs/"))  # HEAD is told by its name
    return {"refs": str(len(named)), "sha256": hashlib.sha256(repr(named).encode()).hexdigest()}
