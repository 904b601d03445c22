"""First verdict on a one-function change to this repository, and the whole gate beside its tools run by hand."""

import argparse
import ast
import asyncio
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from benchmarks import _gate_rewrites
from benchmarks._report import ROOT, write
from bot.adapters.git.repository import GitRepository
from bot.adapters.sandbox import find
from bot.app.gate_factory import Question, open_gate
from bot.core.change import Claim, Kind, Patch
from bot.core.ids import Sha
from bot.core.verdict import Verdict
from bot.improve.doors import Stage
from bot.improve.gate import Plan, run_gate
from bot.improve.stages import all_stages, first_stages
from bot.improve.testing import run

SEED = 7


def heads(repo: GitRepository, base: Sha, count: int) -> list[tuple[str, Sha]]:
    """Commits that each rename the locals of one function, drawn from all of the product's that have any."""
    rng = random.Random(SEED)
    found = sorted((path, name) for path in repo.files(base) for name in _functions(repo, base, path))
    rng.shuffle(found)
    made: list[tuple[str, Sha]] = []
    for path, name in found:
        source = (repo.read(base, path) or b"").decode()
        changed = _gate_rewrites.replace(source, name, lambda node: _gate_rewrites.renamed(node, rng))
        if changed is not None and len(made) < count:
            patch = Patch(base, {path: _formatted(changed, path)})
            sha = repo.commit(patch, "refactor: other names", author="Benchmark <benchmark@localhost>")
            made.append((f"{path}:{name}", sha))
    return made


def _functions(repo: GitRepository, base: Sha, path: PurePosixPath) -> list[str]:
    """Functions at the top of one of the product's modules, of four lines and more.

    Without decorators and generator expressions, which the rewriting tool would write twice or in two parentheses, and
    without comments, which it would drop.
    """
    if path.parts[0] != "bot" or path.suffix != ".py":
        return []
    text = (repo.read(base, path) or b"").decode()
    lines, body = text.splitlines(), ast.parse(text).body
    functions = [n for n in body if isinstance(n, ast.FunctionDef) and not n.decorator_list]
    plain = [n for n in functions if not any(isinstance(part, ast.GeneratorExp) for part in ast.walk(n))]
    spans = {n.name: lines[n.lineno - 1 : n.end_lineno] for n in plain}
    return [name for name, own in spans.items() if len(own) > 4 and not any("#" in line for line in own)]


def _formatted(text: str, path: PurePosixPath) -> bytes:
    ruff = Path(sys.executable).with_name("ruff")
    argv = [str(ruff), "format", "--stdin-filename", str(path), "-"]
    return subprocess.run(argv, input=text.encode(), cwd=ROOT, capture_output=True, check=True).stdout


async def judged(
    repo: GitRepository, change: tuple[Sha, Sha], cache: Path, stages: Sequence[Stage], plan: Plan
) -> tuple[float, Verdict]:
    """Seconds from the question to the verdict, checkouts included (their removal not), without kept verdicts."""
    base, head = change
    question = Question(repo, base, head, Claim.PRESERVING, Kind.OTHER, by_engine=False)
    started = time.perf_counter()
    async with open_gate(question, find(), cache=cache) as gate:
        verdict = await run_gate(gate, stages, [stage.name for stage in stages], plan=plan)
        return time.perf_counter() - started, verdict


def rows(verdict: Verdict) -> str:
    """Seconds of each stage as a table."""
    lines = [f"| {child.name} | {child.status.name.lower()} | {child.seconds:.2f} |" for child in verdict.children]
    return "\n".join(["| stage | verdict | seconds |", "|---|---|---|", *lines])


def _tests(verdict: Verdict) -> int:
    near = verdict.find("impacted")
    return int(str(near.facts["expected"])) if near is not None else 0


async def first(repo: GitRepository, base: Sha, folder: Path, times: int) -> str:
    """Cold once, then warm on changes that were never seen."""
    cache = folder / "cache"
    (_, cold_head), *others = heads(repo, base, times + 1)
    plan = Plan(keep_going=True)
    cold, _ = await judged(repo, (base, cold_head), cache, first_stages(), plan)
    warm = [(name, *await judged(repo, (base, head), cache, first_stages(), plan)) for name, head in others]
    seconds = [spent for _, spent, _ in warm]
    median = statistics.median(seconds)
    print(f"first verdict: median {median:.2f} s warm over {times} changes, {cold:.1f} s cold")
    tested = [spent for _, spent, verdict in warm if _tests(verdict)]
    table = ["| function whose locals get other names | verdict | impacted tests | seconds |", "|---|---|---|---|"]
    for name, spent, verdict in warm:
        word = verdict.status.name.lower() + ("" if verdict.passed else f": {verdict.because[:100]}")
        table.append(f"| {name} | {word} | {_tests(verdict)} | {spent:.2f} |")
    return (
        f"A one-function change to this repository (functions drawn by seed {SEED}), V-1 to V-7, impacted tests, "
        f"sandboxed, checkouts included, no verdict kept:\n\n"
        f"- warm (caches of the base there, the change never seen): median **{median:.2f} s** over {times} changes "
        f"({min(seconds):.2f} to {max(seconds):.2f} s); the aim is 3 s\n"
        f"- the {len(tested)} of them that hermetic tests reach: median {statistics.median(tested or seconds):.2f} s\n"
        f"- cold (no cache at all, the base's whole suite is run once for its coverage map): {cold:.1f} s\n\n"
        + "\n".join(table)
        + f"\n\nThe last one's stages:\n\n{rows(warm[-1][2])}\n"
    )


async def complete(repo: GitRepository, base: Sha, folder: Path) -> str:
    """All stages but V-11: as the gate runs them, and one after another as a person would.

    By hand the tests run in one process, as `pytest` does; for comparison also in two, as the gate splits them.
    """
    _, head = heads(repo, base, 1)[0]
    stages = [stage for stage in all_stages() if stage.name not in {"performance", "approval"}]
    plan = Plan(keep_going=True)
    by_gate, verdict = await judged(repo, (base, head), folder / "gate", stages, plan)
    split, _ = await judged(repo, (base, head), folder / "split", stages, replace(plan, at_once=1))
    processes, run.PROCESSES = run.PROCESSES, 1
    by_hand, _ = await judged(repo, (base, head), folder / "hand", stages, replace(plan, at_once=1))
    run.PROCESSES = processes
    share = by_gate / by_hand
    print(f"complete gate: {by_gate:.1f} s, one after another {by_hand:.1f} s: {share:.2f}")
    return (
        f"\nThe complete gate without V-11, nothing cached: **{by_gate:.1f} s**; the same stages one after another, "
        f"tests in one process: {by_hand:.1f} s, share **{share:.2f}** (the aim is 0.65). Tests "
        f"split over two processes by hand too: {split:.1f} s, share {by_gate / split:.2f}.\n\n{rows(verdict)}\n"
    )


def main(argv: list[str]) -> None:
    """`scripts/bench first-verdict [--times N] [--no-complete]`."""
    parser = argparse.ArgumentParser(prog="first-verdict")
    parser.add_argument("--times", type=int, default=9, help="warm changes to take the median of")
    parser.add_argument("--no-complete", action="store_true", help="leave the complete gate out (it takes minutes)")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="first-verdict-") as name:
        folder = Path(name)
        repo = GitRepository.mirror(ROOT, folder / "repo.git")
        base = repo.resolve("HEAD")
        body = asyncio.run(first(repo, base, folder, options.times))
        if not options.no_complete:
            body += asyncio.run(complete(repo, base, folder))
    write("first-verdict", body)
