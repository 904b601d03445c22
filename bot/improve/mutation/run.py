"""Judges mutants in the sandbox: which of them the tests notice."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.improve.doors import Profile, Workspace
from bot.improve.mutation.mutant import Mutant
from bot.improve.testing.results import Fate, Run
from bot.improve.testing.run import PROCESSES, Ask, group, run_tests

ENOUGH = 8.0
"""Seconds of tests on one mutant; the fastest covering tests come first, and what is beyond is not run."""
MOST_FRESH = 8
"""Mutants that need a fresh import each cost a second: no more than these are judged."""


@dataclass(frozen=True, slots=True)
class Bench:
    """Where mutants are judged: a checkout, or another tree of it, and what is known of its tests."""

    work: Workspace
    profile: Profile
    known: Run
    scratch: Path
    cache: Path
    root: Path | None = None
    seconds: float = 60.0


def covering(known: Run) -> Callable[[Mutant], tuple[str, ...]]:
    """Which tests run a mutant's lines, fastest first; for code that only runs at import, those that run its file."""

    def tests_of(mutant: Mutant) -> tuple[str, ...]:
        lines = known.files.get(str(mutant.path))
        if lines is None:
            return ()
        direct = lines.tests_of(frozenset(range(mutant.line, mutant.end_line + 1)))
        at_import = not direct and mutant.line in lines.lines()
        tests = lines.by if at_import else direct
        return fastest(tests, known)

    return tests_of


def fastest(tests: Sequence[str] | Mapping[str, str] | frozenset[str], known: Run) -> tuple[str, ...]:
    """Tests that hold, fastest first, up to `ENOUGH` seconds of them."""
    held = [(known.tests[t].seconds, t) for t in tests if t in known.tests and known.tests[t].good]
    chosen: list[str] = []
    spent = 0.0
    for seconds, test in sorted(held):
        spent += seconds
        if chosen and spent > ENOUGH:
            break
        chosen.append(test)
    return tuple(chosen)


async def judge(
    bench: Bench, mutants: Sequence[Mutant], tests_of: Callable[[Mutant], Sequence[str]] | None = None
) -> dict[str, Fate]:
    """The fate of each mutant by its id. Mutants that time did not reach are missing."""
    choose = tests_of or covering(bench.known)
    tests = {mutant.id: tuple(choose(mutant)) for mutant in mutants}
    fates = {mutant.id: Fate("untested") for mutant in mutants if not tests[mutant.id]}
    rows = [_row(bench, mutant, tests[mutant.id]) for mutant in mutants if tests[mutant.id]]
    if not rows:
        return fates
    count = PROCESSES if len(rows) > 3 * PROCESSES else 1
    first = await _run(bench, [_shard(rows[n::count], fresh=False) for n in range(count)])
    fates |= first.mutants
    again = [row for row in rows if fates.get(str(row["id"]), Fate("")).outcome == "needs import"]
    chosen = again[:MOST_FRESH]
    if chosen:
        second = await _run(bench, [_shard(chosen[n::count], fresh=True) for n in range(min(count, len(chosen)))])
        fates |= second.mutants
    return {name: fate for name, fate in fates.items() if fate.outcome != "needs import"}


def _row(bench: Bench, mutant: Mutant, tests: Sequence[str]) -> dict[str, object]:
    """One mutant as the sandbox reads it, with ten times the seconds that its tests take unmutated."""
    usual = sum(bench.known.tests[test].seconds for test in tests if test in bench.known.tests)
    root = bench.root or bench.work.path
    return {
        "id": mutant.id,
        "file": str(root / mutant.path),
        "start": mutant.start,
        "end": mutant.end,
        "text": mutant.text,
        "tests": list(tests),
        "seconds": 2.0 + 10 * usual,
    }


def _shard(rows: Sequence[Mapping[str, object]], *, fresh: bool) -> dict[str, object]:
    tests = list(dict.fromkeys(test for row in rows for test in _tests(row)))
    return {"mutants": list(rows), "wanted": tests, "files": sorted(group(tests)), "fresh": fresh}


def _tests(row: Mapping[str, object]) -> list[str]:
    tests = row["tests"]
    return [str(test) for test in tests] if isinstance(tests, list) else []


async def _run(bench: Bench, parts: Sequence[Mapping[str, object]]) -> Run:
    ask = Ask(coverage=False, root=bench.root, seconds=bench.seconds, shards=tuple(parts))
    return await run_tests(bench.work, bench.profile, ask, scratch=bench.scratch, cache=bench.cache)
