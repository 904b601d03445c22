"""SIGKILL of controller, deployer and bot at every step boundary and inside every act; then a restart, and a look."""

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from benchmarks._crash_points import KILLED
from benchmarks._crash_run import Kill, Told, killed_after, killed_at, moments, places, reference
from benchmarks._crash_story import STORIES, Story
from benchmarks._report import write

LEAST = 40
"""Points that SPEC SI-13 is shown at, at least."""
QUICK = {"healthy": ("propose.pushed", "act.merge.done", "merge.ref"), "unhealthy": ("act.revert.opened",)}
"""For the journey test: places of old mistakes."""


def main(argv: list[str]) -> None:
    """Run the kills, print a line each; write the table to docs/benchmarks.md unless only a part was run."""
    options = _options(argv)
    began = time.monotonic()
    done: list[Kill] = []
    with tempfile.TemporaryDirectory(prefix="megawatts-crash-") as folder:
        for kill in _kills(options, Path(folder)):
            done.append(kill)
            mark = "violation" if kill.wrong else "ok" if kill.reached else "not reached"
            print(f"{kill.seconds:6.1f} s  {kill.what:<18} {kill.story:<12} {kill.place:<28} {mark}", flush=True)
            for one in kill.wrong:
                print(f"          {one}", flush=True)
    body = table(done, time.monotonic() - began)
    print(body)
    whole = not options.quick and not options.only
    if whole:
        write("crash", body)
    sys.exit(1 if any(kill.wrong for kill in done) or (whole and missed(done)) else 0)


def missed(done: Sequence[Kill]) -> list[str]:
    """Points that a story or the deployer should have been killed at, and was not."""
    killed = {kill.place.partition("#")[0] for kill in done if kill.reached}
    return sorted({point for where, points in KILLED.items() if not where.endswith(".py") for point in points} - killed)


def _options(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench crash", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="four places in two stories")
    parser.add_argument("--only", default="", help="only the story of this name, or `deployer`")
    parser.add_argument("--random", type=int, default=3, help="kills at random moments in each story")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args(argv)


def _kills(options: argparse.Namespace, folder: Path) -> Iterator[Kill]:
    known: set[str] = set()
    for story in _stories(options):
        told = reference(story, folder)
        if lost := sorted(set(KILLED[story.name]) - told.places.keys()):
            raise RuntimeError(f"the story `{story.name}` does not come to {', '.join(lost)} any more")
        if options.quick:
            wanted: Sequence[str] = QUICK[story.name]
        else:
            wanted = places(told, known)
        yield from (killed_at(told, place, folder) for place in wanted)
        if not options.quick:
            yield from _at_random(told, options, folder)
    if not options.quick and options.only in {"", "deployer"}:
        from benchmarks._crash_deployed import kills

        yield from kills(folder)


def _stories(options: argparse.Namespace) -> list[Story]:
    if options.quick:
        return [story for story in STORIES if story.name in QUICK]
    return [story for story in STORIES if options.only in {"", story.name}]


def _at_random(told: Told, options: argparse.Namespace, folder: Path) -> Iterator[Kill]:
    for seconds in moments(told, options.random, options.seed):
        yield killed_after(told, seconds, folder)


def table(done: Sequence[Kill], seconds: float) -> str:
    """What was killed where, and what was wrong after it."""
    reached = [kill for kill in done if kill.reached]
    points = {kill.place.partition("#")[0] for kill in reached if "%" not in kill.place}
    bad = [kill for kill in reached if kill.wrong]
    met = "met" if len(points) >= LEAST and not bad else "not met"
    lines = [
        f"{len(reached)} kills by SIGKILL at {len(points)} distinct points (at least {LEAST}) and at random moments:",
        f"{len(bad)} violations, {seconds:.0f} s: {met}.",
        "Each is followed by a restart, and the end is compared with that of the same story told without a kill:",
        "pull requests, merges, reverts, tags, the tree, verdicts, labels, comments, outcomes, quarantine, requests,",
        "the set of audited acts; and the audit chain must be whole.",
        "",
        "Real: engine, policy, forge, git, stores; in the rows `deployed` also the `megawatts deployer` process, its",
        "router, adoption, and health by scraping. Light: the gate's verdict is a function, and the bot is a tiny",
        "program that speaks the same endpoints. A watched bot that dies may be found silent: its change is then taken",
        "back, once.",
        "",
        "| process | story | kills | distinct points | violations | median s |",
        "|---|---|---|---|---|---|",
        *_rows(reached),
        "",
        "Points: " + ", ".join(f"`{name}`" for name in sorted(points)) + ".",
    ]
    in_tests = [f"`{name}`" for where, names in KILLED.items() if where.endswith(".py") for name in names]
    lines.append(f"Killed in tests, where the forge is away or another adapter is needed: {', '.join(in_tests)}.")
    lines += [f"\nViolation: {k.what}, {k.story}, `{k.place}`: {'; '.join(k.wrong)[:500]}" for k in bad]
    return "\n".join(lines)


def _rows(reached: Sequence[Kill]) -> Iterable[str]:
    for (what, story), count in Counter((kill.what, kill.story) for kill in reached).items():
        mine = [kill for kill in reached if (kill.what, kill.story) == (what, story)]
        points = {kill.place.partition("#")[0] for kill in mine if "%" not in kill.place}
        middle = sorted(kill.seconds for kill in mine)[len(mine) // 2]
        yield f"| {what} | {story} | {count} | {len(points)} | {sum(bool(k.wrong) for k in mine)} | {middle:.1f} |"
