"""The sandbox by Landlock, for hosts without user namespaces: file rules, a system call filter, no sockets at all."""

import asyncio
import contextlib
import importlib.util
import json
import os
import resource
import signal
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from bot.adapters.sandbox import cgroup, confine, folders, mounts, notices, seccomp
from bot.adapters.sandbox.process import Launch, memory_file, supervise
from bot.core.errors import Misconfigured, Unavailable
from bot.core.sandbox import Finished, Limits
from bot.policy.sandbox_evidence import observed

READABLE = (
    "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc/ld.so.cache", "/etc/localtime",
    "/etc/mime.types",  # Python's mimetypes opens it wherever it is there: denied, and not absent as under bubblewrap
    "/proc/cpuinfo", "/proc/meminfo",  # psutil, and so mypy, ends where it may not read the number of cores
)  # fmt: skip
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
NOTES = (
    "Landlock: no network of its own, so internet sockets are refused, loopback too: a bot boots with local pairs",
    "Landlock: names, sizes and times of the host's files can be seen (not their content)",
    "Landlock: chmod, chown, utime, inotify, System V and POSIX shared memory are refused",
)


class Landlock:
    """Runs programs under Landlock and seccomp. As root they run as an unprivileged user id."""

    name = "landlock"

    def __init__(self) -> None:
        found = importlib.util.find_spec("sandlock")
        if found is None or found.origin is None:
            raise Misconfigured("sandbox: sandlock is missing; install the engine extra")
        self.library = Path(found.origin).parents[1]
        self.blind = notices.lacking(namespaces=False)
        self.place = cgroup.find_place()
        self.root = os.geteuid() == 0
        self.notes = (*NOTES, *cgroup.lacking(self.place), *([self.blind] if self.blind else []))

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
        uid = folders.uid_for(writable) if self.root else 0
        for path in (root, *readable, *writable):
            mounts.checked(path)
        with ExitStack() as stack:
            scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="box-", ignore_cleanup_errors=True)))
            lent = (*writable, scratch)
            if self.root:
                folders.lead((root, *readable, *writable, *_program(argv)))
                folders.show((root, *readable))
                folders.lend(lent, uid)
            plan = self._plan(argv, root, (*readable, root), lent, uid=uid, limits=limits)
            plan["env"] = mounts.environment(env or {}, scratch)
            listened = None if self.blind else self._notices(stack, root, (*readable, root), lent)
            start = _Start(
                stack, plan, cgroup.Group(self.place, limits) if self.place else None, folders.Room(lent), listened
            )
            finished = await supervise(start.launch(stdin), limits)
            folders.clean(writable)
            start.check()
            if listened is None:
                return finished
            return observed(finished, listened.attempts(), listened.names, watched=True)

    def _notices(
        self, stack: ExitStack, root: Path, readable: Sequence[Path], writable: Sequence[Path]
    ) -> notices.Notices:
        lent = dict.fromkeys(map(str, readable), False) | dict.fromkeys(map(str, writable), True)
        found = notices.Notices(seccomp.told(namespaces=False)[1], lent, str(root))
        stack.callback(found.close)
        return found

    def _plan(
        self,
        argv: Sequence[str],
        root: Path,
        readable: Sequence[Path],
        writable: Sequence[Path],
        *,
        uid: int,
        limits: Limits,
    ) -> dict[str, object]:
        shown = (*map(Path, (*READABLE, *DEVICES)), *mounts.interpreters(), *readable)
        return {
            "argv": list(argv),
            "root": str(root),
            "readable": [str(path) for path in shown if path.exists()],
            "writable": [*map(str, writable), "/dev/null"],
            "uid": uid,
            "walkers": folders.WALKERS,
            "bounds": self._bounds(limits),
            "library": str(self.library),
            **self._rules(),
        }

    def _rules(self) -> Mapping[str, object]:
        if self.blind:
            return {"filters": [rules.hex() for rules in seccomp.programs(namespaces=False)]}
        listed, told = seccomp.told(namespaces=False)
        return {"filters": [listed.hex()], "told": told.hex(), "seccomp": seccomp.number("seccomp")}

    def _bounds(self, limits: Limits) -> list[tuple[int, int]]:
        """Processes count per user id here; what the user runs already is added where it is not a fresh one."""
        held = self.place.controllers if self.place else frozenset[str]()
        running = 0 if self.root else _running()
        bounds = [
            (resource.RLIMIT_CPU, int(limits.cpu_seconds) + 1),
            (resource.RLIMIT_FSIZE, limits.file_mb << 20),
            (resource.RLIMIT_NPROC, running + limits.processes),
            (resource.RLIMIT_NOFILE, mounts.OPEN_FILES),
            (resource.RLIMIT_CORE, 0),
        ]
        return bounds if "memory" in held else [*bounds, (resource.RLIMIT_AS, limits.memory_mb << 20)]


def _program(argv: Sequence[str]) -> list[Path]:
    path = Path(argv[0])
    return [path] if path.is_absolute() and path.exists() else []


def _running() -> int:
    """Threads that this user runs now."""
    count = 0
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if entry.stat().st_uid == os.getuid():
                    count += len(list((entry / "task").iterdir()))
    return count


class _Start:
    """The handles of one run: the plan, the gate it waits at, and where a failed start is told."""

    def __init__(
        self,
        stack: ExitStack,
        plan: Mapping[str, object],
        group: cgroup.Group | None,
        room: folders.Room,
        listened: notices.Notices | None,
    ) -> None:
        self.group, self.room = group, room
        self.status, told = os.pipe2(os.O_CLOEXEC)
        gate, self.gate = os.pipe2(os.O_CLOEXEC)
        self.inside = [memory_file(json.dumps(plan).encode()), gate, told]
        self.notices = listened.take() if listened else -1
        if listened:
            self.inside.append(self.notices)
        if group:
            stack.callback(group.close)
        stack.callback(self._close)

    def _close(self) -> None:
        for handle in (self.status, self.gate, *self.inside):
            os.close(handle)

    def launch(self, stdin: bytes) -> Launch:
        """The start of confine.py, in an empty environment but for what its library asks for."""
        argv = [sys.executable, "-I", "-S", str(Path(confine.__file__)), *map(str, self.inside[:3]), str(self.notices)]
        return Launch(
            argv=argv,
            env={"HOME": "/"},
            cwd=Path("/"),
            stdin=stdin,
            fds=tuple(self.inside),
            started=self._started,
            kill=_terminate,
            watch=self._watch,
        )

    async def _started(self, pid: int) -> None:
        while self.inside:
            os.close(self.inside.pop())
        if self.group:
            await asyncio.to_thread(self.group.add, pid)
        with contextlib.suppress(BrokenPipeError):
            os.write(self.gate, b"\n")

    def _watch(self) -> str:
        return (self.group.reached() if self.group else "") or self.room.reached()

    def check(self) -> None:
        """Raises Unavailable if the program was never begun."""
        os.set_blocking(self.status, False)
        with contextlib.suppress(BlockingIOError):
            if said := os.read(self.status, 4096):
                raise Unavailable("sandbox", said.decode(errors="replace"))


def _terminate(pid: int) -> None:
    """Ask confine.py, which the program cannot signal, to end all and itself."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
