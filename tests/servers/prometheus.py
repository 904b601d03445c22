"""Prometheus and Alertmanager as processes, from the system's packages."""

import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

PATIENCE = 60.0


class Missing(Exception):  # noqa: N818  (as the other servers' own)
    """The program is not installed here; the text says which package has it."""


def program(name: str, package: str) -> str:
    """Where a program is. Raises Missing."""
    found = shutil.which(name)
    if found is None:
        raise Missing(f"{name} is not installed: it is in the Debian package {package}")
    return found


def promtool() -> str:
    """The checker of configurations and rules."""
    return program("promtool", "prometheus")


def amtool() -> str:
    """The checker of Alertmanager's configuration."""
    return program("amtool", "prometheus-alertmanager")


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def until(holds: Callable[[], Any], what: str) -> Any:
    """Wait for a condition; what it gave."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with suppress(OSError, ValueError):
            if found := holds():
                return found
        time.sleep(0.05)  # between two looks at a condition
    raise AssertionError(f"not within {PATIENCE:g} s: {what}")


def get(url: str) -> Any:
    """JSON of an answer."""
    with urllib.request.urlopen(url, timeout=5) as answer:
        return json.loads(answer.read())


class Prometheus:
    """A running server whose targets may change. Targets are found by a file that it watches."""

    def __init__(self, url: str, targets: Path) -> None:
        self.url = url
        self._targets = targets

    def scrape(self, **jobs: str | list[str]) -> None:
        """Scrape these `host:port`, by job; replaces those of before."""
        rows = [
            {"targets": [where] if isinstance(where, str) else where, "labels": {"job": job}}
            for job, where in jobs.items()
        ]
        fresh = self._targets.with_suffix(".new")
        fresh.write_text(json.dumps(rows))
        fresh.replace(self._targets)

    def query(self, promql: str) -> list[dict[str, Any]]:
        """Rows of an instant query."""
        words = urllib.parse.urlencode({"query": promql})
        return list(get(f"{self.url}/api/v1/query?{words}")["data"]["result"])

    def scraped_anew(self, revision: str) -> None:
        """Wait until every process of a revision that is up was scraped once more after now."""
        since = time.time()
        query = f'min(timestamp(megawatts_build_info{{revision="{revision}"}}))'
        until(lambda: any(float(row["value"][1]) > since for row in self.query(query)), f"a scrape of {revision}")

    def firing(self) -> dict[str, dict[str, str]]:
        """Labels of alerts that fire, by name."""
        alerts = get(f"{self.url}/api/v1/alerts")["data"]["alerts"]
        return {one["labels"]["alertname"]: one["labels"] for one in alerts if one["state"] == "firing"}


@contextmanager
def prometheus(folder: Path, *, rules: str = "", alertmanager: str = "", interval: str = "1s") -> Iterator[Prometheus]:
    """A server that scrapes and evaluates at `interval`. `rules`: glob of rule files; `alertmanager`: host:port."""
    folder.mkdir(parents=True, exist_ok=True)
    targets = folder / "targets.json"
    targets.write_text("[]")
    config: dict[str, Any] = {
        "global": {"scrape_interval": interval, "scrape_timeout": interval, "evaluation_interval": interval},
        "scrape_configs": [{"job_name": "files", "file_sd_configs": [{"files": [str(targets)]}]}],
        "rule_files": [rules] if rules else [],
    }
    if alertmanager:
        config["alerting"] = {"alertmanagers": [{"static_configs": [{"targets": [alertmanager]}]}]}
    file = folder / "prometheus.yml"
    file.write_text(json.dumps(config))  # JSON is YAML
    port = free_port()
    argv = [
        program("prometheus", "prometheus"),
        f"--config.file={file}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=warn",
    ]
    with _running(argv, folder, f"http://127.0.0.1:{port}"):
        yield Prometheus(f"http://127.0.0.1:{port}", targets)


@contextmanager
def alertmanager(folder: Path, config: str) -> Iterator[str]:
    """An Alertmanager with this configuration; its `host:port`."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "alertmanager.yml"
    file.write_text(config)
    where = f"127.0.0.1:{free_port()}"
    argv = [
        program("prometheus-alertmanager", "prometheus-alertmanager"),
        f"--config.file={file}",
        f"--storage.path={folder / 'data'}",
        f"--web.listen-address={where}",
        "--cluster.listen-address=",
        "--log.level=warn",
    ]
    with _running(argv, folder, f"http://{where}"):
        yield where


@contextmanager
def _running(argv: list[str], folder: Path, url: str) -> Iterator[None]:
    env: Mapping[str, str] = {"PATH": "/usr/bin:/bin"}
    log = folder / "log"
    with log.open("wb") as out, subprocess.Popen(argv, stdout=out, stderr=out, env=env, cwd=folder) as process:
        try:
            until(lambda: _ready(process, log, url), f"{argv[0]} is ready")
            yield
        finally:
            process.terminate()


def _ready(process: "subprocess.Popen[bytes]", log: Path, url: str) -> bool:
    if process.poll() is not None:
        raise AssertionError(log.read_text()[-2000:])
    with urllib.request.urlopen(f"{url}/-/ready", timeout=2) as answer:
        return bool(answer.status == 200)
