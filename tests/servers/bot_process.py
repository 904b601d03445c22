"""A bot process to be scraped and talked to, without an event loop of the test's."""

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


class Bot:
    """A running `megawatts bot`."""

    def __init__(self, process: "subprocess.Popen[bytes]", port: int) -> None:
        self.process, self.port = process, port
        self.where = f"127.0.0.1:{port}"
        self.url = f"http://{self.where}"

    def say(self, text: str, user: str, wanted: str = "answered") -> str:
        """What became of one message, or another field of the answer to it."""
        body = json.dumps({"user": user, "channel": f"room-{user}", "text": text}).encode()
        request = urllib.request.Request(f"{self.url}/chat", body, {"content-type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return str(json.loads(answer.read()).get(wanted))
        except urllib.error.HTTPError as error:
            return f"refused {error.code}"

    def page(self) -> str:
        """Its metrics."""
        with urllib.request.urlopen(f"{self.url}/metrics", timeout=60) as answer:
            return str(answer.read().decode())

    def end(self) -> None:
        """At once."""
        self.process.kill()
        self.process.wait(60)


@contextmanager
def bot(home: Path, revision: str, *, port: int = 0, tree: Path = ROOT, **env: str) -> Iterator[Bot]:
    """Start one from that tree, and end it."""
    still = ["-B"] if tree == ROOT else []  # a tree of the test's own may keep what is compiled
    argv = [
        sys.executable,
        *still,
        "-m",
        "bot",
        "bot",
        "--home",
        str(home),
        "--revision",
        revision,
        "--port",
        str(port),
    ]
    given = {"PATH": os.environ["PATH"], **env}
    with (
        (home.parent / f"{home.name}.log").open("wb") as log,
        subprocess.Popen(argv, cwd=tree, env=given, stdout=subprocess.PIPE, stderr=log) as process,
    ):
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            assert line, (home.parent / f"{home.name}.log").read_text()[-2000:]
            yield Bot(process, json.loads(line)["port"])
        finally:
            process.kill()
