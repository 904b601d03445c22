"""Start-up time and idle memory of the bot process, beside a process that only imports its web library."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks._report import ROOT, write

RUNS = 7
SECONDS, MEGABYTES = 1.5, 80.0
SETTLE = 2.0
"""Seconds after readiness at which memory is read: the process is idle by then."""
REFERENCE = "import aiohttp.web, sys; sys.stdout.write('{}\\n'); sys.stdout.flush(); sys.stdin.read()"


@dataclass(frozen=True, slots=True)
class Run:
    """One start: seconds to the ready line, processor seconds until then, resident megabytes when idle."""

    seconds: float
    cpu: float
    megabytes: float


def start(argv: list[str], settle: float) -> Run:
    """Start a program, wait for its first line, let it settle, read its memory, end it."""
    began = time.perf_counter()
    pipe = subprocess.PIPE
    with subprocess.Popen(argv, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        seconds = time.perf_counter() - began
        try:
            json.loads(line)
            cpu = _cpu(process.pid)
            time.sleep(settle)
            return Run(seconds, cpu, _resident(process.pid))
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(10)


def _resident(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("the process has no memory figure")


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(runs: int) -> tuple[list[Run], list[Run]]:
    """Bot and reference in turns, so that both see the same load of the machine."""
    bots, references = [], []
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as home:
            bots.append(start([sys.executable, "-m", "bot", "bot", "--home", home], SETTLE))
        references.append(start([sys.executable, "-c", REFERENCE], 0.2))
    return bots, references


def row(name: str, runs: list[Run]) -> str:
    """One row of the table: median (and worst)."""

    def both(values: list[float], digits: int) -> str:
        return f"{statistics.median(values):.{digits}f} ({max(values):.{digits}f})"

    cells = both([r.seconds for r in runs], 2), both([r.cpu for r in runs], 2), both([r.megabytes for r in runs], 1)
    return f"| {name} | {' | '.join(cells)} |"


def main(argv: list[str]) -> None:
    """Measure, print, write to docs/benchmarks.md. An argument gives the number of runs."""
    runs = int(argv[0]) if argv else RUNS
    bots, references = measure(runs)
    seconds, megabytes = statistics.median(r.seconds for r in bots), statistics.median(r.megabytes for r in bots)
    met = "met" if seconds < SECONDS and megabytes < MEGABYTES else "not met"
    body = "\n".join(
        [
            f"`megawatts bot`, offline: from its start to its ready line, and its memory {SETTLE:g} s later.",
            f"Targets: < {SECONDS} s and < {MEGABYTES:g} MB resident: {met}. {runs} runs in turns, median (worst);",
            f"load of the machine at the end: {os.getloadavg()[0]:.1f}.",
            "",
            "| process | seconds to ready | processor seconds | MB resident |",
            "|---|---|---|---|",
            row("bot", bots),
            row("`import aiohttp.web` alone", references),
        ]
    )
    print(body)
    write("start", body)
