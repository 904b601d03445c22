"""Control groups (versions 1 and 2): memory, processes and processor time of a whole tree, where the host lets us."""

import contextlib
import itertools
import os
from dataclasses import dataclass
from pathlib import Path

from bot.core.sandbox import Limits

MOUNT = Path("/sys/fs/cgroup")
DEGRADED = {
    "memory": "no memory control group here: memory is bound per process (RLIMIT_AS), not for the whole tree",
    "pids": "no pids control group here: processes are bound per user id (RLIMIT_NPROC)",
    "cpuacct": "no cpuacct control group here: processor time is bound per process and checked at the end",
}
_numbers = itertools.count()


@dataclass(frozen=True, slots=True)
class Place:
    """Folders below which this process may make groups: one for version 2, one per controller for version 1."""

    version: int
    parents: tuple[tuple[str, Path], ...]

    @property
    def controllers(self) -> frozenset[str]:
        """Of `memory`, `pids` and `cpuacct`: what is bound or counted for the whole tree here."""
        if self.version == 2:
            return frozenset({"memory", "pids", "cpuacct"})
        return frozenset(name for name, _ in self.parents)


def lacking(place: Place | None) -> tuple[str, ...]:
    """What a sandbox can hold here only in a weaker way, in words."""
    held = place.controllers if place else frozenset[str]()
    return tuple(text for name, text in DEGRADED.items() if name not in held)


def find_place(mount: Path = MOUNT, table: Path = Path("/proc/self/cgroup")) -> Place | None:
    """Where groups can be made; found by making one and removing it. None: not on this host."""
    try:
        rows = [line.split(":", 2) for line in table.read_text().splitlines()]
    except OSError:
        return None
    own = {name: path for _, names, path in rows for name in names.split(",")}
    return _second(mount, own.get("")) or _first(mount, own)


def _second(mount: Path, own: str | None) -> Place | None:
    if own is None or not (mount / "cgroup.controllers").is_file():
        return None
    folder = mount / own.strip("/")
    for parent in (folder, *folder.parents):
        if not parent.is_relative_to(mount):
            return None
        with contextlib.suppress(OSError):
            enabled = (parent / "cgroup.subtree_control").read_text().split()
            if {"memory", "pids"} <= set(enabled) and os.access(parent / "cgroup.procs", os.W_OK) and _works(parent):
                return Place(2, (("", parent),))
    return None


def _first(mount: Path, own: dict[str, str]) -> Place | None:
    parents = []
    for name in ("memory", "pids", "cpuacct"):
        parent = mount / name / own.get(name, "/").strip("/")
        if name in own and _works(parent):
            parents.append((name, parent))
    return Place(1, tuple(parents)) if parents else None


def _works(parent: Path) -> bool:
    probe = parent / f"megawatts-probe-{os.getpid()}"
    try:
        probe.mkdir()
        probe.rmdir()
    except OSError:
        return False
    _tidy(parent)
    return True


def _tidy(parent: Path) -> None:
    """Remove the empty groups of launchers that were killed before they could."""
    for folder in parent.glob("megawatts-*-*"):
        owner = folder.name.split("-")[1]
        if not Path("/proc", owner).exists():
            with contextlib.suppress(OSError):
                folder.rmdir()


class Group:
    """The groups of one run. `add` its first process before that forks; `close` when all are gone."""

    def __init__(self, place: Place, limits: Limits) -> None:
        self.place, self.limits = place, limits
        name = f"megawatts-{os.getpid()}-{next(_numbers)}"
        self.folders = {kind: parent / name for kind, parent in place.parents}
        for folder in self.folders.values():
            folder.mkdir()
        self._bound()

    def _bound(self) -> None:
        memory, tasks = str(self.limits.memory_mb << 20), str(self.limits.processes)
        if self.place.version == 2:
            self._write("", "memory.max", memory)
            self._write("", "memory.swap.max", "0", needed=False)
            self._write("", "pids.max", tasks)
            return
        self._write("memory", "memory.limit_in_bytes", memory)
        self._write("memory", "memory.memsw.limit_in_bytes", memory, needed=False)
        self._write("pids", "pids.max", tasks)

    def _write(self, kind: str, name: str, value: str, *, needed: bool = True) -> None:
        if (folder := self.folders.get(kind)) is None or not (needed or (folder / name).exists()):
            return
        with contextlib.suppress(OSError) if not needed else contextlib.nullcontext():
            (folder / name).write_text(value)

    def add(self, pid: int) -> None:
        """Move a process in; what it forks from then on is in too."""
        for folder in self.folders.values():
            (folder / "cgroup.procs").write_text(str(pid))

    def reached(self) -> str:
        """The limit that the tree has run into, or nothing."""
        second = self.place.version == 2
        if self._count("" if second else "memory", "memory.events" if second else "memory.oom_control", "oom_kill"):
            return "memory"
        if self._count("" if second else "pids", "pids.events", "max"):
            return "processes"
        return "cpu" if self.cpu_seconds() > self.limits.cpu_seconds else ""

    def cpu_seconds(self) -> float:
        """Processor time of the whole tree so far, in seconds; 0 where nobody counts it."""
        if self.place.version == 2:
            return self._count("", "cpu.stat", "usage_usec") / 1e6
        if (folder := self.folders.get("cpuacct")) is None:
            return 0.0
        with contextlib.suppress(OSError, ValueError):
            return int((folder / "cpuacct.usage").read_text()) / 1e9
        return 0.0

    def _count(self, kind: str, name: str, key: str) -> int:
        if (folder := self.folders.get(kind)) is None:
            return 0
        with contextlib.suppress(OSError, ValueError):
            for line in (folder / name).read_text().splitlines():
                found, _, value = line.partition(" ")
                if found == key:
                    return int(value)
        return 0

    def close(self) -> None:
        """Remove the groups; an empty group is all that can be removed, so call it after the end of the tree."""
        for folder in self.folders.values():
            with contextlib.suppress(OSError):
                folder.rmdir()
