"""For a change of tests only: a named mutant that the base's suite lets live and a new test kills."""

from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from bot.core.verdict import Fact, Status, Verdict
from bot.improve.doors import Gate
from bot.improve.mutation.choose import choose
from bot.improve.mutation.generate import generate
from bot.improve.mutation.mutant import Mutant
from bot.improve.mutation.run import Bench, covering, fastest, judge
from bot.improve.testing.lines import unpack
from bot.improve.testing.results import FileLines, Run

NAME = "kills a mutant"
MOST = 200
FIRST = 12
"""Mutants of the first round; each later one is three times the size of the one before."""
TRIED = 60
"""Mutants that the new tests kill and that are tried on the base's suite."""
SECONDS = 60.0


async def kills_something(gate: Gate, root: Path, new: Sequence[str], runs: tuple[Run, Run], evidence: Path) -> Verdict:
    """PASS with the mutant's name. `runs`: the new tests' on `root`, and the base's suite on the same code."""
    run, seen = runs
    if not new:
        return Verdict(NAME, Status.FAIL, "the change brings no new test")
    mutants = _candidates(gate, new, runs)
    if not mutants:
        return Verdict(NAME, Status.FAIL, "the new tests run no code of the product that could be mutated")
    head = Bench(gate.head, gate.profile, run, evidence, gate.cache, root, SECONDS)
    base = Bench(gate.trial, gate.profile, seen, evidence, gate.cache, None, SECONDS)
    killed = tried = 0
    for row in rounds(mutants):
        gate.progress("tests", f"the new tests on {len(row)} of {len(mutants)} mutants")
        fates = await judge(head, row, lambda m: _own(m, new, run))
        noticed = [m for m in row if m.id in fates and fates[m.id].noticed]
        killed += len(noticed)
        before = await judge(base, noticed[: TRIED - tried])
        tried += len(before)
        fresh = [m for m in noticed if m.id in before and not before[m.id].noticed]
        if fresh:
            facts: dict[str, Fact] = {"killed": killed, "alive_before": [m.describe() for m in fresh[:10]]}
            because = f"mutants that lived are noticed, first {fresh[0].describe()}"
            return Verdict(NAME, Status.PASS, because, facts={"mutants": len(mutants), **facts})
        if tried >= TRIED:
            break
    because = (
        f"each of the {tried} mutants that the new tests notice is noticed by the others already"
        if killed
        else f"none of {len(mutants)} mutants makes a new test fail"
    )
    return Verdict(NAME, Status.FAIL, because, facts={"mutants": len(mutants), "killed": killed})


def rounds(mutants: Sequence[Mutant]) -> Iterator[Sequence[Mutant]]:
    """All of them in growing rounds: one that proves the tests is mostly among the first, and the rest then spared."""
    start, size = 0, FIRST
    while start < len(mutants):
        yield mutants[start : start + size]
        start, size = start + size, 3 * size


def _own(mutant: Mutant, new: Sequence[str], run: Run) -> tuple[str, ...]:
    lines = run.files.get(str(mutant.path), FileLines(""))
    reached = lines.tests_of(frozenset(range(mutant.line, mutant.end_line + 1)))
    return fastest(reached & frozenset(new), run)


def _candidates(gate: Gate, new: Sequence[str], runs: tuple[Run, Run]) -> list[Mutant]:
    """Mutants of what the new tests run; what the fewest of the base's tests run comes first."""
    run, seen = runs
    texts: dict[PurePosixPath, str] = {}
    found: list[Mutant] = []
    for name, lines in sorted(run.files.items()):
        path = PurePosixPath(name)
        place = gate.head.path / path
        ran = [lines.by[test] for test in new if test in lines.by]
        if ran and place.is_file() and not place.is_symlink() and not gate.profile.is_test(path):
            texts[path] = place.read_text(encoding="utf-8", errors="replace")
            found += generate(texts[path], path, frozenset[int]().union(*map(unpack, ran)))
    others = covering(seen)
    return sorted(choose(found, texts, MOST), key=lambda mutant: len(others(mutant)))
