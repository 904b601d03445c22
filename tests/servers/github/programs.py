"""The programs behind the peer: emulate, Prism and GitHub's schemas from npm, and git's own daemon."""

import fcntl
import hashlib
import json
import re
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.servers.aimock.peer import TOOLS, Missing, node

HERE = Path(__file__).parent
PATIENCE = 90.0


def installed() -> Path:
    """The folder with `node_modules`, installed if it is not there. Raises Missing where that cannot be done."""
    lock = (HERE / "package-lock.json").read_bytes()
    folder = TOOLS / f"github-{hashlib.sha256(lock).hexdigest()[:12]}"
    TOOLS.mkdir(exist_ok=True)
    with (TOOLS / "github.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if not (folder / "done").is_file():
            _install(folder)
    return folder


def _install(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, folder)
    npm = node().parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    argv = [str(node()), str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    try:
        subprocess.run(argv, check=True, cwd=folder, capture_output=True, timeout=300)
    except (OSError, subprocess.SubprocessError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise Missing(f"GitHub's peers cannot be installed ({error}): run these tests once with a network") from None
    generated = folder / "node_modules" / "@octokit" / "openapi" / "generated"
    for path in generated.glob("*.json"):  # four hundred megabytes of other editions
        if path.name != "api.github.com.json":
            path.unlink()
    (folder / "done").touch()


def schema() -> Path:
    """GitHub's public GraphQL schema."""
    return installed() / "node_modules" / "@octokit" / "graphql-schema" / "schema.graphql"


def openapi() -> Path:
    """GitHub's own description of its REST API."""
    return installed() / "node_modules" / "@octokit" / "openapi" / "generated" / "api.github.com.json"


@contextmanager
def started(argv: list[str], pattern: bytes, env: Mapping[str, str] | None = None) -> Iterator[str]:
    """Run a program until the end of the block; gives what its first line of this pattern names."""
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=dict(env or {})) as process:
        assert process.stdout is not None
        drain = None
        try:
            found, seen = None, b""
            until = time.monotonic() + PATIENCE
            while found is None and time.monotonic() < until and (line := process.stdout.readline()):
                seen += line
                found = re.search(pattern, line)
            if found is None:
                raise Missing(f"{argv[1]} did not start: {seen[-500:]!r}")
            drain = threading.Thread(target=process.stdout.read, daemon=True)
            drain.start()
            yield found[0].decode()
        finally:
            process.terminate()
            if drain is not None:
                drain.join(PATIENCE)


@contextmanager
def emulate(folder: Path, seed: Mapping[str, Any]) -> Iterator[str]:
    """emulate's GitHub; its address."""
    file = folder / "seed.json"
    file.write_text(json.dumps(seed))
    argv = [str(node()), str(HERE / "emulate.mjs"), str(installed()), str(file)]
    with started(argv, rb"http://[\d.]+:\d+", {"PATH": ""}) as url:
        yield url


def cut(folder: Path, paths: Collection[str]) -> Path:
    """GitHub's description of what may be asked of these paths: all of it takes Prism half a minute to read.

    What is answered is left out: it would judge our peers.
    """
    whole = json.loads(openapi().read_bytes())
    parts, whole = whole["components"], {key: whole[key] for key in ("openapi", "info", "servers", "paths")}
    whole["paths"] = {path: whole["paths"][path] for path in paths}
    for path in whole["paths"].values():
        for operation in (part for part in path.values() if isinstance(part, dict)):
            operation["responses"] = {"default": {"description": "any"}}
    used: set[tuple[str, str]] = set()
    left: list[Any] = [whole]
    kept: dict[str, dict[str, Any]] = {}
    while left:
        for kind, name in re.findall(r'"#/components/([^/"]+)/([^"]+)"', json.dumps(left.pop())):
            if (kind, name) not in used:
                used.add((kind, name))
                kept.setdefault(kind, {})[name] = parts[kind][name]
                left.append(parts[kind][name])
    file = folder / "github.json"
    file.write_text(json.dumps({**whole, "components": kept}))
    return file


@contextmanager
def prism(description: Path, upstream: str) -> Iterator[str]:
    """Prism in front of another server: it reports each request that the description does not allow."""
    program = installed() / "node_modules" / "@stoplight" / "prism-cli" / "dist" / "index.js"
    argv = [str(node()), str(program), "proxy", str(description), upstream, "-h", "127.0.0.1", "-p", str(free_port())]
    with started(argv, rb"http://127\.0\.0\.1:\d+", {"PATH": "", "HOME": "/nonexistent"}) as url:
        yield url


@contextmanager
def daemon(folder: Path) -> Iterator[str]:
    """git's own server for every repository below a folder; its address."""
    port = free_port()
    git = shutil.which("git")
    assert git is not None
    argv = [
        git, "-c", "safe.directory=*", "daemon", "--listen=127.0.0.1", f"--port={port}", "--reuseaddr",
        "--enable=receive-pack", "--export-all", "--verbose", f"--base-path={folder}", str(folder),
    ]  # fmt: skip
    env = {"PATH": f"{Path(git).parent}:/usr/bin:/bin", "GIT_CONFIG_GLOBAL": str(_config(folder))}
    with started(argv, rb"Ready to rumble", env):
        _reachable(port)
        yield f"git://127.0.0.1:{port}"


def _config(folder: Path) -> Path:
    path = folder / "gitconfig"
    path.write_text("[safe]\n\tdirectory = *\n[receive]\n\tautogc = false\n")
    return path


def _reachable(port: int) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
    raise Missing("git daemon did not start")


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
