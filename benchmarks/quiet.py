"""Calls of GitHub's API, and git processes, of a round in which nothing happened, over many open proposals."""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from benchmarks._report import write
from tests.journeys._road_quiet import Quiet, git_commands
from tests.servers.github import peer

MOST = 15
SIZES = (0, 10, 50)


def main(argv: list[str]) -> None:
    """Count; write the table to docs/benchmarks.md unless asked not to."""
    parser = argparse.ArgumentParser(prog="scripts/bench quiet", description=__doc__)
    parser.add_argument("--dry", action="store_true", help="print the table, and write nothing")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="megawatts-quiet-") as folder, peer.running(Path(folder)) as hub:
        rows = [asyncio.run(_counted(hub, Path(folder) / str(size), size)) for size in SIZES]
    most, processes = max(row[1] for row in rows), max(row[3] for row in rows)
    lines = [
        f"A quiet round of the engine over fifty open proposals that wait for people makes {most} calls, those that",
        f"cost nothing (304) included; the target is at most {MOST}: {'met' if most <= MOST else 'not met'}. It starts",
        f"{processes} git processes: what git says of two commits is asked once.",
        "",
        "| open proposals | calls | of these free (304) | git processes |",
        "|---|---|---|---|",
        *(f"| {size} | {calls} | {free} | {begun} |" for size, calls, free, begun in rows),
    ]
    print("\n".join(lines))
    if not options.dry:
        write("quiet", "\n".join(lines))
    sys.exit(0 if most <= MOST else 1)


async def _counted(hub: peer.GitHub, folder: Path, size: int) -> tuple[int, int, int, int]:
    folder.mkdir()
    quiet = Quiet.on(hub, folder)
    await quiet.propose(size)
    await quiet.settled()
    made, free = quiet.forge.calls.made, quiet.forge.calls.free
    with git_commands() as begun:
        await quiet.look()
    return size, quiet.forge.calls.made - made, quiet.forge.calls.free - free, len(begun)
