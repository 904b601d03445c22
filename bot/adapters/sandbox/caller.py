"""Reads which path a waiting system call names. For evidence only: its program may change it at any moment."""

import contextlib
import ctypes
import functools
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from bot.adapters.sandbox import seccomp, syscalls
from bot.adapters.sandbox.listener import Notice
from bot.policy.sandbox_writes import Act

AT_FDCWD = -100
LONGEST, PAGE, FIRST = 4096, 4096, 256
"""PATH_MAX; what is read of a caller's memory at once ends with its page; most paths are shorter than the third."""
IN_ROOT, NO_MAGIC = 0x10, 0x02
"""RESOLVE_IN_ROOT: links lead no further than the caller's own root. RESOLVE_NO_MAGICLINKS: /proc's open files."""
_HOW = struct.pack("=QQQ", os.O_PATH | os.O_CLOEXEC, 0, IN_ROOT | NO_MAGIC)
_CHANGING = os.O_WRONLY | os.O_RDWR | os.O_TRUNC


@dataclass(slots=True)
class Target:
    """What a call would write, with links followed where the call follows them. `close` it."""

    act: Act
    path: str
    folder: int
    """The folder that it lies in, open; negative where that is not there, or `found` says all."""
    found: bool = False
    """It is there: links led to it."""

    @property
    def exists(self) -> bool:
        """Whether something has its name already."""
        if self.found or self.folder < 0:
            return self.found
        with contextlib.suppress(OSError):
            os.stat(self.path.rpartition("/")[2], dir_fd=self.folder, follow_symlinks=False)
            return True
        return False

    @property
    def parent(self) -> bool:
        """Whether the folder that it lies in is there."""
        return self.found or self.folder >= 0

    def close(self) -> None:
        """Let go of the folder."""
        if self.folder >= 0:
            os.close(self.folder)


def root_of(notice: Notice) -> int:
    """The caller's root folder, open; the same one for all in a box. Raises OSError where the caller is gone."""
    return os.open(f"/proc/{notice.task}/root", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)


def targets(notice: Notice, name: str, root: int) -> Iterator[Target]:
    """The paths below `root` that this call writes; none that cannot be read. Raises OSError if the caller is gone.

    What is read is the caller's own only if the call waits still when it is answered.
    """
    act, places = syscalls.WRITING[name]
    kind = _opening(notice, name) if act is Act.OPEN else act
    for at, (folder, path) in enumerate(places):
        text = _text(notice.task, notice.arguments[path])
        if kind is not None and text:
            absolute = text if text[0] == "/" else f"{_folder(notice, folder)}/{text}"
            yield _resolved(root, Act.OPEN if at else kind, absolute, follow=act is Act.OPEN)


def _opening(notice: Notice, name: str) -> Act | None:
    """What an opening does to its file; None for one that only reads."""
    flags = os.O_WRONLY
    if name in syscalls.OPENING:
        flags = notice.arguments[syscalls.OPENING[name]]
    elif name == "openat2":
        (flags,) = struct.unpack("=Q", _memory(notice.task, notice.arguments[2], 8).ljust(8, b"\0"))
    if flags & os.O_EXCL and flags & os.O_CREAT:
        return Act.MAKE
    if flags & _CHANGING:
        return Act.OPEN
    return Act.CREATE if flags & os.O_CREAT else None


def _folder(notice: Notice, position: int | None) -> str:
    handle = AT_FDCWD if position is None else notice.word(position)
    return os.readlink(f"/proc/{notice.task}/{'cwd' if handle == AT_FDCWD else f'fd/{handle}'}")  # noqa: PTH115


def _text(task: int, address: int) -> str:
    """A string that ends with a zero byte, as far as a path can be long."""
    found = b""
    while len(found) < LONGEST:
        at = address + len(found)
        piece = _memory(task, at, min(PAGE - at % PAGE, LONGEST if found else FIRST))
        text, ended, _ = piece.partition(b"\0")
        found += text
        if ended or not piece:
            break
    return found[:LONGEST].decode(errors="replace")


def _memory(task: int, address: int, size: int) -> bytes:
    """Bytes of a caller's memory; none where nothing is mapped, of which the kernel will tell the caller."""
    buffer = ctypes.create_string_buffer(size)
    ours, theirs = (ctypes.c_size_t * 2)(ctypes.addressof(buffer), size), (ctypes.c_size_t * 2)(address, size)
    count = _libc().process_vm_readv(task, ours, 1, theirs, 1, 0)
    return buffer.raw[: max(count, 0)]


def _resolved(root: int, act: Act, path: str, *, follow: bool) -> Target:
    if follow and (handle := _opened(root, path)) >= 0:
        try:
            return Target(act, _name(handle), -1, found=True)
        finally:
            os.close(handle)
    folder, _, name = path.rstrip("/").rpartition("/")
    handle = _opened(root, f"{folder}/")
    if handle < 0:
        return Target(act, os.path.normpath(path), -1)
    return Target(act, f"{_name(handle).rstrip('/')}/{name}", handle)


def _opened(root: int, path: str) -> int:
    """The place itself, and not what it holds (O_PATH), as the caller would find it; negative where it is not there."""
    return int(_libc().syscall(seccomp.number("openat2"), root, os.fsencode(path), _HOW, len(_HOW)))


@functools.cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None)


def _name(handle: int) -> str:
    return os.readlink(f"/proc/self/fd/{handle}")  # noqa: PTH115
