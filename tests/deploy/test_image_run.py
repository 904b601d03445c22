"""The images as an engine builds and runs them: what is in them, how they are closed, live, are asked and end.

Only where MEGAWATTS_IMAGE_CHECK=1 asks for it (scripts/image-check): a build takes minutes.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.deploy.engine import COMMIT, ROOT, container, docker, image, lacking, limits, once, state, until

pytestmark = [pytest.mark.integration, pytest.mark.skipif(bool(lacking()), reason=lacking() or "runs")]
BOTH = ("bot", "controller")
PYTHON = "/opt/megawatts/.venv/bin/python"
GET = """
import sys, urllib.request as r
print(r.urlopen("http://127.0.0.1:8080" + sys.argv[1], timeout=5).read().decode())
"""
PEAK = """
from pathlib import Path
names = ("memory.peak", "memory/memory.max_usage_in_bytes")
print(next(p.read_text() for p in (Path("/sys/fs/cgroup", n) for n in names) if p.exists()))
"""
MEMBERS = """
import asyncio, aiohttp, collections
async def main():
    codes, gate = collections.Counter(), asyncio.Semaphore(20)
    async with aiohttp.ClientSession() as session:
        async def say(user, text):
            body = {"user": f"u{user}", "channel": f"c{user % 50}", "text": text}
            async with gate, session.post("http://127.0.0.1:8080/chat", json=body) as answer:
                await answer.read()
                codes[answer.status] += 1
        await asyncio.gather(*(say(user, "roll 2d6") for user in range(1000)))
    print(dict(codes))
asyncio.run(main())
"""
LEFT = """
import os, pathlib, stat, sys
for top, folders, files in os.walk("/"):
    folders[:] = [f for f in folders if os.path.join(top, f) not in ("/proc", "/sys", "/dev")]
    for path in (pathlib.Path(top, name) for name in [*folders, *files]):
        if path.is_symlink():
            continue
        mode = path.lstat().st_mode
        if stat.S_ISREG(mode) and mode & 0o6000:
            print("setuid", path)
        if os.access(path, os.W_OK):
            print("writable", path)
