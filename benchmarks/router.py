"""Processor time of a model call through our router, beside bare pydantic-ai, the bare SDK and litellm's Router."""

import contextlib
import hashlib
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks._report import ROOT, write
from benchmarks._router_stub import WORDS

ROUNDS, CALLS, STREAMS = 15, 40, 10
MODES = {"plain": CALLS, "few": STREAMS, "many": STREAMS}
TARGET = 1.15
NAMES = {
    "sdk": "bare openai SDK",
    "direct": "pydantic-ai's model layer without its agent",
    "pydantic": "bare pydantic-ai `Agent.run`",
    "router": "our router",
    "litellm": "litellm `Router`",
}
LOCK = Path(__file__).with_name("router.lock")
Figures = dict[str, dict[str, list[dict[str, float]]]]
"""By contestant and mode: one row of figures a round."""


def environment() -> Path:
    """The Python of litellm's own environment below .tools, made from router.lock if it is not there."""
    lock = LOCK.read_bytes()
    folder = ROOT / ".tools" / f"router-{hashlib.sha256(lock).hexdigest()[:12]}"
    python = folder / "bin" / "python"
    if not (folder / "ready").exists():
        uv = next((ROOT / ".tools").glob("uv-*/bin/uv"))
        subprocess.run([uv, "venv", "--quiet", "--allow-existing", "--python", sys.executable, folder], check=True)
        argv = [uv, "pip", "sync", "--quiet", "--python", python, "--require-hashes", "--compile-bytecode", LOCK]
        subprocess.run(argv, check=True)
        (folder / "ready").touch()
    return python


@contextmanager
def stub() -> Iterator[str]:
    """The server that all ask."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
    argv = [sys.executable, "-m", "benchmarks._router_stub", str(port)]
    with subprocess.Popen(argv, cwd=ROOT) as process:
        try:
            until = time.monotonic() + 20
            while time.monotonic() < until:
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                    break
                time.sleep(0.05)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


class Child:
    """A contestant's process."""

    def __init__(self, name: str, python: str | Path, url: str, folder: str) -> None:
        argv = [python, ROOT / "benchmarks" / "_router_child.py", name, url, folder]
        env = {
            "PATH": os.environ["PATH"],
            "HOME": folder,
            "PYTHONPATH": str(ROOT),
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        }
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(argv, stdin=pipe, stdout=pipe, cwd=folder, env=env, text=True)

    def run(self, mode: str, count: int) -> dict[str, float]:
        """One batch."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{mode} {count}\n")
        self._process.stdin.flush()
        return dict(json.loads(self._process.stdout.readline()))

    def close(self) -> None:
        """End it."""
        with self._process as process:
            process.terminate()


def measure(rounds: int) -> Figures:
    """All contestants and modes in turns, beginning with another one each round."""
    figures: Figures = {name: {mode: [] for mode in MODES} for name in NAMES}
    with ExitStack() as stack:
        url = stack.enter_context(stub())
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        pythons = {name: environment() if name == "litellm" else Path(sys.executable) for name in NAMES}
        children = {name: Child(name, pythons[name], url, folder) for name in NAMES}
        for child in children.values():
            stack.callback(child.close)
            for mode in MODES:
                child.run(mode, 10)
        order = list(NAMES)
        for number in range(rounds):
            for name in order[number % len(order) :] + order[: number % len(order)]:
                for mode, count in MODES.items():
                    figures[name][mode].append(children[name].run(mode, count))
    return figures


def spread(values: list[float], digits: int = 2) -> str:
    """Median and quartiles."""
    low, _middle, high = statistics.quantiles(values, n=4)
    return f"{statistics.median(values):.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def column(figures: Figures, name: str, mode: str, what: str) -> list[float]:
    """One figure of all rounds, in milliseconds."""
    return [row[what] * 1e3 for row in figures[name][mode]]


def per_chunk(figures: Figures, name: str) -> list[float]:
    """Milliseconds of processor for one chunk more: long streams less short ones."""
    more = WORDS["many"] - WORDS["few"]
    pairs = zip(column(figures, name, "many", "cpu"), column(figures, name, "few", "cpu"), strict=True)
    return [(many - few) / more for many, few in pairs]


def table(figures: Figures) -> str:
    """One row a contestant."""
    titles = ("ms CPU a call", "ms to the answer", "ms CPU a stream of 10", "ms to first text", "ms CPU a chunk", "MB")
    head = f"| contestant | {' | '.join(titles)} |"
    rows = [head, "|---|---|---|---|---|---|---|"]
    for name, told in NAMES.items():
        cells = [
            spread(column(figures, name, "plain", "cpu")),
            spread(column(figures, name, "plain", "wall")),
            spread(column(figures, name, "few", "cpu")),
            spread(column(figures, name, "few", "first")),
            spread(per_chunk(figures, name), 3),
            f"{figures[name]['many'][-1]['megabytes']:.0f}",
        ]
        rows.append(f"| {told} | {' | '.join(cells)} |")
    return "\n".join(rows)


def main(argv: list[str]) -> None:
    """Measure, print, write to docs/benchmarks.md. An argument gives the number of rounds."""
    rounds = int(argv[0]) if argv else ROUNDS
    figures = measure(rounds)
    middle = {name: statistics.median(column(figures, name, "plain", "cpu")) for name in NAMES}
    ratio = middle["router"] / middle["pydantic"]
    met = "met" if ratio <= TARGET and middle["router"] <= middle["litellm"] else "not met"
    body = "\n".join(
        [
            "A model call on a stub server on the loopback: processor time of the caller's process alone.",
            f"Each has a process of its own; {rounds} rounds in turns of {CALLS} calls and {STREAMS} streams; median",
            "(quartiles). litellm runs in an environment of its own (`benchmarks/router.lock`). Our router runs as in",
            "the product: records in SQLite on disk, budgets of three payers, breaker, hedge, accounts, spotlight, the",
            "tool loop; no cache. It builds on pydantic-ai's model layer, not on its agent: that makes the difference.",
            "",
            f"Targets: at most {TARGET} times the bare pydantic-ai run ({ratio:.2f}), and not above litellm's Router",
            f"({middle['router']:.2f} against {middle['litellm']:.2f} ms): {met}. Load: {os.getloadavg()[0]:.1f}.",
            "",
            table(figures),
        ]
    )
    print(body)
    write("router", body)


if __name__ == "__main__":
    main(sys.argv[1:])
