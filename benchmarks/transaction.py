"""A bad deploy until health is proven again, leg by leg, over GitHub, Argo CD, Prometheus, real bots and members."""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from benchmarks._report import write
from benchmarks._transaction_story import Legs, told, wrong
from bot.policy import charter as charters
from tests.journeys import _road_ground as ground
from tests.journeys import _road_stage as road
from tests.servers import prometheus as servers
from tests.servers.github import peer

VALUES = (2, 3, 4, 5)
"""Messages in a burst, where members write ten: an edit that was taken back is never proposed again."""
SCRAPES, SECONDS = 2.0, 10.0
"""Targets: from the minimum sample to the verdict, in scrape intervals; from the verdict to the merged revert."""
LEGS = {
    "deploy": "merged on GitHub, until its pods run",
    "sample": "until the minimum of six readings is full (warm-up included)",
    "verdict": "until the verdict",
    "revert": "until the exact inverse is merged",
    "redeploy": "until its pods run",
    "healthy": "until health is proven (18 readings or more)",
    "whole": "bad pods run, until health is proven again",
}


def main(argv: list[str]) -> None:
    """Tell the stories; write the table to docs/benchmarks.md unless asked not to."""
    parser = argparse.ArgumentParser(prog="scripts/bench transaction", description=__doc__)
    parser.add_argument("--stories", type=int, default=3, choices=range(1, len(VALUES) + 1), help="how many")
    parser.add_argument("--interval", type=int, default=1, help="seconds between scrapes, and between looks")
    parser.add_argument("--dry", action="store_true", help="print the table, and write nothing")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="megawatts-transaction-") as folder, ExitStack() as stack:
        (Path(folder) / "github").mkdir()
        hub = stack.enter_context(peer.running(Path(folder) / "github"))
        server = stack.enter_context(servers.prometheus(Path(folder) / "prometheus", interval=f"{options.interval}s"))
        legs, bad = asyncio.run(_stories(hub, server, Path(folder), options))
    body = table(legs, bad, options.interval)
    print(body)
    if not options.dry:
        write("transaction", body)
    sys.exit(1 if bad else 0)


async def _stories(
    hub: peer.GitHub, server: servers.Prometheus, folder: Path, options: argparse.Namespace
) -> tuple[list[Legs], list[str]]:
    template = await asyncio.to_thread(ground.product, folder, interval=options.interval)
    policy = charters.parse(ground.charter(interval=options.interval)).health
    found = []
    async with road.stage(hub, server, template, folder) as stage, stage.controlled() as brain:
        for value in VALUES[: options.stories]:
            found.append(await told(stage, brain, value, policy, options.interval))
            print(f"user_burst {value}: {found[-1]}", flush=True)
        return found, wrong(stage, options.stories)


def table(legs: Sequence[Legs], bad: Sequence[str], interval: int) -> str:
    """Each leg, in the middle and at worst."""
    rows = [(text, [getattr(one, name) for one in legs]) for name, text in LEGS.items()]
    scrapes, merged = max(one.scrapes for one in legs), max(one.revert for one in legs)
    met = "met" if scrapes <= SCRAPES and merged < SECONDS and not bad else "not met"
    lines = [
        f"{len(legs)} bad deploys, each taken back by itself; Prometheus scrapes every {interval} s.",
        f"From the minimum sample to the verdict: {scrapes:.1f} scrape intervals at worst (target {SCRAPES:g}); from",
        f"the verdict to the merged revert {merged:.1f} s at worst (target {SECONDS:g}): {met}.",
        f"The bad versions turned away {sum(one.refused for one in legs)} messages of members in all.",
        "",
        "Real: the engine over its GitHub, Argo CD and Prometheus doors, git, webhooks with signatures, Prometheus,",
        "bot processes of each commit, members by HTTP. Peers: emulate behind a front with GitHub's rules, a small",
        "Argo CD over kmock; pods are processes, an image is its commit and takes no time to build. The gate runs one",
        "stage, and the code owner approves at once.",
        "",
        "| leg | median s | worst s |",
        "|---|---|---|",
        *(f"| {text} | {median(values):.1f} | {max(values):.1f} |" for text, values in rows),
    ]
    return "\n".join([*lines, *(f"\nViolation: {one}" for one in bad)])
