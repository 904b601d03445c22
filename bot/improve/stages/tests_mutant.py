"""For a change of tests only: a named mutant that the base's suite lets live and a new test kills."""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from bot.core.verdict import Fact, Status, Verdict
from bot.improve.doors import Gate
from bot.improve.mutation.choose import choose
from bot.improve.mutation.generate import generate
from bot.improve.mutation.mutant import Mutant
from bot.improve.mutation.run import Bench, fastest, judge
from bot.improve.testing.lines import unpack
from bot.improve.testing.results import FileLines, Run

NAME = "kills a mutant"
MOST = 200
TRIED = 60
"""Mutants that the new tests kill and that are tried on the base's suite."""
SECONDS = 60.0


async def kills_something(gate: Gate, root: Path, new: Sequence[str], runs: tuple[Run, Run], evidence: Path) -> Verdict:
    """PASS with the mutant's name. `runs`: the new tests' on `root`, and the base's suite on the same code."""
    run, seen = runs
    if not new:
        return Verdict(NAME, Status.FAIL, "the change brings no new test")
    mutants = _candidates(gate, new, run)
    if not mutants:
        return Verdict(NAME, Status.FAIL, "the new tests run no code of the product that could be mutated")
    gate.progress("tests", f"the new tests on {len(mutants)} mutants")
    bench = Bench(gate.head, gate.profile, run, evidence, gate.cache, root, SECONDS)
    fates = await judge(bench, mutants, lambda m: _own(m, new, run))
    killed = [m for m in mutants if m.id in fates and fates[m.id].noticed]
    facts: dict[str, Fact] = {"mutants": len(mutants), "killed": len(killed)}
    if not killed:
        return Verdict(NAME, Status.FAIL, f"none of {len(mutants)} mutants makes a new test fail", facts=facts)
    base = Bench(gate.trial, gate.profile, seen, evidence, gate.cache, None, SECONDS)
    before = await judge(base, killed[:TRIED])
    fresh = [m for m in killed[:TRIED] if m.id in before and not before[m.id].noticed]
    facts |= {"alive_before": [m.describe() for m in fresh[:10]]}
    if not fresh:
        because = f"each of the {len(before)} mutants that the new tests notice is noticed by the others already"
        return Verdict(NAME, Status.FAIL, because, facts=facts)
    because = f"{len(fresh)} mutants that lived are noticed, first {fresh[0].describe()}"
    return Verdict(NAME, Status.PASS, because, facts=facts)


def _own(mutant: Mutant, new: Sequence[str], run: Run) -> tuple[str, ...]:
    lines = run.files.get(str(mutant.path), FileLines(""))
    reached = lines.tests_of(frozenset(range(mutant.line, mutant.end_line + 1)))
    return fastest(reached & frozenset(new), run)


def _candidates(gate: Gate, new: Sequence[str], run: Run) -> list[Mutant]:
    """Mutants of what the new tests run; code that few others run comes first by being in fewer files."""
    texts: dict[PurePosixPath, str] = {}
    found: list[Mutant] = []
    for name, lines in sorted(run.files.items()):
        path = PurePosixPath(name)
        place = gate.head.path / path
        ran = [lines.by[test] for test in new if test in lines.by]
        if ran and place.is_file() and not place.is_symlink() and not gate.profile.is_test(path):
            texts[path] = place.read_text(encoding="utf-8", errors="replace")
            found += generate(texts[path], path, frozenset[int]().union(*map(unpack, ran)))
    return choose(found, texts, MOST)
