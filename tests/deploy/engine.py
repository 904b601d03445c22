"""A container engine with Docker's words: builds of our images, and containers that are gone afterwards."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
ASKED = "MEGAWATTS_IMAGE_CHECK"
AUTHORITIES = "MEGAWATTS_BUILD_AUTHORITIES"
"""A file of authorities that the build trusts in the place of the system's."""
COMMIT = "0123456789abcdef0123456789abcdef01234567"
CLOSED = ("--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--user=1000:1000")
"""What the chart and the compose file give every pod."""
PATIENCE = 90.0


def lacking() -> str:
    """Why no image is built and run here; '' if it is."""
    if os.environ.get(ASKED) != "1":
        return f"a build takes minutes: scripts/image-check does it ({ASKED}=1)"
    if shutil.which("docker") is None:
        return "there is no docker (Debian: docker.io)"
    found = subprocess.run(["docker", "version"], capture_output=True, check=False, timeout=30)
    return "" if found.returncode == 0 else "no engine answers docker: start dockerd"


def docker(*words: str, text: str | None = None, code: int | None = 0, patience: float = 60) -> str:
    """What docker says, errors included. Raises AssertionError if it ends with another code than `code`."""
    env = {**os.environ, "DOCKER_BUILDKIT": "1"}
    done = subprocess.run(
        ["docker", *words], input=text, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        timeout=patience, check=False,
    )  # fmt: skip
    assert code is None or done.returncode == code, f"docker {words[0]} ended with {done.returncode}: {done.stdout}"
    return done.stdout.strip()


@cache
def image(target: str) -> str:
    """The name of the image of that target, built from this tree; unchanged steps come from the engine's cache."""
    name = f"megawatts-{target}:check"
    trusted = os.environ.get(AUTHORITIES)
    secret = [f"--secret=id=authorities,src={trusted}"] if trusted else []
    docker(
        "build", "--quiet", "--file", str(ROOT / "deploy/docker/Dockerfile"), "--target", target, *secret,
        "--build-arg", f"COMMIT={COMMIT}", "--tag", name, str(ROOT), patience=1800,
    )  # fmt: skip
    return name


def limits(component: str) -> tuple[str, ...]:
    """The chart's limits of `bot` or `controller`, in the engine's words; no swap besides."""
    values = yaml.safe_load((ROOT / "charts/megawatts/values.yaml").read_text())
    told = values[component]["resources"]["limits"]
    memory = told["memory"].removesuffix("i").lower()
    cpu = str(told["cpu"])
    cores = int(cpu.removesuffix("m")) / 1000 if cpu.endswith("m") else float(cpu)
    return (f"--memory={memory}", f"--memory-swap={memory}", f"--cpus={cores}")


@contextmanager
def container(target: str, *options: str, command: tuple[str, ...] = ()) -> Iterator[str]:
    """The id of a container that runs closed as in the chart; it and its volumes are gone afterwards."""
    home = ("--volume=/var/lib/megawatts", "--tmpfs=/tmp:size=64m,mode=1777", "--pids-limit=256")
    one = docker("run", "--detach", *CLOSED, *home, *options, image(target), *command)
    try:
        yield one
    finally:
        docker("rm", "--force", "--volumes", one)


def once(target: str, *options: str, command: tuple[str, ...], code: int | None = 0) -> str:
    """What a command says in a container of its own."""
    return docker("run", "--rm", *CLOSED, *options, image(target), *command, code=code, patience=180)


def state(one: str) -> Any:
    """`State` of `docker inspect`."""
    return json.loads(docker("inspect", "--format", "{{json .State}}", one))


def until(holds: Callable[[], bool], what: str) -> None:
    """Wait for it. Raises AssertionError with `what` after PATIENCE seconds."""
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, f"{what} not within {PATIENCE:.0f} s"
        time.sleep(0.2)
