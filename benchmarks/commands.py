"""How long each command takes without a model, over a house on disk, beside the lightest of them."""

import asyncio
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks._report import write
from bot.app.bot_house import open_house
from bot.app.home import Home
from bot.app.settings import Settings
from bot.core.chat import Command
from bot.core.ids import ChannelId, UserId
from bot.sdk import ToolSpec

ROUNDS = 30
P95, WORST = 200.0, 500.0
"""Milliseconds: what 95 of 100 commands must not exceed, and what none should."""
LEAST = "coin"
GIVEN = {"integer": 1, "number": 1.0, "boolean": True}


def arguments(spec: ToolSpec) -> dict[str, Any]:
    """Something for each argument that must be given."""
    shapes = spec.parameters["properties"]
    return {
        name: shapes[name]["enum"][0] if "enum" in shapes[name] else GIVEN.get(shapes[name]["type"], "tea or coffee")
        for name in spec.parameters["required"]
    }


async def measure(rounds: int) -> dict[str, list[float]]:
    """Milliseconds by command. Every command in turn, so that all see the same load; the first round does not count."""
    taken: dict[str, list[float]] = {}
    # Each member asks a few things only: a limit that answers at once would look fast.
    settings = replace(Settings(), rate_limit_enabled=False)
    with tempfile.TemporaryDirectory() as folder:
        async with open_house(settings, Home(Path(folder)).create(), status=dict, operator="ann") as house:
            service = house.assembled.service
            specs = [spec for spec in house.assembled.registry.specs() if spec.command and spec.name != "ask_question"]
            for number in range(rounds + 1):
                for spec in specs:
                    user = UserId("ann" if number % 2 else f"member{number}")
                    command = Command(spec.command, arguments(spec), user, ChannelId(f"hall{number % 5}"))
                    began = time.perf_counter()
                    await service.command(command)
                    if number:
                        taken.setdefault(spec.command, []).append((time.perf_counter() - began) * 1000)
    return taken


def main(argv: list[str]) -> None:
    """Measure, print, write to docs/benchmarks.md. An argument gives the number of rounds."""
    taken = asyncio.run(measure(int(argv[0]) if argv else ROUNDS))
    every = sorted(value for values in taken.values() for value in values)
    p95, worst = every[int(len(every) * 0.95)], every[-1]
    base = statistics.median(taken[LEAST])
    slowest = sorted(taken, key=lambda name: -statistics.median(taken[name]))[:8]
    rows = [
        f"| `/{name}` | {statistics.median(taken[name]):.1f} | {max(taken[name]):.1f} | "
        f"{statistics.median(taken[name]) / base:.1f} |"
        for name in slowest
    ]
    met = "met" if p95 < P95 and worst < WORST else "not met"
    body = "\n".join(
        [
            f"All {len(taken)} commands, {len(every)} calls, through the whole pipeline over records on disk; tools of",
            "servers end at their refusal, since no server is connected. Milliseconds.",
            "",
            f"All together: median {statistics.median(every):.1f}, p95 {p95:.1f}, worst {worst:.1f}.",
            f"Target: p95 under {P95:.0f}, none over {WORST:.0f}: **{met}**.",
            "",
            f"| slowest | median | worst | beside `/{LEAST}` |",
            "|---|---|---|---|",
            *rows,
        ]
    )
    print(body)
    write("commands", body)
