"""Counts what a boxed program was refused: a thread outside answers its forbidden calls, and looks at its writes.

What is forbidden is refused here by its number, which the kernel tells and the program cannot change. What writes is
let go on, and only looked at: the mounts, or Landlock, decide. When this thread ends, for whatever reason, all such
calls fail (ENOSYS): nothing is allowed because nobody looks.
"""

import array
import contextlib
import errno
import fcntl
import functools
import os
import queue
import select
import socket
import subprocess
import termios
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

from bot.adapters.sandbox import caller, confine, seccomp, syscalls
from bot.adapters.sandbox.listener import Listener, Notice
from bot.core.errors import Unavailable
from bot.policy.sandbox_evidence import WRITES
from bot.policy.sandbox_writes import attempt, forbidden, harmless, may_write, shown

FAST = 10_000
"""As many refusals of a run are answered at once; each further one waits `SLOW` seconds, which bounds what it costs."""
SLOW = 0.001
NAMES = 64
"""As many names of a kind are kept for a run; what comes later is `others`."""
Process = subprocess.Popen[bytes]


class Notices:
    """One run's evidence. `spawn` or `take` begins it, `open` lets the program come, `close` ends it."""

    def __init__(self, rules: bytes, lent: Mapping[str, bool], root: str) -> None:
        self.rules, self.lent, self.root = rules, lent, root
        self.names: dict[str, Counter[str]] = {}
        self.failed = ""
        self._begun = False
        self._gate = -1
        self._opening = threading.Lock()
        self._refused = 0
        self._own = self._root = -1
        self._stop, self._stopper = os.pipe2(os.O_CLOEXEC)
        self._gone = threading.Event()
        self._threads: list[threading.Thread] = []

    def spawn(self, make: Callable[[], Process]) -> Process:
        """Start a process whose calls come here. Raises Unavailable if the kernel does not take the filter.

        A thread of its own loads it, since it binds whoever loads it and all that he starts, and waits for the end of
        the run: a child may ask to die with the thread that started it. The one that answers is started before.
        """
        handles: queue.SimpleQueue[int] = queue.SimpleQueue()
        made: queue.SimpleQueue[Process | BaseException] = queue.SimpleQueue()
        self._run(self._serve, handles.get)
        self._run(self._start, make, handles, made)
        found = made.get()
        if isinstance(found, BaseException):
            raise found
        return found

    def _start(
        self,
        make: Callable[[], Process],
        handles: "queue.SimpleQueue[int]",
        made: "queue.SimpleQueue[Process | BaseException]",
    ) -> None:
        self._own = threading.get_native_id()
        try:
            handles.put(listen(self.rules))
        except OSError as error:
            handles.put(-1)
            made.put(Unavailable("sandbox", f"the kernel hands out no listener for system calls: {error.strerror}"))
            return
        try:
            made.put(make())
        except BaseException as error:  # noqa: BLE001  (raised where it was asked for)
            made.put(error)
        self._gone.wait()

    def take(self) -> int:
        """A socket over which confine.py hands over its listener. The caller passes it on and closes it."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self._begun = True
        self._run(self._serve, functools.partial(_received, ours, self._stop))
        return theirs.detach()

    def _run(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, name="sandbox-notices", daemon=True)
        self._threads.append(thread)
        thread.start()

    def open(self, gate: int, waiting: int) -> None:
        """Write the byte that lets the program begin, which `waiting`, the pipe's other end, still holds till then.

        Its launcher may be making the box yet; what it calls before it has read the byte is let go.
        """
        with self._opening:
            os.write(gate, b"\n")
            self._gate = waiting

    def _has_begun(self) -> bool:
        if not self._begun:
            with self._opening:
                self._begun = self._gate >= 0 and not _unread(self._gate)
        return self._begun

    def _serve(self, listener: Callable[[], int]) -> None:
        try:
            if (handle := listener()) >= 0:
                with contextlib.closing(Listener(handle)) as calls:
                    self._answer_all(calls)
        except Exception as error:  # noqa: BLE001  (told at the end of the run; what waits has failed by then)
            self.failed = f"{type(error).__name__}: {error}"

    def _answer_all(self, calls: Listener) -> None:
        while calls.wait(self._stop):
            if notice := calls.receive():
                self._answer(calls, notice)

    def _answer(self, listener: Listener, notice: Notice) -> None:
        if not self._has_begun() or notice.task == self._own:
            listener.let_go(notice)
            return
        name = _names().get(notice.call, "")
        if name in syscalls.WRITING:
            found = self._written(notice, name)
            if listener.let_go(notice):
                self._count(WRITES, found)
        elif listener.refuse(notice):
            words = [notice.word(at) for at in range(3)]
            self._count(*forbidden(name, words))

    def _written(self, notice: Notice, name: str) -> list[str]:
        with contextlib.suppress(OSError):
            if self._root < 0:
                self._root = caller.root_of(notice)
            for one in caller.targets(notice, name, self._root):
                with contextlib.closing(one):
                    if not may_write(one.path, self.lent) and attempt(one.act, exists=one.exists, parent=one.parent):
                        return [] if harmless(one.path) else [shown(one.path, self.root)]
        return []

    def _count(self, kind: str, names: list[str]) -> None:
        for name in names:
            known = self.names.setdefault(kind, Counter())
            known[name if name in known or len(known) < NAMES else "others"] += 1
            self._refused += 1
            if self._refused > FAST:
                time.sleep(SLOW)

    def close(self) -> None:
        """End the threads; what is counted stays."""
        os.write(self._stopper, b"x")
        self._gone.set()
        for thread in self._threads:
            thread.join()
        for handle in (self._stop, self._stopper, self._root):
            if handle >= 0:
                os.close(handle)

    def attempts(self) -> Mapping[str, int]:
        """How often by kind. Raises Unavailable if it stopped looking: the program then ran into failing calls."""
        if self.failed:
            raise Unavailable("sandbox", f"nobody answered the program's system calls any longer: {self.failed}")
        return {kind: names.total() for kind, names in self.names.items()}


def _unread(pipe: int) -> int:
    """Bytes that wait in a pipe."""
    size = array.array("i", [0])
    fcntl.ioctl(pipe, termios.FIONREAD, size)
    return size[0]


def _received(ours: socket.socket, stop: int) -> int:
    """The handle that was sent; -1 if the other side hung up, or the run ended, before."""
    with ours:
        ready, _, _ = select.select([ours.fileno(), stop], [], [])
        handles = socket.recv_fds(ours, 1, 1)[1] if ours.fileno() in ready else []
    return handles[0] if handles else -1


@functools.cache
def _names() -> Mapping[int, str]:
    names = (*syscalls.FORBIDDEN, *syscalls.WRITING, "clone", "ioctl", "socket", "socketpair", *syscalls.MODES.split())
    return {seccomp.number(name): name for name in names}


def listen(rules: bytes) -> int:
    """Bind this thread by the filter, and give its listener. Raises OSError."""
    confine.prctl(confine.PR_SET_NO_NEW_PRIVS, 1)
    return confine.listen(rules, seccomp.number("seccomp"))


@functools.cache
def lacking(*, namespaces: bool = True) -> str:
    """Why calls cannot be listened to here; empty if they can. Found by trying."""
    found: list[OSError] = []

    def attempt() -> None:
        try:
            if "Seccomp_filters:" not in Path("/proc/self/status").read_text():
                raise OSError(errno.ENOSYS, "Linux 5.9 would be needed")  # noqa: TRY301  (one way to say why not)
            os.close(listen(seccomp.told(namespaces=namespaces)[1]))
        except OSError as error:
            found.append(error)

    thread = threading.Thread(target=attempt)
    thread.start()
    thread.join()
    if not found:
        return ""
    return f"forbidden system calls and refused writes are not counted here: no listener for them ({found[0].strerror})"
