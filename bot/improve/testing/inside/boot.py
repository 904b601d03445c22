"""Boots the bot of the working folder in the sandbox, talks to it, and says what it saw as one JSON object.

Runs as a program of its own. The bot's words are read over pipes and HTTP; they are data here.
"""

from __future__ import annotations

import http.client
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

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
    """Read the job (argv, seconds to be ready, environment) from standard input; print the observation."""
    job = json.loads(sys.stdin.buffer.read())
    seen: dict[str, Any] = {"ready": False, "answers": [], "probes": {}, "reached": [], "started": []}
    with tempfile.TemporaryDirectory() as folder:
        watch = Path(folder, "watch")
        environment = dict(job["env"], MEGAWATTS_WATCH=str(watch), PYTHONPATH=job["hooks"], HOME=folder)
        argv = [word.replace("{home}", str(Path(folder, "home"))) for word in job["argv"]]
        began = time.monotonic()
        with Path(folder, "log").open("wb") as log:
            process = subprocess.Popen(
                argv, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log
            )
        try:
            port = _ready(process, began + job["ready_within"])
            seen.update(ready=port > 0, ready_seconds=round(time.monotonic() - began, 2))
            if port:
                _talk(port, seen)
                seen.update(_measure(process.pid), listening=_listening(), port=port)
            seen.update(_end(process))
        finally:
            process.kill()
            process.wait()
        seen["log"] = Path(folder, "log").read_bytes()[-1500:].decode("utf-8", "replace")
        _read_watch(watch, seen)
    sys.stdout.write(json.dumps(seen))
    return 0


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


def _talk(port: int, seen: dict[str, Any]) -> None:
    for text in MESSAGES:
        body = json.dumps({"user": "runtime-1", "channel": "general", "text": text}).encode()
        status, answer = _ask(port, "POST", "/chat", body)
        seen["answers"].append({"text": text, "status": status, "body": answer[:_MOST]})
    probes = {"bad json": ("POST", "/chat", b"{not json"), "no user": ("POST", "/chat", b'{"text": "help"}')}
    probes |= {path: ("GET", path, b"") for path in ("/healthz", "/readyz", "/metrics")}
    for name, (method, path, data) in probes.items():
        status, answer = _ask(port, method, path, data)
        seen["probes"][name] = {"status": status, "body": answer[:2000]}


def _ask(port: int, method: str, path: str, body: bytes) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path, body or None, {"Content-Type": "application/json"})
        response = connection.getresponse()
        return response.status, response.read(1 << 20).decode("utf-8", "replace")
    except (OSError, http.client.HTTPException) as error:
        return 0, repr(error)[:200]
    finally:
        connection.close()


def _measure(pid: int) -> dict[str, Any]:
    rows = Path(f"/proc/{pid}/status").read_text().splitlines()
    sizes = {row.split(":")[0]: row.split()[1] for row in rows if row.startswith(("VmHWM", "VmRSS"))}
    return {"peak_mb": round(int(sizes.get("VmHWM", "0")) / 1024, 1), "rss_mb": int(sizes.get("VmRSS", "0")) // 1024}


def _listening() -> list[int]:
    """Ports that anything in this network namespace listens on."""
    ports = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        place = Path(table)
        for row in place.read_text().splitlines()[1:] if place.exists() else []:
            fields = row.split()
            if fields[3] == "0A":
                ports.add(int(fields[1].rsplit(":", 1)[1], 16))
    return sorted(ports)


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
    """What the process tried: connections beyond loopback, programs it started."""
    if not watch.is_file():
        seen["unwatched"] = True
        return
    for line in watch.read_bytes()[: 1 << 20].decode("utf-8", "replace").splitlines():
        event, _, shown = line.partition("\t")
        if event.startswith("socket.") and event != "socket.bind":
            if not any(part in shown for part in LOOPBACK):
                seen["reached"].append(line[:200])
        elif not event.startswith("socket."):
            seen["started"].append(line[:200])
    seen["reached"], seen["started"] = seen["reached"][:20], seen["started"][:20]


if __name__ == "__main__":
    sys.path.pop(0)
    sys.exit(main())
