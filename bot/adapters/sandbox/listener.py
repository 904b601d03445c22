"""The kernel's side of system calls that wait for an answer: seccomp's user notification (seccomp_unotify(2))."""

import contextlib
import errno
import fcntl
import os
import select
import struct
from dataclasses import dataclass

RECEIVE, SEND, SETTINGS = 0xC0502100, 0xC0182101, 0x40082104
"""SECCOMP_IOCTL_NOTIF_RECV, _SEND, _SET_FLAGS."""
SYNC_WAKE_UP, CONTINUE = 1, 1
_NOTICE = struct.Struct("=QIIiIQ6Q")
"""`struct seccomp_notif`: id, task, flags, then `struct seccomp_data`: number, architecture, address, arguments."""
_ANSWER = struct.Struct("=QqiI")
"""`struct seccomp_notif_resp`: id, value, error, flags."""
_FIRST_WORD = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Notice:
    """A system call that waits. `task` is the thread's number as we see it; 0 for one that we cannot see."""

    id: int
    task: int
    call: int
    arguments: tuple[int, ...]

    def word(self, position: int) -> int:
        """An argument as the kernel takes an `int`: its lower half, with a sign."""
        low = self.arguments[position] & _FIRST_WORD
        return low - (1 << 32) if low >> 31 else low


class Listener:
    """Takes over an open listener, and closes it: calls that wait then, or come later, fail with ENOSYS."""

    def __init__(self, handle: int) -> None:
        self.handle = handle
        with contextlib.suppress(OSError):  # since Linux 6.6
            fcntl.ioctl(handle, SETTINGS, SYNC_WAKE_UP)
        self._poll = select.poll()
        self._poll.register(handle, select.POLLIN)

    def wait(self, stop: int) -> bool:
        """Wait for a notice. False: `stop` can be read, or no task is left whose calls would come here."""
        self._poll.register(stop, select.POLLIN)
        ready = dict(self._poll.poll())
        return stop not in ready and not ready.get(self.handle, 0) & (select.POLLHUP | select.POLLERR)

    def receive(self) -> Notice | None:
        """The next call that waits; None for one whose task died meanwhile."""
        buffer = bytearray(_NOTICE.size)
        try:
            fcntl.ioctl(self.handle, RECEIVE, buffer, True)
        except OSError as error:
            if error.errno in {errno.ENOENT, errno.EINTR}:
                return None
            raise
        row = _NOTICE.unpack(buffer)
        return Notice(row[0], row[1], row[3], row[6:])

    def let_go(self, notice: Notice) -> bool:
        """The kernel makes the call as if nobody had looked. False: its task is gone."""
        return self._answer(_ANSWER.pack(notice.id, 0, 0, CONTINUE))

    def refuse(self, notice: Notice) -> bool:
        """The call fails with EPERM. False: its task is gone."""
        return self._answer(_ANSWER.pack(notice.id, 0, -errno.EPERM, 0))

    def _answer(self, answer: bytes) -> bool:
        try:
            fcntl.ioctl(self.handle, SEND, answer)
        except OSError as error:
            if error.errno == errno.ENOENT:
                return False
            raise
        return True

    def close(self) -> None:
        """What waits fails now."""
        os.close(self.handle)
