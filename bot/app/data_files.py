"""The data of a conversation as it lies in a deployed tree: looked at before any of it is read."""

import json
import os
import re
import stat
from pathlib import Path

from bot.core.errors import Misconfigured
from bot.core.ids import Sha
from bot.policy.hot_path import FILES, FOLDER, FOLDERS, LARGEST

_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
REQUESTS = "reload"
"""Folder in the deployer's own, in which it asks each of its bots, in a file named after the process."""


def wanted(folder: Path, pid: int) -> tuple[Sha, Path]:
    """Which commit's data the deployer of that folder asks this process to read, and where that lies.

    The place follows from the commit's name alone, so that no request can lead elsewhere. Raises Misconfigured.
    """
    path = folder / REQUESTS / f"{pid}.json"
    try:
        row = json.loads(path.read_bytes())
        revision = str(row["revision"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Misconfigured(f"{path} asks for nothing that can be read ({error}): deploy instead") from error
    if not _SHA.fullmatch(revision):
        raise Misconfigured(f"{path} names {revision[:60]!r}, which is no commit: deploy instead")
    return Sha(revision), checked(folder / "trees" / revision)


def checked(tree: Path) -> Path:
    """The folder of the data in a tree. Misconfigured if anything of it is no plain, small file at its own place."""
    root = tree / FOLDER
    for name in FILES:
        _plain(root / name)
    for below, suffix in FOLDERS.items():
        folder = root / below
        if folder.resolve() != tree.resolve() / FOLDER / below or not folder.is_dir():
            raise Misconfigured(f"{folder} is not a folder of its tree: deploy instead")
        for file in sorted(folder.iterdir()):
            if file.suffix == suffix:
                _plain(file)
    return root


def _plain(file: Path) -> None:
    try:
        found = os.lstat(file)
    except OSError as error:
        raise Misconfigured(f"{file} cannot be read ({error.strerror}): deploy instead") from error
    if not stat.S_ISREG(found.st_mode) or found.st_size > LARGEST:
        raise Misconfigured(f"{file} is not a plain file of at most {LARGEST} bytes: deploy instead")
