"""Which files of a checkout a model may see, and how they are read: real files below the root, links not followed."""

import os
import stat
import unicodedata
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from bot.core.errors import Denied

LARGEST = 1_000_000
"""Bytes of a file that can be read."""
MOST_FILES = 20_000
SHOWN_DOTTED = frozenset({
    ".ci", ".coveragerc", ".editorconfig", ".github", ".gitattributes", ".gitignore", ".importlinter", ".mypy.ini",
    ".pre-commit-config.yaml", ".ruff.toml",
})  # fmt: skip
"""Names with a dot that hold no secrets; every other one is refused."""
SECRET_SUFFIXES = frozenset({".key", ".pem", ".p12", ".pfx", ".jks", ".keystore", ".kdbx", ".env"})
SECRET_NAMES = frozenset({"id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", "credentials", "credentials.json", "secrets"})
PASSED_OVER = frozenset({"__pycache__", "node_modules"})


def named(text: str) -> PurePosixPath:
    """The path that a model named. Denied, with the reason, if it could lead out of the tree or to secrets."""
    if not text or len(text) > 300:
        raise Denied("a path has 1 to 300 characters, for example src/module.py")
    if any(unicodedata.category(c)[0] == "C" for c in text) or "\\" in text:
        raise Denied("the path holds a character that no path here has")
    path = PurePosixPath(text)
    if text.startswith(("/", "~")) or ".." in path.parts or not path.parts:
        raise Denied(f"{text} is not a path inside the checkout: name it from the root, without / before it and ..")
    for part in path.parts:
        if why := _secret(part):
            raise Denied(f"{text} is closed: {why}")
    return path


def _secret(part: str) -> str:
    folded = unicodedata.normalize("NFKC", part).casefold()
    if folded.rstrip(" .") in {".git", "git~1"}:
        return "it names git's own folder"
    if folded.startswith(".") and part not in SHOWN_DOTTED:
        return "names with a dot may hold secrets"
    if folded in SECRET_NAMES or PurePosixPath(folded).suffix in SECRET_SUFFIXES:
        return "it may hold secrets"
    return ""


def kind_of(root: Path, path: PurePosixPath) -> str:
    """`file`, `folder`, or empty if nothing is there. Denied if a link lies on the way, or it is neither."""
    place = root
    mode = 0
    for part in path.parts:
        place /= part
        try:
            mode = place.lstat().st_mode
        except (FileNotFoundError, NotADirectoryError):
            return ""
        if stat.S_ISLNK(mode):
            raise Denied(f"{path} goes through the link {place.relative_to(root)}, and links are not followed")
    if stat.S_ISDIR(mode):
        return "folder"
    if stat.S_ISREG(mode):
        return "file"
    raise Denied(f"{path} is neither a file nor a folder")


def content(root: Path, path: PurePosixPath) -> bytes | None:
    """A file's bytes, None where there is no such file. Denied for links, folders and what is too large."""
    found = kind_of(root, path)
    if not found:
        return None
    if found == "folder":
        raise Denied(f"{path} is a folder: see list_files")
    with os.fdopen(os.open(root / path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb") as file:
        data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise Denied(f"{path} has more than {LARGEST} bytes")
    return data


def files(root: Path, below: PurePosixPath) -> Iterator[PurePosixPath]:
    """Files below a folder that may be seen, in order; at most `MOST_FILES`. Links are left out."""
    count = 0
    for folder, dirs, names in os.walk(root / below):
        dirs[:] = sorted(d for d in dirs if d not in PASSED_OVER and not _secret(d))
        for name in sorted(names):
            place = Path(folder, name)
            if _secret(name) or not stat.S_ISREG(place.lstat().st_mode):
                continue
            count += 1
            if count > MOST_FILES:
                return
            yield PurePosixPath(place.relative_to(root))
