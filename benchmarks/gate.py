"""Does the gate refuse bad changes and accept good ones: 164 functions, four kinds of change, Wilson intervals."""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from typing import Any

from rich.progress import Progress

from benchmarks import _gate_cases, _report
from benchmarks._gate_cases import BAD, SETS, Case

MODES = {"full": (), "fast": ("format", "tests", "behaviour"), "behaviour": ("format", "behaviour")}
LEFT_OUT = frozenset({"runtime", "approval"})
"""No bot to boot in these repositories, and nobody to ask."""
TITLES = {
    "bad": "data set's bugs", "mutant": "held-out mutants", "structural": "rewrites, another syntax tree",
    "shallow": "renamed locals",
}  # fmt: skip


def stage_names(mode: str) -> tuple[str, ...]:
    """The stages that exist and have a subject here."""
    from bot.improve.stages import ORDER

    wanted = MODES[mode] or tuple(n for n in ORDER if n not in LEFT_OUT)
    return tuple(n for n in wanted if find_spec(f"bot.improve.stages.{n}") is not None)


async def judge(case: Case, mode: str) -> dict[str, Any]:
    """One case through the gate: whether it is accepted, and which stage said no first."""
    from bot.adapters.git.repository import GitRepository
    from bot.adapters.sandbox.choose import find
    from bot.app.gate_factory import Question, open_gate
    from bot.core.change import Claim, Patch
    from bot.improve.gate import run_gate
    from bot.improve.stages import all_stages

    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="gate-case-") as folder:
        work = Path(folder)
        base = _repository(case, work / "repo")
        repo = GitRepository(work / "repo")
        files = {PurePosixPath(_gate_cases.MODULE): case.head.encode()}
        head = repo.commit(Patch(repo.resolve(base), files), "refactor: rewrite", author="Gate <gate@example.invalid>")
        question = Question(repo, repo.resolve(base), head, claim=Claim.PRESERVING, python=Path(sys.executable))
        async with open_gate(question, find(), cache=work / "cache") as gate:
            verdict = await run_gate(gate, all_stages(stage_names(mode)))
    against = [v for v in verdict.children if not v.passed and "was not started" not in v.because]
    first = max(against, key=lambda v: v.status, default=None)
    return {
        "id": case.id, "group": case.group, "accepted": verdict.passed, "stage": first.name if first else "",
        "status": verdict.status.name, "because": first.because[:300] if first else "",
        "seconds": round(time.monotonic() - started, 2),
    }  # fmt: skip


def _repository(case: Case, folder: Path) -> str:
    folder.mkdir()
    _gate_cases.build(case, folder)
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"}
    who = ["-c", "user.name=Gate", "-c", "user.email=gate@example.invalid", "-c", "commit.gpgsign=false"]
    for words in (["init", "-q", "-b", "main"], ["add", "."], [*who, "commit", "-q", "-m", "feat: begin"]):
        subprocess.run(["git", *words], cwd=folder, env=env, check=True)
    done = subprocess.run(["git", "rev-parse", "HEAD"], cwd=folder, env=env, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def _worker(case: Case, mode: str) -> dict[str, Any]:
    return asyncio.run(judge(case, mode))


def run(cases: Sequence[Case], mode: str, jobs: int, kept: Path | None) -> list[dict[str, Any]]:
    """All cases, several at a time. Rows in the file `kept` are not run again; new ones are added to it."""
    lines = kept.read_text().splitlines() if kept and kept.exists() else []
    known = {row["id"]: row for row in map(json.loads, lines)}
    found = [known[c.id] for c in cases if c.id in known]
    rest = [c for c in cases if c.id not in known]
    with Progress(disable=not sys.stderr.isatty()) as progress, ProcessPoolExecutor(jobs) as pool:
        bar = progress.add_task("gate", total=len(cases), completed=len(found))
        for future in as_completed([pool.submit(_worker, c, mode) for c in rest]):
            row = future.result()
            found.append(row)
            progress.advance(bar)
            if kept:
                with kept.open("a") as file:
                    file.write(json.dumps(row) + "\n")
    return sorted(found, key=lambda row: str(row["id"]))


def wilson(hits: int, total: int) -> tuple[float, float]:
    """95% interval of a rate (Wilson 1927)."""
    if not total:
        return 0.0, 1.0
    z, rate = 1.959964, hits / total
    middle = rate + z * z / (2 * total)
    spread = z * ((rate * (1 - rate) + z * z / (4 * total)) / total) ** 0.5
    scale = 1 + z * z / total
    return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)


