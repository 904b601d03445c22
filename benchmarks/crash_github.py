"""SIGKILL of the controller after each request that changes something on GitHub, before its answer; then a restart."""

import argparse
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks._crash_story import STORIES
from benchmarks._report import write
from tests.journeys._crash_github import scene
from tests.servers.github import peer

TOLD = ("healthy", "unhealthy", "asked", "rolled back")
"""Stories in which nobody needs the embedded forge's own doors."""


@dataclass(frozen=True, slots=True)
class Kill:
    """One request that was done and never answered, and what came of it."""

    story: str
    request: str
    wrong: tuple[str, ...]


def main(argv: list[str]) -> None:
    """Kill at every one; print a line each, and write the table unless only a part was asked for."""
    parser = argparse.ArgumentParser(prog="scripts/bench crash-github", description=__doc__)
    parser.add_argument("--only", default="", choices=["", *TOLD], help="only this story")
    options = parser.parse_args(argv)
    began, done = time.monotonic(), []
    for name in (one for one in TOLD if options.only in {"", one}):
        for kill in kills(name):
            done.append(kill)
            print(f"{kill.story:<12} {kill.request:<40} {'violation' if kill.wrong else 'ok'}", flush=True)
            for one in kill.wrong:
                print(f"          {one}", flush=True)
    body = table(done, time.monotonic() - began)
    print(body)
    if not options.only:
        write("crash-github", body)
    sys.exit(1 if any(kill.wrong for kill in done) else 0)


def kills(name: str) -> Iterator[Kill]:
    """Every change of one story, on a GitHub of its own: it takes so many requests an hour and no more."""
    story = next(one for one in STORIES if one.name == name)
    with tempfile.TemporaryDirectory(prefix="megawatts-crash-github-") as folder:
        (Path(folder) / "github").mkdir()
        with peer.running(Path(folder) / "github") as hub:
            whole = scene(hub, story, Path(folder), "whole")
            if whole.tell() or (wrong := whole.end()):
                raise RuntimeError(f"the story `{name}` went wrong without a kill: {wrong}")
            state = whole.state()
            for number, request in enumerate(whole.changes(), 1):
                one = scene(hub, story, Path(folder), f"killed-{number}")
                died = one.tell(dies_at=number) == -signal.SIGKILL
                found = ["it was not killed"] if not died else []
                found += ["it did not come to its end"] if one.tell() else []
                yield Kill(name, request.replace(f"/repos/{whole.place.house.name}", ""), (*found, *one.end(state)))


def table(done: Sequence[Kill], seconds: float) -> str:
    """What was killed where, and what was wrong after it."""
    bad = [kill for kill in done if kill.wrong]
    lines = [
        f"{len(done)} kills by SIGKILL, each after GitHub had done what it was asked and before it was heard of:",
        f"{len(bad)} violations, {seconds:.0f} s.",
        "Each is followed by a restart, and the end is compared with that of the same story told without a kill, as in",
        "`crash`.",
        "",
        "Real: engine, policy, GitHub's adapter, git, stores, a process of its own. Peer: emulate behind a front with",
        "GitHub's rules over real git. Light: the gate's verdict is a function, and what is merged counts as running.",
        "",
        "| story | kills | violations |",
        "|---|---|---|",
    ]
    for name in dict.fromkeys(kill.story for kill in done):
        mine = [kill for kill in done if kill.story == name]
        lines.append(f"| {name} | {len(mine)} | {sum(bool(kill.wrong) for kill in mine)} |")
    return "\n".join([*lines, *(f"\nViolation: {k.story}, {k.request}: {'; '.join(k.wrong)[:500]}" for k in bad)])
