"""The compose file, started: stores, monitoring and the bot, without the services whose images are not asked for here.

Only where MEGAWATTS_IMAGE_CHECK=1 asks for it (scripts/image-check). Qdrant, Grafana, Loki, Tempo, Fluent Bit and MinIO
are left out: nothing stands in for them where no registry answers.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.engine import ROOT, docker, image, lacking, until

PARTS = ("postgres", "redis", "prometheus", "alertmanager")
OVERRIDE = """
services:
  bot:
    environment:
      VECTOR_DB_TYPE: !reset null
      VECTOR_DB_ENDPOINT: !reset null
      OTEL_EXPORTER_OTLP_ENDPOINT: !reset null
    ports: !override []
  prometheus:
    ports: !override []
"""
"""What is not started is not named to the bot; ports of a machine may be taken."""
PYTHON = "/opt/megawatts/.venv/bin/python"
TAKE = """
import asyncio
from bot.app import settings, stores
async def main():
    limiter = stores.open_limiter(settings.load())
    taken = [await limiter.take("a check of the image", burst=2, per_minute=1) for _ in range(2)]
    await limiter.close()
    print([one == 0 for one in taken])
asyncio.run(main())
"""
"""Two of the two that a minute allows, by the product's own limiter with the container's own settings."""


@cache
def tool() -> tuple[str, ...]:
    """Compose, as docker's plugin or as a program of its own; () where neither is there, or it is too old."""
    for words in (("docker", "compose"), ("docker-compose",)):
        if shutil.which(words[0]):
            argv = [*words, "version", "--short"]
            told = subprocess.run(argv, capture_output=True, text=True, check=False).stdout.strip().lstrip("v")
            if told and tuple(map(int, told.split(".")[:2])) >= (2, 24):
                return words
    return ()


def missing() -> str:
    return lacking() or ("" if tool() else "there is no compose 2.24 or newer")


pytestmark = [pytest.mark.integration, pytest.mark.skipif(bool(missing()), reason=missing() or "runs")]


class Stack:
    """The services in a project of their own, from a copy of the folder."""

    def __init__(self, top: Path) -> None:
        shutil.copytree(ROOT / "deploy", top / "deploy", ignore=shutil.ignore_patterns("secrets"))
        shutil.copytree(ROOT / "charts" / "megawatts" / "files", top / "charts" / "megawatts" / "files")
        self.folder = top / "deploy" / "compose"
        (self.folder / "override.yaml").write_text(OVERRIDE)
        subprocess.run([self.folder / "secrets.sh"], check=True, capture_output=True)
        self.env = {**os.environ, "MEGAWATTS_REVISION": image("bot").partition(":")[2]}

    def __call__(self, *words: str, code: int | None = 0, text: str | None = None) -> str:
        files = ("--file", "compose.yaml", "--file", "override.yaml", "--project-name", "megawatts-check")
        done = subprocess.run(
            [*tool(), *files, *words], cwd=self.folder, env=self.env, input=text, capture_output=True, text=True,
            timeout=300, check=False,
        )  # fmt: skip
        assert code is None or done.returncode == code, f"{words}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
        return done.stdout.strip()

    def run(self, service: str, *words: str, text: str | None = None) -> str:
        return self("exec", "--no-TTY", service, *words, text=text)

    def prometheus(self, path: str) -> Any:
        return json.loads(self.run("prometheus", "wget", "-qO-", f"http://127.0.0.1:9090/api/v1/{path}"))["data"]

    def rows(self, sql: str) -> str:
        return self.run("postgres", "psql", "--username=megawatts", "--tuples-only", "--no-align", f"--command={sql}")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    made = Stack(tmp_path_factory.mktemp("compose"))
    try:
        made("up", "--detach", "--no-build", "--wait", "--wait-timeout", "120", *PARTS)
        made("up", "--detach", "--no-build", "--no-deps", "--wait", "--wait-timeout", "120", "bot")
        yield made
    finally:
        made("down", "--volumes", "--remove-orphans", "--timeout", "10", code=None)


def test_every_service_that_was_started_is_healthy_and_closed(stack: Stack) -> None:
    found = {one["Service"]: one for one in map(json.loads, stack("ps", "--format", "json").splitlines())}
    assert found.keys() == {"bot", *PARTS}
    assert {one["Health"] for one in found.values()} == {"healthy"}
    asked = ["docker", "inspect", *(one["Name"] for one in found.values())]
    for one in json.loads(subprocess.run(asked, capture_output=True, check=True).stdout):
        assert one["HostConfig"]["ReadonlyRootfs"], one["Name"]
        assert one["HostConfig"]["CapDrop"] == ["ALL"]
        assert one["HostConfig"]["Memory"] > 0


def test_the_bot_writes_into_postgresql(stack: Stack) -> None:
    assert stack.rows("select count(*) from alembic_version") == "1"
    before = int(stack.rows("select count(*) from audit_entries"))
    stack.run("bot", "megawatts", "stop", "a check of the image")
    stack.run("bot", "megawatts", "resume")
    assert int(stack.rows("select count(*) from audit_entries")) >= before + 2
    assert "chain whole" in stack.run("bot", "megawatts", "audit", "verify")


def test_what_one_process_took_of_a_rate_limit_is_gone_for_another(stack: Stack) -> None:
    assert stack.run("bot", PYTHON, "-", text=TAKE) == "[True, True]"
    assert stack.run("bot", PYTHON, "-", text=TAKE) == "[False, False]", "it is counted in Redis"
    assert "NOAUTH" in stack.run("redis", "redis-cli", "KEYS", "*"), "nobody is let in without the password"


def test_prometheus_scrapes_the_bot_and_takes_every_rule(stack: Stack) -> None:
    revision = stack.env["MEGAWATTS_REVISION"]
    until(
        lambda: bool(stack.prometheus(f'query?query=megawatts_build_info{{revision="{revision}"}}')["result"]),
        "figures",
    )
    targets = {one["labels"]["job"]: one["health"] for one in stack.prometheus("targets")["activeTargets"]}
    assert targets["bot"] == "up"
    groups = stack.prometheus("rules")["groups"]
    wanted = sum(path.read_text().count("- alert:") for path in (ROOT / "charts/megawatts/files/rules").glob("*.yaml"))
    rules = [rule for group in groups for rule in group["rules"]]
    assert len([rule for rule in rules if rule["type"] == "alerting"]) == wanted > 10
    until(
        lambda: {r["health"] for g in stack.prometheus("rules")["groups"] for r in g["rules"]} == {"ok"}, "every rule"
    )
    assert stack.prometheus("alertmanagers")["activeAlertmanagers"]


def test_stores_have_no_way_out_and_the_bot_has(stack: Stack) -> None:
    """By what the engine says of its networks: an internal one may have a default route, and forwards nothing."""
    names = [f"megawatts-check_{name}" for name in ("stores", "front", "watch")]
    told = json.loads(docker("network", "inspect", *names))
    assert [one["Internal"] for one in told] == [True, False, False]
    inside = {one["Name"].split("-")[2] for one in told[0]["Containers"].values()}
    assert inside == {"postgres", "redis", "bot"}
    assert {one["Name"].split("-")[2] for one in told[1]["Containers"].values()} == {"bot"}


def test_the_bot_ends_by_itself(stack: Stack) -> None:
    stack("stop", "bot")
    (one,) = map(json.loads, stack("ps", "--all", "--format", "json", "bot").splitlines())
    assert (one["State"], one["ExitCode"]) == ("exited", 0)
