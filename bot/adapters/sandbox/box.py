"""One run's open ends: bwrap's status and gate, its options, the limits that are armed before the program begins."""

import asyncio
import contextlib
import json
import os
import resource
import signal
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from bot.adapters.sandbox import cgroup, folders, mounts
from bot.adapters.sandbox.notices import Notices
from bot.adapters.sandbox.process import Launch, memory_file
from bot.adapters.sandbox.reaching import Reaching
from bot.core.errors import Unavailable
from bot.core.sandbox import Finished, Limits
from bot.policy.sandbox_evidence import NETWORK, observed


class Box:
    """Holds what one run of bwrap needs, and closes it with `stack`."""

    def __init__(
        self,
        limits: Limits,
        stack: ExitStack,
        place: cgroup.Place | None,
        room: folders.Room,
        notices: Notices | None = None,
    ) -> None:
        self.limits, self.room, self.notices = limits, room, notices
        self.group = cgroup.Group(place, limits) if place else None
        self.controllers = place.controllers if place else frozenset[str]()
        if self.group:
            stack.callback(self.group.close)
        self.inside: list[int] = []
        self.said = b""
        self.status, self.gate = self._pipes()
        self.first = -1
        """The first process inside, as a pidfd: when it dies, all in its namespace die."""
        self.reaching: Reaching | None = None
        stack.callback(self._close)

    def _pipes(self) -> tuple[int, int]:
        status, their_status = os.pipe2(os.O_CLOEXEC)
        their_gate, gate = os.pipe2(os.O_CLOEXEC)
        self.inside += [their_status, their_gate]
        self.waiting = os.dup(their_gate)
        """Our end of what the gate holds: empty once it has been passed."""
        return status, gate

    def _close(self) -> None:
        self._let_go()
        if self.reaching:
            self.reaching.close()
        for handle in (self.status, self.gate, self.waiting, self.first):
            if handle >= 0:
                os.close(handle)

    def _let_go(self) -> None:
        """Close our copies of what bwrap holds, so that its end is the end of the pipe."""
        while self.inside:
            os.close(self.inside.pop())

    def arguments(
        self, options: Sequence[str], files: Iterable[tuple[str, bytes]], rules: Iterable[bytes]
    ) -> list[str]:
        """bwrap's options in an anonymous file: paths of the host would else be read in /proc/1/cmdline inside."""
        their_status, their_gate = self.inside
        words = ["--json-status-fd", str(their_status), "--block-fd", str(their_gate)]
        for rule in rules:
            words += ["--add-seccomp-fd", str(self._file(rule))]
        at = options.index("--remount-ro")
        words += options[:at]
        for path, content in files:
            words += ["--perms", "0444", "--ro-bind-data", str(self._file(content)), path]
        words += options[at:]
        return ["--args", str(self._file(b"".join(word.encode() + b"\0" for word in words)))]

    def _file(self, content: bytes) -> int:
        self.inside.append(memory_file(content))
        return self.inside[-1]

    def launch(self, binary: str, argv: Sequence[str], stdin: bytes) -> Launch:
        """The start: an empty environment, nothing open but what bwrap needs."""
        return Launch(
            argv=("bwrap", *argv),
            env={},
            cwd=Path("/"),
            stdin=stdin,
            binary=binary,
            fds=tuple(self.inside),
            started=self._started,
            kill=self._kill,
            ended=self._ended,
            watch=self._watch,
            **({"spawn": self.notices.spawn} if self.notices else {}),
        )

    async def _started(self, _pid: int) -> None:
        """bwrap has made the box and waits at the gate: bind its first process, then let it go on."""
        self._let_go()
        row = await self._first_row()
        if row is None:
            return
        # Where a mount is refused it has ended by now: the gate stays closed, and bwrap says why.
        with contextlib.suppress(ProcessLookupError, BrokenPipeError):
            self._bind(int(row["child-pid"]))

    def _bind(self, child: int) -> None:
        self.first = os.pidfd_open(child)
        self.reaching = Reaching(child)
        if self.group:
            self.group.add(child)
        for kind, bound in self._bounds():
            resource.prlimit(child, kind, bound)
        if self.notices is None:
            os.write(self.gate, b"\n")
            return
        _check_listened(child)
        self.notices.open(self.gate, self.waiting)

    def _bounds(self) -> Iterable[tuple[int, tuple[int, int]]]:
        limits = self.limits
        cpu, size = int(limits.cpu_seconds) + 1, limits.file_mb << 20
        yield resource.RLIMIT_CPU, (cpu, cpu + 1)
        yield resource.RLIMIT_FSIZE, (size, size)
        yield resource.RLIMIT_NPROC, (limits.processes, limits.processes)
        yield resource.RLIMIT_NOFILE, (mounts.OPEN_FILES, mounts.OPEN_FILES)
        yield resource.RLIMIT_CORE, (0, 0)
        if "memory" not in self.controllers:
            size = limits.memory_mb << 20
            yield resource.RLIMIT_AS, (size, size)

    async def _first_row(self) -> dict[str, int] | None:
        """bwrap's first line of status; None if it ended without one. It writes a line in several pieces."""
        loop, more = asyncio.get_running_loop(), asyncio.Event()
        os.set_blocking(self.status, False)
        loop.add_reader(self.status, more.set)
        try:
            while not (self._receive() or self.said.endswith(b"\n")):
                more.clear()
                await more.wait()
        finally:
            loop.remove_reader(self.status)
        rows = self._rows()
        return rows[0] if rows else None

    def _receive(self) -> bool:
        """Take in what bwrap has said so far; True when it has hung up."""
        with contextlib.suppress(BlockingIOError):
            while data := os.read(self.status, 1 << 12):
                self.said += data
            return True
        return False

    def _rows(self) -> list[dict[str, int]]:
        return [json.loads(line) for line in self.said.splitlines(keepends=True) if line.endswith(b"\n")]

    async def _ended(self) -> None:
        """bwrap leaves as soon as the program does: end what the program left in the background, and await it."""
        if self.first < 0:
            return
        self._kill(0)
        loop, dead = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(self.first, dead.set)
        try:
            await dead.wait()
        finally:
            loop.remove_reader(self.first)

    def _watch(self) -> str:
        return (self.group.reached() if self.group else "") or self.room.reached()

    def _kill(self, pid: int) -> None:
        """End the first process inside, and with it all; before there is one, end bwrap."""
        if self.first >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.first, signal.SIGKILL)
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)

    def judged(self, finished: Finished) -> Finished:
        """The result with the whole tree's processor time. Raises Unavailable if bwrap never came to the program.

        A program that cannot be executed is a failed run: what stands in `err` is then bwrap's own word.
        """
        self._receive()
        ended = any("exit-code" in row for row in self._rows())
        missing = finished.err.startswith(b"bwrap: execvp ")
        if not ended and not finished.limit and not missing:
            because = finished.err.decode(errors="replace").strip()[-300:]
            raise Unavailable("sandbox", because or "bwrap ended before the program began")
        counted = self.group.cpu_seconds() if self.group else 0.0
        whole = replace(finished, cpu_seconds=max(counted, finished.cpu_seconds))
        counts = {NETWORK: self.reaching.attempts() if self.reaching else 0}
        if self.notices is None:
            return observed(whole, counts)
        return observed(whole, counts | dict(self.notices.attempts()), self.notices.names, watched=True)


def _check_listened(pid: int) -> None:
    """Raises Unavailable unless one filter more binds the first process inside than us.

    What is forbidden is refused by that filter alone.
    """
    if _filters(str(pid)) <= _filters("self"):
        raise Unavailable("sandbox", "its system calls are not listened to: the box is not opened")


def _filters(pid: str) -> int:
    """How many seccomp filters bind a process; before Linux 5.9 only whether any does, as 2."""
    rows = dict(row.partition(":")[::2] for row in Path(f"/proc/{pid}/status").read_text().splitlines())
    return int(rows.get("Seccomp_filters", rows["Seccomp"]))
