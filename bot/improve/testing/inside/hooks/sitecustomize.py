"""Writes down, in the booted process, whom it tries to reach, what it starts and where it may not write.

An audit hook cannot be taken out."""

import importlib
import os
import sys

WATCHED = (
    "socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname", "socket.bind", "socket.refused",
)  # fmt: skip
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
STARTED = ("subprocess.Popen", "os.exec", "os.posix_spawn", "os.system")


def _watch() -> None:
    place = os.environ.pop("MEGAWATTS_WATCH", "")
    if not place:
        return
    control, _, path = place.partition(":")
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    write, encode, access, folder_of = os.write, str.encode, os.access, os.path.dirname

    def refused(path: object, flags: object) -> bool:
        """Whether a file that is there, or its folder that is there, is not this process's to write."""
        if not isinstance(path, str) or not isinstance(flags, int) or not flags & WRITES:
            return False
        place = path if access(path, os.F_OK) else folder_of(path) or "."
        return access(place, os.F_OK) and not access(place, os.W_OK)

    def hook(event: str, args: tuple[object, ...]) -> None:
        if event in WATCHED or event in STARTED:
            shown = args[1:] if event in ("socket.connect", "socket.sendto", "socket.bind") else args[:2]
            write(handle, encode(f"{event}\t{shown!r}"[:300].replace("\n", " ") + "\n", "utf-8", "replace"))
        elif event == "open" and refused(args[0], args[2]):
            write(handle, encode(f"open\t{args[0]!r}"[:300].replace("\n", " ") + "\n", "utf-8", "replace"))

    sys.addaudithook(hook)
    if control:
        importlib.import_module("handed_sockets").install(int(control))


_watch()
