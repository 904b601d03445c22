"""Signs what the supervisor reports. It alone holds the secret, and it runs no judged code."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Callable, Iterator
from typing import Any

from . import supervisor
from .process import hide_memory


def main() -> int:
    """Read the job, then the secret, from standard input; write signed records to the job's report file.

    The supervisor, and with it every process that will run judged code, is forked before the secret is read.
    """
    hide_memory(True)
    job = json.loads(_line())
    source, sink = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(source)
        _close_stdin()
        supervisor.serve(job, sink)
    os.close(sink)
    secret = bytes.fromhex(_line().decode())
    _close_stdin()
    # Each record is appended: what judged code writes there, whenever it does, stays between ours and is seen.
    report = os.open(job["report"], os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o644)
    with os.fdopen(report, "wb", buffering=0) as written:
        _sign(_lines(source), secret, written.write)
    _, status = os.waitpid(child, 0)
    return 0 if status == 0 else 1


def _sign(lines: Iterator[bytes], secret: bytes, write: Callable[[bytes], Any]) -> None:
    """One record a line: its number, its text, and a MAC over both."""
    number = 0
    for number, line in enumerate(lines, start=1):
        write(sign(number, line, secret))
    write(sign(number + 1, b'{"e": "closed"}', secret))


def sign(number: int, line: bytes, secret: bytes) -> bytes:
    """A line of the report: `MAC number text`."""
    body = b"%d %s" % (number, line.rstrip(b"\n"))
    return hmac.new(secret, body, hashlib.sha256).hexdigest().encode() + b" " + body + b"\n"


def _lines(source: int) -> Iterator[bytes]:
    with os.fdopen(source, "rb") as stream:
        yield from stream


def _line() -> bytes:
    """One line of standard input, read without buffering: what follows it stays in the pipe."""
    parts: list[bytes] = []
    while True:
        byte = os.read(0, 1)
        if byte in (b"", b"\n"):
            return b"".join(parts)
        parts.append(byte)


def _close_stdin() -> None:
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
