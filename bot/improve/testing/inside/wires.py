"""How the boot check speaks to the bot it started: over loopback, or, where no sockets can be made, by handing it some.

Landlock has no network of its own, so its filter refuses every internet socket. What it allows is a pair of connected
local ones. There the bot's listeners are pairs, and a connection is the end of a pair that is sent over another.
"""

from __future__ import annotations

import os
import socket
import struct
from pathlib import Path
from typing import Protocol

LOOPBACK, HANDED, NONE = "loopback", "handed", ""
PORT = struct.Struct("!I")
"""A listener as it is announced: its port, with the other end of the listener as ancillary data."""
NETWORK = Path("/proc/net/dev")
_WITHIN = 5.0
_MOST = 64
"""Listeners that are kept; who opens more has them counted and not spoken to."""


class Wires(Protocol):
    """A way to speak to one booted process."""

    inherited: tuple[int, ...]
    """Handles that the process is started with."""

    def told(self) -> str:
        """The handle that the process announces its listeners over, as text; '' if it needs none."""
        ...

    def started(self) -> None:
        """The process has its handles: let go of them."""
        ...

    def connect(self, port: int) -> socket.socket:
        """A connection to a listener of the process. Raises OSError."""
        ...

    def listening(self) -> list[int]:
        """Ports that are listened on."""
        ...

    def close(self) -> None:
        """Let go of all."""
        ...


def way() -> str:
    """What works in this sandbox, tried before anything of the change runs: LOOPBACK, HANDED or NONE."""
    if _loops():
        return LOOPBACK
    return HANDED if _hands() else NONE


def wires(found: str) -> Wires:
    """The wires for a way that works."""
    return Loopback() if found == LOOPBACK else Handed()


def _loops() -> bool:
    try:
        NETWORK.read_bytes()
    except PermissionError:  # Landlock: to ask for a socket there would be held against the change as reaching out
        return False
    except OSError:
        pass
    try:
        with socket.create_server(("127.0.0.1", 0)) as server:
            socket.create_connection(server.getsockname()[:2], _WITHIN).close()
    except OSError:
        return False
    return True


def _hands() -> bool:
    try:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            socket.send_fds(ours, [b"x"], [ours.fileno()])
            _, handles, _, _ = socket.recv_fds(theirs, 1, 1)
        for handle in handles:
            socket.close(handle)
    except OSError:
        return False
    return len(handles) == 1


class Loopback:
    """The loopback of a network namespace."""

    inherited: tuple[int, ...] = ()

    def __init__(self) -> None:
        self._before = _listeners()
        """Somebody else's: a sandbox has none, a host without one has."""

    def told(self) -> str:
        """Nothing: the kernel lists who listens."""
        return ""

    def started(self) -> None:
        """Nothing was held for it."""

    def connect(self, port: int) -> socket.socket:
        """A connection over TCP."""
        return socket.create_connection(("127.0.0.1", port), _WITHIN)

    def listening(self) -> list[int]:
        """Whatever has begun to listen in this network namespace."""
        return sorted(_listeners() - self._before)

    def close(self) -> None:
        """Nothing is open."""


def _listeners() -> set[int]:
    """Source: proc_net_tcp(5); state 0A is TCP_LISTEN."""
    ports = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        place = Path(table)
        for row in place.read_text().splitlines()[1:] if place.exists() else []:
            fields = row.split()
            if fields[3] == "0A":
                ports.add(int(fields[1].rsplit(":", 1)[1], 16))
    return ports


class Handed:
    """Listeners that the process announces over a pair of local sockets (hooks/handed_sockets.py)."""

    def __init__(self) -> None:
        self._control, self._theirs = socket.socketpair()
        self.inherited: tuple[int, ...] = (self._theirs.fileno(),)
        self._listeners: dict[int, socket.socket] = {}

    def told(self) -> str:
        """The handle's number in the process."""
        return str(self._theirs.fileno())

    def started(self) -> None:
        """The process holds its end itself."""
        self._theirs.close()

    def connect(self, port: int) -> socket.socket:
        """One end of a new pair, whose other end the process accepts."""
        self._hear(port)
        if port not in self._listeners:
            raise ConnectionRefusedError(f"nothing listens on port {port}")
        ours, theirs = socket.socketpair()
        with theirs:
            socket.send_fds(self._listeners[port], [b"c"], [theirs.fileno()])
        ours.settimeout(_WITHIN)
        return ours

    def listening(self) -> list[int]:
        """What was announced: nothing else can listen, since the filter refuses it."""
        self._hear(0)
        return sorted(self._listeners)

    def _hear(self, port: int) -> None:
        """Take in what has been announced; waits for `port` only."""
        while len(self._listeners) < _MOST:
            self._control.settimeout(_WITHIN if port and port not in self._listeners else 0.0)
            try:
                said, handles, _, _ = socket.recv_fds(self._control, PORT.size, 1)
            except (BlockingIOError, TimeoutError):
                return
            if len(said) != PORT.size or len(handles) != 1:
                return
            self._keep(PORT.unpack(said)[0], handles[0])

    def _keep(self, port: int, handle: int) -> None:
        """A listener, if what was handed over is a socket: whoever announces is the change's own code."""
        try:
            end = socket.socket(fileno=handle)
        except OSError:
            os.close(handle)
            return
        if port in self._listeners:
            self._listeners[port].close()
        self._listeners[port] = end

    def close(self) -> None:
        """All ends of ours."""
        for one in (self._control, self._theirs, *self._listeners.values()):
            one.close()
