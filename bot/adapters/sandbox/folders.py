"""Folders that a boxed program writes: lent to it before the run, made harmless for the reader after it."""

import contextlib
import os
import secrets
import stat
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from bot.core.errors import Misconfigured

UIDS = range(61184, 65520)
"""As root a run gets a user id of its own out of systemd's range for nobody in particular."""
WALKERS = UIDS.stop
"""The group that may walk through root's temporary folders to what a run was lent; of no use for anything else."""
RESERVE = 1 << 30
"""Bytes left free on the disk of a writable folder, or half of what was free at the start if that is less."""


def uid_for(folders: Sequence[Path]) -> int:
    """The user id of a run: the same for runs that share writable folders, else a fresh one."""
    if not folders:
        return UIDS.start + secrets.randbelow(len(UIDS))
    names = "\0".join(sorted(map(str, folders)))
    return UIDS.start + zlib.crc32(names.encode()) % len(UIDS)


def check_alone(folders: Sequence[Path]) -> None:
    """Raise Misconfigured for a file with a second name elsewhere: who may write the one would write the other."""
    for folder in folders:
        for path, mode, at in _walk(folder):
            if stat.S_ISREG(mode) and os.lstat(at[1], dir_fd=at[0]).st_nlink > 1:
                raise Misconfigured(f"sandbox: {path} is a hard link: copy it before a boxed program may write it")


def lend(folders: Sequence[Path], uid: int) -> None:
    """Make `uid` the owner of everything below, as root. Links are not followed."""
    for folder in folders:
        if not folder.is_dir():
            os.chown(folder, uid, uid, follow_symlinks=False)
        for _, _, at in _walk(folder):
            os.chown(at[1], uid, uid, dir_fd=at[0], follow_symlinks=False)


def show(paths: Sequence[Path]) -> None:
    """Let other user ids into these folders and files themselves, as root: a temporary folder is closed to them."""
    for path in paths:
        mode = path.stat().st_mode
        wanted = mode | (0o555 if stat.S_ISDIR(mode) else 0o444)
        if wanted != mode:
            path.chmod(stat.S_IMODE(wanted))


def lead(paths: Sequence[Path]) -> None:
    """Let runs walk to these paths, as root: where no mounts lead past the folders above, they must be walked through.

    root's own temporary folders are opened to the runs' common group, to walk through and not to list. Raises
    Misconfigured for any other folder that is closed to others.
    """
    ours = Path(tempfile.gettempdir()).resolve()
    for path in paths:
        for parent in path.resolve().parents:
            found = parent.stat()
            if found.st_mode & stat.S_IXOTH or (found.st_gid == WALKERS and found.st_mode & stat.S_IXGRP):
                continue
            if found.st_uid != 0 or found.st_mode & 0o077 or ours not in parent.parents:
                raise Misconfigured(
                    f"sandbox: Landlock as root runs programs as another user, who may not enter {parent}, and so "
                    f"not get to {path}: let others enter that folder (chmod o+x), or use what lies elsewhere"
                )
            os.chown(parent, -1, WALKERS)
            parent.chmod(stat.S_IMODE(found.st_mode) | stat.S_IXGRP)


class Room:
    """Watches that a run does not fill the disks it writes to. Costs one call per folder."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self.least = {folder: min(RESERVE, _free(folder) // 2) for folder in folders}

    def reached(self) -> str:
        """`file` when a disk is nearly full, else nothing."""
        return "file" if any(_free(folder) < least for folder, least in self.least.items()) else ""


def _free(folder: Path) -> int:
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize


def clean(folders: Sequence[Path]) -> tuple[Path, ...]:
    """Remove what could mislead a reader outside: links out of the folder, pipes, sockets. Returns what was removed."""
    removed = []
    for folder in folders:
        real = folder.resolve()
        for path, mode, at in _walk(folder):
            if _harmful(path, mode, real):
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(at[1], dir_fd=at[0])
                removed.append(path)
    return tuple(removed)


def _harmful(path: Path, mode: int, folder: Path) -> bool:
    if stat.S_ISLNK(mode):
        target = Path(os.path.normpath(path.parent / path.readlink()))
        return not (target.is_relative_to(folder) and path.resolve().is_relative_to(folder))
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def _walk(folder: Path) -> Iterator[tuple[Path, int, tuple[int, str]]]:
    """Every entry and the folder itself: path, mode, and its parent as an open folder, which no rename can exchange."""
    if not folder.is_dir():
        return
    for top, dirs, files, handle in os.fwalk(folder, follow_symlinks=False):
        yield Path(top), stat.S_IFDIR, (handle, ".")
        for name in (*files, *dirs):
            mode = os.lstat(name, dir_fd=handle).st_mode
            if not stat.S_ISDIR(mode):
                yield Path(top, name), mode, (handle, name)
