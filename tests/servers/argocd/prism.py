"""A proxy that checks every request and answer against Argo CD's own specification: `@stoplight/prism-cli`."""

import fcntl
import gzip
import hashlib
import json
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.servers.aimock.peer import TOOLS, Missing, node

HERE = Path(__file__).parent
SWAGGER = HERE.parents[3] / "shared" / "data" / "argocd-swagger.json.gz"
ABSENT = f"Argo CD's specification is not at {SWAGGER}"
PATHS = re.compile(
    r"/api/v1/(?:stream/)?applications(?:/\{application\.metadata\.name\}|/\{applicationName\}/resource-tree|"
    r"/\{name\}(?!/(?:pods|logs|manifests)).*)?|/api/v1/account/can-i/.*"
)


def installed() -> Path:
    """The program, installed if it is not there yet. Raises Missing where that cannot be done, such as offline."""
    lock = (HERE / "package-lock.json").read_bytes()
    folder = TOOLS / f"prism-argocd-{hashlib.sha256(lock).hexdigest()[:12]}"
    program = folder / "node_modules" / "@stoplight" / "prism-cli" / "dist" / "index.js"
    TOOLS.mkdir(exist_ok=True)
    with (TOOLS / "prism-argocd.lock").open("w") as file:
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
        raise Missing(f"prism cannot be installed ({error}): run these tests once with a network") from None


def specification() -> dict[str, Any]:
    """The part of the specification that is about applications, whole and as it is, and closed: an unknown field of a
    request's body is a violation."""
    whole = json.loads(gzip.decompress(SWAGGER.read_bytes()))
    found = {**whole, "paths": {path: row for path, row in whole["paths"].items() if PATHS.fullmatch(path)}}
    # Two paths that differ only in a parameter's name are one for the proxy, which would see but the first.
    put = found["paths"].pop("/api/v1/applications/{application.metadata.name}")["put"]
    for parameter in put["parameters"]:
        if parameter["in"] == "path":
            parameter["name"] = "name"
    found["paths"]["/api/v1/applications/{name}"]["put"] = put
    wanted = _needed(found["paths"], whole["definitions"])
    found["definitions"] = {name: whole["definitions"][name] for name in wanted}
    for row in found["definitions"].values():
        if "properties" in row and "allOf" not in row:
            row["additionalProperties"] = row.get("additionalProperties", False)
    return found


def _needed(start: Any, definitions: dict[str, Any]) -> set[str]:
    found: set[str] = set()
    todo = [start]
    while todo:
        names = set(re.findall(r'"#/definitions/([^"]+)"', json.dumps(todo.pop()))) - found
        found |= names
        todo += [definitions[name] for name in names]
    return found


@contextmanager
def proxy(upstream: str, folder: Path) -> Iterator[str]:
    """Its address, while it stands before a server. What violates the specification is answered with an error."""
    spec = folder / "argocd.json"
    spec.write_text(json.dumps(specification()))
    argv = [str(node()), str(installed()), "proxy", str(spec), upstream, "--errors", "-p", "0", "-h", "127.0.0.1"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={"PATH": ""}) as process:
        assert process.stdout is not None
        said: list[bytes] = []
        try:
            for line in process.stdout:
                said.append(line)
                if found := re.search(rb"listening on (http://[\d.]+:\d+)", line):
                    drain = threading.Thread(target=said.extend, args=(process.stdout,), daemon=True)
                    drain.start()
                    yield found[1].decode()
                    break
            else:
                raise Missing(f"prism did not start: {b''.join(said)[-500:]!r}")
        finally:
            process.terminate()
