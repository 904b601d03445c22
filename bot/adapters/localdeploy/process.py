"""One bot process: start it from a tree, wait until it is ready, adopt it after a restart, end it."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from bot.adapters.crash import point
from bot.adapters.localdeploy.state import Instance
from bot.core.errors import Unavailable
from bot.core.ids import Sha

KEPT = ("PATH", "LANG", "LC_ALL", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR")
"""All that a bot process inherits: whatever else the deployer's environment holds is not its business."""


MARK = "MEGAWATTS_DEPLOYED_FROM"
"""In the environment of every bot that a deployer started: the folder of that deployer."""


def deployed() -> bool:
    """Whether a deployer started this process: then another version may run beside it."""
    return MARK in os.environ


def deployer() -> Path | None:
    """The folder of the deployer that started this process; None if none did."""
    folder = os.environ.get(MARK)
    return Path(folder) if folder else None


class BotFailed(Unavailable):
    """The bot itself did not come up: it ended, or was not ready in time."""


@dataclass(frozen=True, slots=True)
class Launch:
    """How a bot is started: `argv` after the interpreter, whose it is, and where its log goes."""

    argv: Sequence[str]
    owner: Path
    """The deployer's folder: by it the next deployer knows its bots, also those it was never told about."""
    log: Path
    ready_within: float = 30.0
    extra: Mapping[str, str] | None = None


async def start(tree: Path, sha: Sha, launch: Launch) -> Instance:
    """Start a bot from that tree and wait for its ready line. Raises BotFailed with the end of its log."""
    environment = {name: os.environ[name] for name in KEPT if name in os.environ} | dict(launch.extra or {})
    environment |= {"PYTHONDONTWRITEBYTECODE": "1", MARK: str(launch.owner.absolute())}
    launch.log.parent.mkdir(parents=True, exist_ok=True)
    said = launch.log.with_suffix(".ready")
    # Files, not pipes: the bot outlives a deployer that is killed, and the next one adopts it.
    with launch.log.open("ab") as log, said.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, *launch.argv],
            cwd=tree,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=log,
            start_new_session=True,
        )
    point("deploy.started")
    instance = await _wait_until_ready(process, sha, said, launch.ready_within)
    if instance is not None and await answers(instance):
        return instance
    code = process.poll()
    because = "not ready in time" if code is None else f"it ended with code {code} before it was ready"
    _kill(process.pid)
    process.wait()
    raise BotFailed("the bot", f"{because}; log ends: {_tail(launch.log)}")


async def _wait_until_ready(process: subprocess.Popen[bytes], sha: Sha, said: Path, within: float) -> Instance | None:
    deadline = time.monotonic() + within
    while time.monotonic() < deadline and process.poll() is None:
        for line in said.read_bytes().splitlines():
            port = _ready_port(line)
            if port:
                return Instance(sha, process.pid, port, time.time())
        await asyncio.sleep(0.05)
    return None


def _ready_port(line: bytes) -> int:
    try:
        row = json.loads(line)
    except ValueError:
        return 0
    return int(row["port"]) if isinstance(row, dict) and row.get("ready") is True else 0


def _tail(log: Path, size: int = 600) -> str:
    try:
        text = log.read_bytes()[-size:].decode(errors="replace")
    except OSError:
        return "(no log)"
    return " ".join(text.split())


async def answers(instance: Instance, within: float = 3.0) -> bool:
    """Whether that process is up, ready, and runs the commit that it should."""
    url = f"http://127.0.0.1:{instance.port}"
    try:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=within)) as session:
            async with session.get(f"{url}/readyz") as ready:
                if ready.status != 200:
                    return False
            async with session.get(f"{url}/health") as health:
                body = await health.json()
                return str(body.get("revision", "")) == instance.sha
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
        return False


def can_write(folder: Path) -> bool:
    """Whether this machine could have started anything: logs and records need room."""
    probe = folder / ".probe"
    try:
        with probe.open("wb") as file:
            file.write(bytes(65536))
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        return False
    finally:
        with suppress(OSError):
            probe.unlink(missing_ok=True)
    return True


def alive(pid: int) -> bool:
    """Whether a process of that id runs (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (OSError, IndexError):
        return False


def marked(owner: Path) -> frozenset[int]:
    """Processes that a deployer of this folder started and that still run, whoever is their parent now."""
    mark = f"{MARK}={owner.absolute()}".encode()
    return frozenset(pid for pid in _pids() if mark in _environment(pid) and _leads(pid))


def _pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _environment(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:  # it ended, or is another user's
        return []


def _leads(pid: int) -> bool:
    try:
        return os.getpgid(pid) == pid
    except ProcessLookupError:
        return False


def _kill(pid: int, how: signal.Signals = signal.SIGKILL) -> None:
    try:
        os.killpg(pid, how)
    except (ProcessLookupError, PermissionError):
        return


async def end(instance: Instance, within: float = 5.0) -> None:
    """Ask it to drain and stop; kill it after `within` seconds."""
    _kill(instance.pid, signal.SIGTERM)
    deadline = time.monotonic() + within
    while _running(instance.pid) and time.monotonic() < deadline:  # noqa: ASYNC110  (nobody signals its end)
        await asyncio.sleep(0.05)
    if _running(instance.pid):
        _kill(instance.pid)


def _running(pid: int) -> bool:
    with suppress(ChildProcessError):  # not our child when it was adopted
        os.waitpid(pid, os.WNOHANG)
    return alive(pid)
