"""What a boxed program sees of the file system, as bubblewrap's options."""

import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from bot.core.errors import Misconfigured

SYSTEM = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
ETC = ("ld.so.cache", "localtime")
NEVER = tuple(Path(p) for p in ("/usr", "/etc", "/proc", "/sys", "/dev", "/run", "/boot", "/bin", "/sbin", "/lib"))
LOADER = ("LD_", "GLIBC_", "MALLOC_")
"""Variables that steer the dynamic loader, and so the launcher while it still has rights inside."""
OPEN_FILES = 1024
MEGABYTE = 1 << 20


def options(root: Path, writable: Sequence[Path], readable: Sequence[Path], *, scratch_mb: int) -> list[str]:
    """Mounts, shallow ones first so that a deeper one lies on top. Paths are the same inside as outside."""
    system = [*_system(), "--proc", "/proc", "--dev", "/dev"]
    scratch = ["--perms", "1777", "--size", str(scratch_mb * MEGABYTE), "--tmpfs"]
    system += [*scratch, "/dev/shm", *scratch, "/tmp"]  # noqa: S108  (a fresh one inside)
    binds = dict.fromkeys((*interpreters(), *map(checked, (root, *readable))), "--ro-bind")
    binds |= dict.fromkeys(map(checked, writable), "--bind")
    for parent in _parents(binds):
        system += ["--perms", "0555", "--dir", str(parent)]
    for path, how in sorted(binds.items(), key=lambda pair: len(pair[0].parts)):
        system += [how, str(path.resolve(strict=True)), str(path)]
    return [*system, "--remount-ro", "/dev", "--remount-ro", "/"]


def _parents(paths: Collection[Path]) -> list[Path]:
    """Folders on the way to the mounts, named so that they can be walked through: bwrap makes them 0700 as root."""
    found = {parent for path in paths for parent in path.parents} - {Path("/"), Path("/tmp")}  # noqa: S108
    inside = {path for path in found if any(path.is_relative_to(bound) for bound in paths)}
    return sorted(found - inside, key=lambda path: len(path.parts))


def interpreters() -> tuple[Path, ...]:
    """Folders that this Python runs from, other than those of the system."""
    folders = dict.fromkeys(Path(p) for p in (sys.base_prefix, sys.prefix, sys.base_exec_prefix))
    return tuple(p for p in folders if not p.is_relative_to("/usr"))


def checked(path: Path) -> Path:
    """The absolute path, refused if binding it would show or shadow the system."""
    path = Path(path)
    if not path.is_absolute() or ".." in path.parts:
        raise Misconfigured(f"sandbox: {path} must be an absolute path without '..'")
    if not path.exists():
        raise Misconfigured(f"sandbox: {path} does not exist; create it before the run")
    real = path.resolve()
    for one in (path, real):
        if len(one.parts) == 1 or any(one == n or one.is_relative_to(n) for n in NEVER):
            raise Misconfigured(f"sandbox: {path} belongs to the system and cannot be given to a boxed program")
    return path


def environment(env: Mapping[str, str], home: Path = Path("/tmp")) -> dict[str, str]:  # noqa: S108  (the one inside)
    """`env` upon the little that programs expect. Raises Misconfigured for what would steer the loader."""
    for key in env:
        if key.startswith(LOADER):
            raise Misconfigured(f"sandbox: the variable {key} steers the loader and cannot be set inside")
    basic = {"PATH": "/usr/bin:/bin", "HOME": str(home), "TMPDIR": str(home), "USER": "box", "LANG": "C.UTF-8"}
    return basic | dict(env)


def _system() -> Iterator[str]:
    yield from ("--ro-bind", "/usr", "/usr")
    for name in SYSTEM:
        path = Path("/", name)
        if path.is_symlink():
            yield from ("--symlink", str(path.readlink()), str(path))
        elif path.is_dir():
            yield from ("--ro-bind", str(path), str(path))
    yield from ("--perms", "0755", "--dir", "/etc")
    for name in ETC:
        yield from ("--ro-bind-try", f"/etc/{name}", f"/etc/{name}")


def neutral_files(uid: int) -> Iterable[tuple[str, bytes]]:
    """Files under /etc that programs expect, with nothing of the host in them."""
    yield "/etc/passwd", f"box:x:{uid}:{uid}:box:/tmp:/bin/sh\n".encode()
    yield "/etc/group", f"box:x:{uid}:\n".encode()
    yield "/etc/hosts", b"127.0.0.1 localhost\n::1 localhost\n"
    yield "/etc/nsswitch.conf", b"hosts: files\n"