"""


def settings(name: str) -> Any:
    return json.loads(docker("inspect", "--format", "{{json .Config}}", image(name)))


@pytest.mark.parametrize("name", BOTH)
def test_an_image_says_whose_commit_it_is_and_who_runs_in_it(name: str) -> None:
    told = settings(name)
    assert told["User"] == "1000:1000"
    assert told["Labels"]["org.opencontainers.image.revision"] == COMMIT
    assert f"MEGAWATTS_REVISION={COMMIT}" in told["Env"]
    assert not [one for one in told["Env"] if re.search("TOKEN|SECRET|PASSWORD|AUTHORITIES", one)]
    said = docker("history", "--no-trunc", "--format", "{{.CreatedBy}}", image(name))
    assert "/venv /opt/megawatts/.venv" in said


@pytest.mark.parametrize("name", BOTH)
def test_nothing_in_it_can_be_written_or_makes_another_of_who_runs_it(name: str) -> None:
    found = once(name, f"--entrypoint={PYTHON}", command=("-c", LEFT)).splitlines()
    assert not [line for line in found if line.startswith("setuid")]
    expected = {"/tmp", "/var/tmp", "/var/lib/megawatts", "/run/lock", "/opt/megawatts/.venv/bin/python"}
    assert {line.split()[1] for line in found if line.startswith("writable")} <= expected


@pytest.mark.parametrize("name", BOTH)
def test_nothing_of_the_build_is_left(name: str) -> None:
    for tool in ("pip", "pip3", "uv", "gcc", "cc", "make", "curl", "wget", *(("git",) if name == "bot" else ())):
        assert once(name, "--entrypoint=sh", command=("-c", f"command -v {tool}"), code=None) == "", tool
    listed = once(name, "--entrypoint=sh", command=("-c", "ls -d /run/secrets /etc/pip.conf /src 2>/dev/null || true"))
    assert listed == ""
    assert "No module named pip" in once(name, "--entrypoint=python3", command=("-m", "pip"), code=1)


@pytest.fixture(scope="module")
def bot() -> Iterator[str]:
    """Closed and bounded as in the chart, but that it listens on loopback: members are let in nowhere else."""
    command = ("bot", "--port", "8080")
    with container("bot", *limits("bot"), "--health-interval=2s", command=command) as one:
        until(lambda: '"ready": true' in docker("logs", one), "the ready line")
        yield one


def asked(one: str, path: str) -> str:
    return docker("exec", one, PYTHON, "-c", GET, path)


def test_the_bot_says_its_commit_to_probes_and_scrapes(bot: str) -> None:
    assert json.loads(asked(bot, "/healthz")) == {"status": "alive", "revision": COMMIT}
    assert json.loads(asked(bot, "/readyz"))["status"] == "ready"
    assert f'megawatts_build_info{{revision="{COMMIT}"' in asked(bot, "/metrics")


def test_it_holds_no_capability_and_the_root_cannot_be_written(bot: str) -> None:
    status = dict(line.split(":\t") for line in docker("exec", bot, "cat", "/proc/1/status").splitlines())
    assert {status[f"Cap{kind}"].strip("0") for kind in ("Inh", "Prm", "Eff", "Bnd", "Amb")} == {""}
    assert (status["NoNewPrivs"], status["Seccomp"], status["Uid"].split()) == ("1", "2", ["1000"] * 4)
    for place in ("/x", "/opt/megawatts/bot/x", "/usr/bin/x"):
        assert "Read-only" in docker("exec", bot, "touch", place, code=1)


def test_a_thousand_members_fit_into_the_charts_limit(bot: str) -> None:
    heard = docker("exec", "--interactive", bot, PYTHON, "-", text=MEMBERS, patience=300)
    assert heard == "{200: 1000}"
    peak = int(docker("exec", bot, PYTHON, "-c", PEAK))
    print(f"peak {peak / 2**20:.0f} MiB of {limits('bot')[0]}, the asking process included")  # noqa: T201
    assert 20 * 2**20 < peak < 384 * 2**20
    assert not state(bot)["OOMKilled"]


def test_its_check_of_health_sees_it_hang_and_come_back(bot: str) -> None:
    until(lambda: state(bot)["Health"]["Status"] == "healthy", "healthy")
    docker("kill", "--signal=STOP", bot)
    try:
        until(lambda: state(bot)["Health"]["Status"] == "unhealthy", "unhealthy")
    finally:
        docker("kill", "--signal=CONT", bot)
    until(lambda: state(bot)["Health"]["Status"] == "healthy", "healthy again")


def test_it_ends_by_itself_when_told_to() -> None:
    with container("bot") as one:
        until(lambda: '"ready": true' in docker("logs", one), "the ready line")
        docker("stop", "--time=30", one)
        assert state(one)["ExitCode"] == 0, "137 is the engine's patience at its end"
        assert '"event": "stopped"' in docker("logs", one)


def test_too_little_memory_ends_it_and_the_engine_says_why() -> None:
    with container("bot", "--memory=24m", "--memory-swap=24m") as one:
        until(lambda: state(one)["Status"] == "exited", "the end")
        assert (state(one)["ExitCode"], state(one)["OOMKilled"]) == (137, True)


PROFILE = f"--security-opt=seccomp={ROOT / 'deploy/seccomp/megawatts-sandbox.json'}"
UNMASKED = "--security-opt=systempaths=unconfined"


@pytest.mark.parametrize(
    ("options", "box", "said"),
    [
        ((), "landlock", "start the controller's image with --security-opt systempaths=unconfined and seccomp="),
        ((PROFILE,), "landlock", "--security-opt systempaths=unconfined"),
        ((PROFILE, UNMASKED), "bubblewrap", "this container: bubblewrap holds"),
    ],
    ids=["as delivered", "with the profile", "with the profile and /proc"],
)
def test_the_controllers_sandbox_is_what_the_guide_says(options: tuple[str, ...], box: str, said: str) -> None:
    home = ("--volume=/var/lib/megawatts", "--volume=/tmp", "--pids-limit=1024")
    told = once("controller", *limits("controller"), *home, *options, command=("doctor", "--json"))
    found = {one["name"]: one["because"] for one in json.loads(told)["children"]}
    assert found["sandbox"].startswith(box)
    assert said in found["sandbox host"]
