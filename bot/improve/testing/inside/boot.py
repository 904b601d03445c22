"""Boots the bot of the working folder in the sandbox, talks to it, and says what it saw as one JSON object.

Runs as a program of its own. The bot's words are read over pipes and HTTP; they are data here. The first line that it
prints says how a bot can be spoken to in this sandbox, before there is one: what a machine lacks is no change's fault.
"""

from __future__ import annotations

import http.client
import json
import os
import resource
import select
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from . import wires

MESSAGES = (
    "help",
    "roll 2d6",
    "dice 2d6",
    "what can you do?",
    "flurble the quxwarp",
    "what's up? ünïcödé 🎲",
    "!status",
)
_MOST = 1 << 16
"""Characters of an answer that are looked at: with its files it is longer than its text, and half of it is no JSON."""
LOOPBACK = ("127.", "::1", "localhost", "0.0.0.0")  # noqa: S104  (compared, not bound)


def main() -> int:
    """Read the job (argv, seconds to be ready, environment) from standard input; print the way and the observation."""
    job = json.loads(sys.stdin.buffer.read())
    way = wires.way()
    sys.stdout.write(json.dumps({"way": way}) + "\n")
    sys.stdout.flush()
    if way:
        sys.stdout.write(json.dumps(_observed(job, wires.wires(way))))
    return 0


def _observed(job: dict[str, Any], line: wires.Wires) -> dict[str, Any]:
    seen: dict[str, Any] = {"ready": False, "answers": [], "probes": {}, "reached": [], "started": [], "refused": []}
    with tempfile.TemporaryDirectory() as folder:
        watch = Path(folder, "watch")
        environment = dict(job["env"], PYTHONPATH=job["hooks"], HOME=folder, TMPDIR=folder)
        environment["MEGAWATTS_WATCH"] = f"{line.told()}:{watch}"
        argv = [word.replace("{home}", str(Path(folder, "home"))) for word in job["argv"]]
        began = time.monotonic()
        with Path(folder, "log").open("wb") as log:
            process = subprocess.Popen(
                argv,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                pass_fds=line.inherited,
            )
        line.started()
        try:
            port = _ready(process, began + job["ready_within"])
            seen.update(ready=port > 0, ready_seconds=round(time.monotonic() - began, 2))
            if port:
                _talk(line, port, seen)
                seen.update(listening=line.listening(), port=port)
            seen.update(_end(process))
        finally:
            process.kill()
            process.wait()
            line.close()
        # The largest of what was started: never less than this program's own, which is a fraction of a bot's.
        seen["peak_mb"] = round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024, 1)
        seen["log"] = Path(folder, "log").read_bytes()[-1500:].decode("utf-8", "replace")
        _read_watch(watch, seen)
    return seen


def _ready(process: subprocess.Popen[bytes], deadline: float) -> int:
    """The port of the ready line; 0 if there is none in time."""
    assert process.stdout is not None  # noqa: S101  (asked for above)
    handle, data = process.stdout.fileno(), b""
    while time.monotonic() < deadline:
        readable, _, _ = select.select([handle], [], [], 0.1)
        part = os.read(handle, 4096) if readable else b""
        if readable and not part:
            return 0
        data += part
        for line in data.split(b"\n")[:-1]:
            try:
                row = json.loads(line)
            except ValueError:
                continue
            if isinstance(row, dict) and row.get("ready") is True and isinstance(row.get("port"), int):
                return int(row["port"])
    return 0


def _talk(line: wires.Wires, port: int, seen: dict[str, Any]) -> None:
    for text in MESSAGES:
        body = json.dumps({"user": "runtime-1", "channel": "general", "text": text}).encode()
        status, answer = _ask(line, port, "POST", "/chat", body)
        seen["answers"].append({"text": text, "status": status, "body": answer[:_MOST]})
    probes = {"bad json": ("POST", "/chat", b"{not json"), "no user": ("POST", "/chat", b'{"text": "help"}')}
    probes |= {path: ("GET", path, b"") for path in ("/healthz", "/readyz", "/metrics")}
    for name, (method, path, data) in probes.items():
        status, answer = _ask(line, port, method, path, data)
        seen["probes"][name] = {"status": status, "body": answer[:2000]}


def _ask(line: wires.Wires, port: int, method: str, path: str, body: bytes) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.sock = line.connect(port)
        connection.sock.settimeout(10)
        connection.request(method, path, body or None, {"Content-Type": "application/json"})
        response = connection.getresponse()
        return response.status, response.read(1 << 20).decode("utf-8", "replace")
    except (OSError, http.client.HTTPException) as error:
        return 0, repr(error)[:200]
    finally:
        connection.close()


def _end(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    """Ask it to stop as a deployer does; how it ended and how long that took."""
    began = time.monotonic()
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        code: int | None = process.wait(timeout=15)
    except subprocess.TimeoutExpired:
        code = None
    return {"exit": code, "stop_seconds": round(time.monotonic() - began, 2)}


def _read_watch(watch: Path, seen: dict[str, Any]) -> None:
    """What the process tried: connections beyond loopback, programs it started, files that it may not write."""
    if not watch.is_file():
        seen["unwatched"] = True
        return
    for line in watch.read_bytes()[: 1 << 20].decode("utf-8", "replace").splitlines():
        event, _, shown = line.partition("\t")
        if event.startswith("socket.") and event != "socket.bind":
            if not any(part in shown for part in LOOPBACK):
                seen["reached"].append(line[:200])
        elif event == "open":
            seen["refused"].append(shown[:200])
        elif not event.startswith("socket."):
            seen["started"].append(line[:200])
    for name in ("reached", "started", "refused"):
        seen[name] = list(dict.fromkeys(seen[name]))[:20]
