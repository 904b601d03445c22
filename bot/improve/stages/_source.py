"""Reading untrusted files of a checkout: regular files only, no links followed, bounded, parsed without running."""

import ast
import os
import stat
import warnings
from pathlib import PurePosixPath

from bot.improve.doors import Workspace

MAX_BYTES = 2_000_000


def read(work: Workspace, path: PurePosixPath) -> bytes | None:
    """A file's bytes; None if it is absent, too large, no regular file, or reached through a link."""
    if path.is_absolute() or ".." in path.parts:
        return None
    here = work.path
    try:
        for part in path.parts[:-1]:
            here /= part
            if here.is_symlink():
                return None
        handle = os.open(here / path.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    found = os.fstat(handle)
    if not stat.S_ISREG(found.st_mode) or found.st_size > MAX_BYTES:
        os.close(handle)
        return None
    with os.fdopen(handle, "rb") as file:
        return file.read(MAX_BYTES)


def text(work: Workspace, path: PurePosixPath) -> str | None:
    """A file as text; None if it cannot be read or is not UTF-8."""
    data = read(work, path)
    try:
        return None if data is None else data.decode()
    except UnicodeDecodeError:
        return None


def parse(data: bytes | str | None) -> ast.Module | None:
    """The syntax tree, or None for what does not parse (or nests so deep that the parser gives up)."""
    if data is None:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(data)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def tree(work: Workspace, path: PurePosixPath) -> ast.Module | None:
    """The syntax tree of a file of the checkout."""
    return parse(read(work, path))
