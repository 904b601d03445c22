"""Which file paths, revisions and branch names are fit to be handed to git and to a file system."""

import re
import unicodedata
from functools import lru_cache
from pathlib import PurePosixPath

from bot.core.errors import Denied, Misconfigured

SHA = re.compile(r"[0-9a-f]{40}")
ENGINE_BRANCH = re.compile(r"(?:megawatts|revert)/[0-9a-f]{12}")
_BRANCH = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/+-]{0,119}")
_REVISION = re.compile(r"[^\x00-\x20\x7f:?*\\\[-][^\x00-\x20\x7f:?*\\\[]{0,254}")
_NTFS_GIT = re.compile(r"(?:\.git|git~\d+)[ .]*(?::.*)?", re.IGNORECASE)


def check_path(path: PurePosixPath | str) -> str:
    """The path as git writes it. Denied if it could leave the tree, or stand for the repository's own folder."""
    text = str(path)
    parts = text.split("/")
    if not text or text.startswith("/") or "\0" in text or any(part in {"", ".", ".."} for part in parts):
        raise Denied(f"the path {text!r} does not stay inside the tree")
    if any(_stands_for_git(part) for part in parts):
        raise Denied(f"the path {text!r} stands for git's own folder on some file system")
    return text


@lru_cache(maxsize=8192)
def _stands_for_git(part: str) -> bool:
    """Whether some file system takes this name for `.git`: ignoring case, unseen characters, or by its short name."""
    seen = "".join(c for c in part if unicodedata.category(c) != "Cf")
    return any(_NTFS_GIT.fullmatch(piece) for piece in seen.split("\\"))


def check_branch(name: str) -> str:
    """A branch name of the conservative grammar; Denied for any other."""
    parts = name.split("/")
    wrong = any(part.startswith((".", "-")) or part.endswith((".", ".lock")) or not part for part in parts)
    if not _BRANCH.fullmatch(name) or wrong or ".." in name or SHA.fullmatch(name) or name == "HEAD":
        raise Denied(f"the branch name {name[:80]!r} is not allowed: letters, digits and . _ + - in parts joined by /")
    return name


def check_revision(rev: str) -> str:
    """A revision that git cannot take for an option, a path or a pattern; Misconfigured for any other."""
    if not _REVISION.fullmatch(rev):
        raise Misconfigured(f"{rev[:80]!r} is not a revision: give a branch, a tag or a commit id")
    return rev