def report(rows: Sequence[dict[str, Any]], mode: str, seed: int) -> str:
    """The section of docs/benchmarks.md."""
    table = ["| change | must be | cases | wrong | rate | 95% interval | caught first by | median s |",
             "|---|---|---|---|---|---|---|---|"]  # fmt: skip
    wrong_rows: list[str] = []
    for group in SETS:
        mine = [r for r in rows if r["group"] == group]
        if not mine:
            continue
        wrong = [r for r in mine if r["accepted"] is (group in BAD)]
        low, high = wilson(len(wrong), len(mine))
        by = Counter(r["stage"] for r in mine if r["stage"]).most_common()
        caught = ", ".join(f"{stage} {count}" for stage, count in by) or "-"
        must = "refused" if group in BAD else "accepted"
        seconds = statistics.median(r["seconds"] for r in mine)
        table.append(f"| {TITLES[group]} | {must} | {len(mine)} | {len(wrong)} | {len(wrong) / len(mine):.1%} "
                     f"| {low:.1%} to {high:.1%} | {caught} | {seconds:.1f} |")  # fmt: skip
        wrong_rows += [f"- {r['id']}: {r['status'].lower()}; {r['because'] or 'no stage objected'}" for r in wrong]
    stages = ", ".join(stage_names(mode))
    lead = (f"Each function is a small repository whose tests are its docstring's examples; each change claims to keep "
            f"behaviour. Stages: {stages}. Seed {seed}.")  # fmt: skip
    compared = ("For comparison: the examples alone accept 12.2% of the bugs; mutating the example inputs by "
                "type, in a 60-line prototype, 8 of 164. Wanted: at most 1 of 164 bugs accepted, at most 1% of good "
                "changes refused. The bugs were looked at while building; the mutants were not.")  # fmt: skip
    tail = ["", "Wrong:", *wrong_rows] if wrong_rows else ["", "Nothing was judged wrongly."]
    return "\n".join([lead, "", *table, "", compared, *tail])


def main(argv: Iterable[str]) -> None:
    """Run the benchmark and write its section."""
    parser = argparse.ArgumentParser(prog="scripts/bench gate", description=__doc__)
    parser.add_argument("--limit", type=int, default=0, help="only the first N functions; nothing is written then")
    parser.add_argument("--mode", choices=tuple(MODES), default="full", help="which stages: all, or these alone")
    parser.add_argument("--sets", default=",".join(SETS), help="which changes, separated by commas")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--resume", type=Path, help="file that keeps finished cases")
    asked = parser.parse_args(list(argv))
    path = _report.data("humanevalfix-python.jsonl")
    if path is None:
        print("gate: humanevalfix-python.jsonl is not here; name its folder in MEGAWATTS_DATA", file=sys.stderr)
        raise SystemExit(3)
    from bot.adapters.sandbox.choose import find

    groups = [g for g in SETS if g in asked.sets.split(",")]
    cases = _gate_cases.prepare(path, groups, asked.limit, asked.seed, find())
    started = time.monotonic()
    rows = run(cases, asked.mode, asked.jobs, asked.resume)
    body = report(rows, asked.mode, asked.seed)
    print(body)
    print(f"\n{len(rows)} cases in {time.monotonic() - started:.0f} s")
    if not asked.limit and set(groups) == set(SETS):
        _report.write("gate", body)
