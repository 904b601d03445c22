"""Internet sockets of a booted process where the sandbox allows none: each is one end of a pair of local sockets.

A listener's other end is handed to the boot check, which sends the ends of new connections over it. All else that
a TCP socket could reach is refused as by a host without a network. Only standard library, and only this process.
"""

import errno
import itertools
import os
import socket
import struct
import sys
from typing import Any

_INTERNET = (socket.AF_INET, socket.AF_INET6)
_LOOPBACK = ("127.", "::1", "localhost")
_FREE = range(49152, 65536)
"""Ports for whoever asks for any. Source: RFC 6335, section 6."""
_UNPRIVILEGED = 1024
_PORT = struct.Struct("!I")
_KIND = 0xF
"""The type without SOCK_NONBLOCK and SOCK_CLOEXEC."""
Plain = socket.socket
_listeners: dict[int, socket.socket] = {}
"""Other ends of this process's own listeners, for when it connects to itself."""
_control: list[socket.socket] = []


class HandedSocket(Plain):
    """A TCP socket made of a local pair; sockets of any other kind are the kernel's to refuse."""

    def __init__(self, family: int = -1, type: int = -1, proto: int = -1, fileno: int | None = None) -> None:  # noqa: A002  (the names of socket.socket)
        self._name: tuple[str, int] | None = None
        self._peer: tuple[str, int] = ("", 0)
        self._options: dict[tuple[int, int], Any] = {}
        self._other: Any = None
        family, kind = socket.AF_INET if family == -1 else family, socket.SOCK_STREAM if type == -1 else type
        if fileno is not None or family not in _INTERNET:
            super().__init__(-1 if fileno is not None and family == -1 else family, type, proto, fileno)
            return
        if kind & _KIND != socket.SOCK_STREAM:
            sys.audit("socket.refused", int(family), int(kind))
            super().__init__(family, type, proto)
            return
        mine, self._other = _pair()
        self._name = (_anywhere(family), 0)
        super().__init__(family, kind, max(proto, 0), mine)
        if kind & socket.SOCK_NONBLOCK:
            self.setblocking(False)

    def bind(self, address: Any, /) -> None:
        """Take a port of this process."""
        if self._name is None:
            super().bind(address)
            return
        sys.audit("socket.bind", self, address)
        port = address[1] or next(number for number in _FREE if number not in _listeners)
        if port < _UNPRIVILEGED:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        if port in _listeners:
            raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))
        self._name = (address[0] or _anywhere(self.family), port)

    def listen(self, backlog: int = 128, /) -> None:
        """Announce the port, with the end over which connections come."""
        if self._name is None:
            super().listen(backlog)
            return
        if not self._name[1]:
            self.bind((self._name[0], 0))
        port = self._name[1]
        if port in _listeners:
            return
        _listeners[port] = self._other
        socket.send_fds(_control[0], [_PORT.pack(port)], [self._other.fileno()])

    def accept(self) -> tuple[socket.socket, Any]:
        """The next connection that was handed over."""
        if self._name is None:
            return super().accept()
        _, handles, _, _ = socket.recv_fds(self, 1, 1)
        if not handles:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        made = HandedSocket(self.family, self.type, self.proto, handles[0])
        made._name, made._peer = self._name, (self._name[0], next(_callers))
        return made, made.getpeername()

    def connect(self, address: Any, /) -> None:
        """Only to a listener of this process; whatever else is asked for is written down and refused."""
        if self._name is None:
            super().connect(address)
            return
        sys.audit("socket.connect", self, address)
        if not str(address[0]).startswith(_LOOPBACK):
            raise OSError(errno.ENETUNREACH, os.strerror(errno.ENETUNREACH))
        if address[1] not in _listeners or self._other is None:
            raise ConnectionRefusedError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))
        socket.send_fds(_listeners[address[1]], [b"c"], [self._other.fileno()])
        self._other.close()
        self._other, self._peer = None, (str(address[0]), int(address[1]))

    def connect_ex(self, address: Any, /) -> int:
        """As `connect`, with the error's number for an exception."""
        try:
            self.connect(address)
        except OSError as error:
            return error.errno or errno.EIO
        return 0

    def getsockname(self) -> Any:
        """The name that was taken."""
        return super().getsockname() if self._name is None else self._shown(self._name)

    def getpeername(self) -> Any:
        """Who called, or who was called."""
        if self._name is None:
            return super().getpeername()
        if not self._peer[1]:
            raise OSError(errno.ENOTCONN, os.strerror(errno.ENOTCONN))
        return self._shown(self._peer)

    def _shown(self, name: tuple[str, int]) -> Any:
        return name if self.family == socket.AF_INET else (*name, 0, 0)

    def setsockopt(self, level: int, option: int, *value: Any) -> None:
        """Options of TCP and IP are kept and mean nothing; those of any socket are set."""
        if self._name is not None and (level != socket.SOL_SOCKET or option == socket.SO_REUSEPORT):
            self._options[level, option] = value[0]
        else:
            super().setsockopt(level, option, *value)

    def getsockopt(self, level: int, option: int, *size: Any) -> Any:
        """What was set, or zero."""
        if self._name is not None and (level != socket.SOL_SOCKET or option == socket.SO_REUSEPORT):
            return self._options.get((level, option), bytes(size[0]) if size else 0)
        return super().getsockopt(level, option, *size)

    def _real_close(self, *args: Any) -> None:
        """Close both ends; a listener's port is free again."""
        if self._other is not None:
            if self._name is not None and _listeners.get(self._name[1]) is self._other:
                del _listeners[self._name[1]]
            self._other.close()
            self._other = None
        super()._real_close(*args)  # type: ignore[misc]  # socket.socket's own, which its `close` calls


_callers = itertools.cycle(_FREE)


def _pair() -> tuple[int, socket.socket]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    return ours.detach(), theirs


def _anywhere(family: int) -> str:
    return "0.0.0.0" if family == socket.AF_INET else "::"  # noqa: S104  (a name; nothing is bound)


def _raw(event: str, args: tuple[Any, ...]) -> None:
    """An audit hook: an internet socket that goes past this class is refused by the kernel, and written down."""
    if event == "socket.__new__" and args[1] in _INTERNET and not isinstance(args[0], HandedSocket):
        sys.audit("socket.refused", int(args[1]), int(args[2]))


def install(control: int) -> None:
    """Put this in the place of `socket.socket`; listeners are announced over the handle `control`."""
    os.set_inheritable(control, False)
    _control.append(Plain(fileno=control))
    sys.addaudithook(_raw)
    socket.socket = HandedSocket  # type: ignore[misc]  # the point of it
