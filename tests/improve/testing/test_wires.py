"""A bot without internet sockets is spoken to over pairs that are handed to it; nothing else can be reached so."""

import asyncio
import contextlib
import errno
import http.client
import os
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.improve.testing.inside import wires
from bot.improve.testing.inside.hooks import handed_sockets
from bot.improve.testing.inside.hooks.handed_sockets import HandedSocket, Plain

HEARD: list[tuple[str, tuple[object, ...]]] = []
LISTENING: list[bool] = []


def hear(event: str, args: tuple[object, ...]) -> None:
    if LISTENING and event.startswith("socket."):
        HEARD.append((event, args[1:] if isinstance(args[0], Plain) else args))


sys.addaudithook(hear)


@pytest.fixture
def heard() -> Iterator[list[tuple[str, tuple[object, ...]]]]:
    LISTENING.append(True)
    yield HEARD
    LISTENING.clear()
    HEARD.clear()


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> Iterator[wires.Handed]:
    """Wires whose other end is this process, as hooks/sitecustomize.py lays them in the bot's."""
    line = wires.Handed()
    with socket.socket(fileno=socket.dup(int(line.told()))) as control:
        line.started()
        monkeypatch.setattr(handed_sockets, "_control", [control])
        monkeypatch.setattr(handed_sockets, "_listeners", {})
        monkeypatch.setattr(socket, "socket", HandedSocket)
        yield line
    line.close()


def served(port: int = 0) -> HandedSocket:
    server = HandedSocket(socket.AF_INET, socket.SOCK_STREAM)
    server.bind(("127.0.0.1", port))
    server.listen()
    return server


def test_what_works_here_is_tried_and_loopback_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, "no sockets")

    monkeypatch.setattr(socket, "create_server", refused)
    assert wires.way() == wires.HANDED
    monkeypatch.setattr(socket, "socketpair", refused)
    assert wires.way() == wires.NONE


def test_a_way_where_handles_cannot_be_sent_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wires, "_loops", lambda: False)
    monkeypatch.setattr(socket, "recv_fds", lambda *_: (b"x", [], 0, None))
    assert wires.way() == wires.NONE


def test_the_wires_fit_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wires, "_listeners", set)
    assert isinstance(wires.wires(wires.LOOPBACK), wires.Loopback)
    handed = wires.wires(wires.HANDED)
    assert isinstance(handed, wires.Handed)
    assert (str(*handed.inherited), handed.listening()) == (handed.told(), [])
    handed.close()


async def test_a_server_of_asyncio_answers_over_http(line: wires.Handed) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
        writer.close()

    def ask(port: int) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        connection.sock = line.connect(port)
        connection.request("GET", "/")
        response = connection.getresponse()
        said = response.status, response.read()
        connection.close()
        return said

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        host, port = server.sockets[0].getsockname()
        assert (host, port in range(49152, 65536)) == ("127.0.0.1", True)
        for _ in range(3):
            assert await asyncio.to_thread(ask, port) == (200, b"hello")
        assert line.listening() == [port]


def test_every_listener_is_counted_once_and_only_listeners_are(line: wires.Handed) -> None:
    with served() as one, served(4000), HandedSocket() as silent:
        silent.bind(("127.0.0.1", 5000))
        one.listen()
        assert line.listening() == [4000, one.getsockname()[1]]
        handed_sockets._control[0].close()
        with pytest.raises(ConnectionRefusedError, match="5000"):
            line.connect(5000)


def test_who_calls_and_who_is_called_have_names(line: wires.Handed) -> None:
    with served(4000) as server, line.connect(4000) as ours:
        accepted, address = server.accept()
        with accepted:
            assert accepted.getsockname() == ("127.0.0.1", 4000)
            assert accepted.getpeername() == address
            assert address[0] == "127.0.0.1"
            assert address[1] > 0
            accepted.sendall(b"x")
            assert ours.recv(1) == b"x"
    with HandedSocket() as alone, pytest.raises(OSError, match="not connected"):
        alone.getpeername()


def test_it_may_speak_to_itself(line: wires.Handed) -> None:
    with served() as server, socket.create_connection(server.getsockname()) as ours:
        accepted, _ = server.accept()
        with accepted:
            ours.sendall(b"x")
            assert accepted.recv(1) == b"x"
            assert ours.getpeername() == server.getsockname()


