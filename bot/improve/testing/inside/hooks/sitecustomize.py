"""Writes down, in the booted process, whom it tries to reach and what it starts. An audit hook cannot be taken out."""

import importlib
import os
import sys

WATCHED = (
    "socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname", "socket.bind", "socket.refused",
)  # fmt: skip
STARTED = ("subprocess.Popen", "os.exec", "os.posix_spawn", "os.system")


def _watch() -> None:
    place = os.environ.pop("MEGAWATTS_WATCH", "")
    if not place:
        return
    control, _, path = place.partition(":")
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    write, encode = os.write, str.encode

    def hook(event: str, args: tuple[object, ...]) -> None:
        if event in WATCHED or event in STARTED:
            shown = args[1:] if event in ("socket.connect", "socket.sendto", "socket.bind") else args[:2]
            write(handle, encode(f"{event}\t{shown!r}"[:300].replace("\n", " ") + "\n", "utf-8", "replace"))

    sys.addaudithook(hook)
    if control:
        importlib.import_module("handed_sockets").install(int(control))


_watch()
