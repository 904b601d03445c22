"""Starts one process, reads it within bounds and ends it and all its children at a limit or a cancellation."""

import asyncio
import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot.core.sandbox import Finished, Limits

WATCH_EVERY = 0.2
CHUNK = 1 << 16
Process = subprocess.Popen[bytes]


def kill_group(pid: int) -> None:
    """End the process group that `pid` leads."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


@dataclass(slots=True)
class Launch:
    """What to start, and how its sandbox watches and ends it."""

    argv: Sequence[str]
    env: Mapping[str, str]
    cwd: Path
    stdin: bytes = b""
    binary: str | None = None
    """The file to run, if argv[0] shall not say where it is."""
    fds: tuple[int, ...] = ()
    started: Callable[[int], Awaitable[None]] | None = None
    """Called with the process id, to arm limits before the program proper begins."""
    ended: Callable[[], Awaitable[None]] | None = None
    """Called after the process has ended, to end and await what it left running."""
    kill: Callable[[int], None] = field(default=kill_group)
    spawn: Callable[[Callable[[], Process]], Process] = field(default=lambda make: make())
    """Makes the process, where its calls are listened to."""
    watch: Callable[[], str] = field(default=lambda: "")
    """Names the limit that has been reached, if one has; asked some times a second and once at the end."""


async def supervise(launch: Launch, limits: Limits) -> Finished:
    """Run to its end. Cancelling the task ends the whole tree first, then raises."""
    return await _Run(launch, limits).result()


class _Run:
    def __init__(self, launch: Launch, limits: Limits) -> None:
        self.launch, self.limits = launch, limits
        self.loop = asyncio.get_running_loop()
        self.out, self.err = bytearray(), bytearray()
        self.room = limits.output_kb * 1024
        self.limit = ""
        self.stopped = False
        self.gone = asyncio.Event()
        self.began = time.monotonic()
        theirs = [memory_file(launch.stdin)]
        self.pipes: dict[int, bytearray] = {}
        try:
            for into in (self.out, self.err):
                ours, other = os.pipe2(os.O_CLOEXEC)
                os.set_blocking(ours, False)
                self.pipes[ours] = into
                theirs.append(other)
            self.popen = self._start(*theirs)
        except BaseException:
            _close(self.pipes)
            raise
        finally:
            _close(theirs)

    def _start(self, stdin: int, stdout: int, stderr: int) -> Process:
        return self.launch.spawn(lambda: self._popen(stdin, stdout, stderr))

    def _popen(self, stdin: int, stdout: int, stderr: int) -> Process:
        return subprocess.Popen(
            list(self.launch.argv),
            executable=self.launch.binary,
            env=dict(self.launch.env),
            cwd=self.launch.cwd,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            pass_fds=self.launch.fds,
            start_new_session=True,
        )

    async def result(self) -> Finished:
        pidfd = os.pidfd_open(self.popen.pid)
        timer = self.loop.call_later(self.limits.seconds, self._stop, "seconds")
        self.loop.add_reader(pidfd, self._exited, pidfd)
        for pipe, into in self.pipes.items():
            self.loop.add_reader(pipe, self._read, pipe, into)
        watcher = self.loop.create_task(self._watch())
        try:
            await self._finish()
        finally:
            timer.cancel()
            watcher.cancel()
            for pipe, into in self.pipes.items():
                self._drain(pipe, into)
                self.loop.remove_reader(pipe)
            self.loop.remove_reader(pidfd)
            _close([pidfd, *self.pipes])
        return self._finished()

    async def _finish(self) -> None:
        """Wait for the end; on cancellation end the tree, wait until it is gone, and only then let go."""
        try:
            if self.launch.started is not None:
                await self.launch.started(self.popen.pid)
            await self.gone.wait()
        except BaseException:
            self._stop("")
            raise
        finally:
            await _whatever_comes(self._all_gone())

    async def _all_gone(self) -> None:
        await self.gone.wait()
        if self.launch.ended is not None:
            await self.launch.ended()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(WATCH_EVERY)
            if found := self.launch.watch():
                self._stop(found)

    def _stop(self, limit: str) -> None:
        if not self.gone.is_set():
            self.limit = self.limit or limit
            self.stopped = True
            self.launch.kill(self.popen.pid)

    def _exited(self, pidfd: int) -> None:
        self.loop.remove_reader(pidfd)
        _, status, self.usage = os.wait4(self.popen.pid, 0)
        self.popen.returncode = os.waitstatus_to_exitcode(status)
        self.gone.set()

    def _read(self, pipe: int, into: bytearray) -> None:
        data = os.read(pipe, CHUNK)
        if not data:
            self.loop.remove_reader(pipe)
        self._keep(data, into)

    def _keep(self, data: bytes, into: bytearray) -> None:
        into += data[: self.room]
        if len(data) > self.room:
            self.limit = self.limit or "output"
            self._stop("output")
        self.room = max(0, self.room - len(data))

    def _drain(self, pipe: int, into: bytearray) -> None:
        """What is left in a pipe after the end. Never waits: a stray holder of the other end cannot hang us."""
        with contextlib.suppress(BlockingIOError):
            while self.room and (data := os.read(pipe, CHUNK)):
                self._keep(data, into)

    def _finished(self) -> Finished:
        code, use = self.popen.returncode, self.usage
        limit = self.limit or self.launch.watch() or _by_code(code)
        cpu = use.ru_utime + use.ru_stime
        if not limit and cpu > self.limits.cpu_seconds:
            limit = "cpu"
        return Finished(
            code=None if self.stopped else code,
            out=bytes(self.out),
            err=bytes(self.err),
            seconds=time.monotonic() - self.began,
            cpu_seconds=cpu,
            max_rss_mb=use.ru_maxrss / 1024,
            timed_out=limit == "seconds",
            limit=limit,
        )


async def _whatever_comes(work: Coroutine[None, None, None]) -> None:
    """Await to the end even when cancelled meanwhile; the cancellation is raised then."""
    task, cancelled = asyncio.ensure_future(work), False
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            cancelled = True
    if cancelled:
        raise asyncio.CancelledError
    task.result()


def _close(handles: Iterable[int]) -> None:
    for handle in handles:
        os.close(handle)


def _by_code(code: int) -> str:
    """The limit that a signal of the kernel speaks of; bwrap reports a signal as 128 + its number."""
    number = -code if code < 0 else code - 128
    if number == signal.SIGXCPU:
        return "cpu"
    return "file" if number == signal.SIGXFSZ else ""


def memory_file(content: bytes) -> int:
    """An open anonymous file holding `content`, at its beginning. The caller closes it."""
    handle = os.memfd_create("input", os.MFD_CLOEXEC)
    with os.fdopen(os.dup(handle), "wb") as file:
        file.write(content)
    os.lseek(handle, 0, os.SEEK_SET)
    return handle