@pytest.mark.parametrize(
    ("address", "number"),
    [
        (("192.0.2.1", 443), errno.ENETUNREACH),
        (("example.org", 443), errno.ENETUNREACH),
        (("127.0.0.1", 9), errno.ECONNREFUSED),
        (("localhost", 9), errno.ECONNREFUSED),
    ],
)
def test_whom_it_tries_to_reach_is_refused_and_heard(
    line: wires.Handed, heard: list[tuple[str, tuple[object, ...]]], address: tuple[str, int], number: int
) -> None:
    with HandedSocket(socket.AF_INET) as ours, served():
        assert ours.connect_ex(address) == number
        with pytest.raises(OSError, match=r"(?i)unreachable|refused"):
            ours.connect(address)
    assert heard.count(("socket.connect", (address,))) == 2
    assert line.listening()[0] != address[1]


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_a_datagram_socket_is_the_kernels_and_written_down(
    heard: list[tuple[str, tuple[object, ...]]], family: int
) -> None:
    with contextlib.suppress(PermissionError):  # inside the sandbox, where this suite runs too
        HandedSocket(family, socket.SOCK_DGRAM).close()
    assert ("socket.refused", (family, socket.SOCK_DGRAM)) in heard


def test_a_socket_that_goes_past_it_is_written_down(heard: list[tuple[str, tuple[object, ...]]]) -> None:
    ours = HandedSocket()
    handed_sockets._raw("socket.__new__", (ours, socket.AF_INET, socket.SOCK_STREAM, 0))
    assert not [row for row in heard if row[0] == "socket.refused"]
    handed_sockets._raw("socket.__new__", (object(), socket.AF_INET, socket.SOCK_STREAM, 0))
    assert ("socket.refused", (socket.AF_INET, socket.SOCK_STREAM)) in heard
    ours.close()


def test_ports_are_taken_refused_and_freed_as_by_a_kernel(line: wires.Handed) -> None:
    with served(4000):
        for port, number in ((4000, errno.EADDRINUSE), (80, errno.EACCES)):
            with HandedSocket() as other, pytest.raises(OSError) as caught:
                other.bind(("127.0.0.1", port))
            assert caught.value.errno == number
    with served(4000):
        assert line.listening() == [4000]
    with HandedSocket() as unnamed:
        unnamed.listen()
        assert unnamed.getsockname()[0] == "0.0.0.0"
        assert unnamed.getsockname()[1] > 0


def test_options_of_tcp_are_kept_and_those_of_sockets_are_set() -> None:
    with HandedSocket(socket.AF_INET6) as ours:
        ours.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        assert ours.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1
        assert ours.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR) == 1
        assert ours.getsockopt(socket.IPPROTO_IP, socket.IP_TOS) == 0
        assert ours.getsockopt(socket.IPPROTO_IP, socket.IP_TOS, 4) == bytes(4)
        assert ours.getsockname() == ("::", 0, 0, 0)


def test_local_sockets_stay_the_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "socket", HandedSocket)
    one, two = socket.socketpair()
    with one, two:
        assert one.family == socket.AF_UNIX
        assert (one.getsockname(), two.getpeername()) == ("", "")
        one.sendall(b"x")
        assert two.recv(1) == b"x"
        with pytest.raises(OSError):
            one.accept()


def test_a_listener_waits_until_somebody_is_handed_over(line: wires.Handed) -> None:
    with served(4000) as server:
        server.setblocking(False)
        with pytest.raises(BlockingIOError):
            server.accept()
        server.setblocking(True)
        caller = threading.Thread(target=lambda: line.connect(4000).close())
        caller.start()
        server.accept()[0].close()
        caller.join()


def test_what_is_no_socket_is_no_listener_and_is_not_kept_open(line: wires.Handed, tmp_path: Path) -> None:
    with (tmp_path / "file").open("w") as file:
        socket.send_fds(handed_sockets._control[0], [wires.PORT.pack(4000)], [file.fileno()])
        handle = os.dup(file.fileno())
    with served(5000):
        assert line.listening() == [5000]
    line._keep(4000, handle)
    assert line.listening() == [5000]
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(handle)


def test_a_flood_of_listeners_is_cut(line: wires.Handed) -> None:
    for port in range(4000, 4000 + 2 * wires._MOST):
        socket.send_fds(handed_sockets._control[0], [wires.PORT.pack(port)], [handed_sockets._control[0].fileno()])
    assert len(line.listening()) == wires._MOST


def test_who_listened_before_is_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wires, "_listeners", lambda: {22})
    line = wires.Loopback()
    assert line.listening() == []
    monkeypatch.setattr(wires, "_listeners", lambda: {22, 4001, 4000})
    assert line.listening() == [4000, 4001]


@pytest.mark.parametrize("said", [b"", b"\0\0", b"\0\0\x0f\xa0"])
def test_a_broken_announcement_is_no_listener(line: wires.Handed, said: bytes) -> None:
    handed_sockets._control[0].sendall(said)
    if not said:
        handed_sockets._control[0].close()
    assert line.listening() == []
