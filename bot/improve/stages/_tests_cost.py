"""The half of V-11 for functions that cannot be called with made inputs: the tests that run them, on both versions.

Base and trial in turns, each run in a process of its own that runs every test several times. The least processor time
counts: late imports and first fills of caches are no cost of the test they fall on, nor is what else the machine does.

False alarms, with the same code on both sides and two processors that three other programs kept busy: none in 44 runs
with 26 tests of the chat service and none in 12 with 20 tests of a toy, although a fifth of their turns had a sum
beyond LIMIT.
"""

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path, PurePosixPath

from bot.core.verdict import Fact, Status, Verdict
from bot.improve.differential.plan import shape
from bot.improve.doors import Gate
from bot.improve.inputs.spec import functions
from bot.improve.stages._paired import LIMIT, Pairs, bound, extra
from bot.improve.stages._source import parse, text
from bot.improve.stages._tests_io import with_io
from bot.improve.stages.behaviour_modules import module_name
from bot.improve.testing.changed import is_product
from bot.improve.testing.lines import unpack
from bot.improve.testing.results import FileLines, Run
from bot.improve.testing.run import Ask, run_tests, shards

NAME = "impacted tests"
MOST = 30
"""Most tests that are measured, and SECONDS the most they may take on the base, lines being traced."""
SECONDS = 1.5
ONE = 1.5
"""Cost of head over base at which it is too much for one test by itself: among many, one is slow by chance."""
FLOOR = 5e-3
"""Extra processor seconds a turn that matter; below, a difference is style."""
PASSES = (5, 30)
"""How often each run goes through all of its tests, least and most: quick ones more often, so that a burst of work
beside them does not hit all of their passes."""
TURNS = 7
FEWEST = 5
"""Turns after which a measurement that takes longer than BUDGET seconds is ended."""
CLEAR, PLAIN = 2, 3
"""Turns without more cost after which the others cannot change the answer, and turns of twice what is too much."""
BUDGET = 30.0
PATIENCE = 30.0
"""Seconds that one run may take beyond ten times what its tests took on the base."""


@dataclass(frozen=True, slots=True)
class Function:
    """A product function that both versions have and that the change rewrites, with its lines on each side."""

    name: str
    base: PurePosixPath
    base_lines: frozenset[int]
    head: PurePosixPath
    head_lines: frozenset[int]


@dataclass(frozen=True, slots=True)
class Choice:
    """Tests to measure, and the functions among those asked for that no usable test runs."""

    tests: tuple[str, ...]
    blind: tuple[str, ...]


def rewritten(gate: Gate, measured: Collection[str] = ()) -> list[Function]:
    """Changed functions but for those measured already, which are named by module and qualified name."""
    found: list[Function] = []
    for change in gate.changed(".py"):
        if change.action == "add" or gate.profile.is_test(change.path) or not is_product(gate, change.path):
            continue
        trees = parse(text(gate.base, change.old_path)), parse(text(gate.head, change.path))
        if trees[0] is None or trees[1] is None:
            continue
        module = module_name(change.old_path, gate.profile.roots)
        old, new = functions(trees[0]), functions(trees[1])
        for name in [n for n in old if n in new and f"{module}.{n}" not in measured]:
            if shape(old[name]) != shape(new[name]):
                spans = [frozenset(range(f.lineno, (f.end_lineno or f.lineno) + 1)) for f in (old[name], new[name])]
                found.append(Function(f"{module}.{name}", change.old_path, spans[0], change.path, spans[1]))
    return found


def choose(asked: Sequence[Function], base: Run, head: Run) -> Choice:
    """Tests that held on both versions and run these functions: those that run most of one first, the fastest first.

    The functions are served in turns, so that one with many tests leaves room for the others.
    """
    ranked = {function.name: _ranked(function, base, head) for function in asked}
    chosen: dict[str, None] = {}
    left = SECONDS
    for row in zip_longest(*ranked.values()):
        for test in row:
            if test and test not in chosen and len(chosen) < MOST and base.tests[test].seconds <= left:
                chosen[test] = None
                left -= base.tests[test].seconds
    blind = tuple(name for name, tests in ranked.items() if not any(test in chosen for test in tests))
    return Choice(tuple(chosen), blind)


def _ranked(function: Function, base: Run, head: Run) -> list[str]:
    ran: dict[str, int] = {}
    for run, path, lines in ((base, function.base, function.base_lines), (head, function.head, function.head_lines)):
        file = run.files.get(str(path), FileLines(""))
        for test in file.tests_of(lines):
            ran[test] = ran.get(test, 0) + len(unpack(file.by[test]) & lines)
    good = [t for t in ran if t in base.tests and t in head.tests and base.tests[t].good and head.tests[t].good]
    most = max((ran[test] for test in good), default=0)
    return sorted(good, key=lambda test: (2 * ran[test] < most, base.tests[test].seconds, test))


async def measure(gate: Gate, choice: Choice, base: Run, scratch: Path) -> Verdict | None:
    """Run the tests in turns until the answer is clear, and judge what they cost; None if none can be measured.

    Raises Misconfigured if the interpreter does not start.
    """
    began = time.monotonic()
    expected = sum(base.tests[test].seconds for test in choice.tests)
    passes = min(PASSES[1], max(PASSES[0], int(2 * SECONDS / max(expected, 0.01))))
    part = {**shards(Ask(tests=choice.tests), ())[0], "traced": False, "passes": passes}
    ask = Ask(shards=(part,), coverage=False, seconds=PATIENCE + 10 * expected)
    turns: list[tuple[Run, Run]] = []
    while len(turns) < TURNS:
        sides = {}
        order = (("base", gate.base), ("trial", gate.trial))
        for side, work in order if len(turns) % 2 == 0 else reversed(order):
            sides[side] = await run_tests(work, gate.profile, ask, scratch=scratch, cache=gate.cache)
        turns.append((sides["base"], sides["trial"]))
        if sides["base"].timed_out or sides["trial"].timed_out:
            break
        late = len(turns) >= FEWEST and time.monotonic() - began > BUDGET
        if late or decided(costs(turns)):
            break
    found, missing = costs(turns), lost(turns)
    judged = judge(found, missing, seconds=time.monotonic() - began) if found or missing else None
    return with_io(judged, turns, list(found)) if judged else None


def costs(turns: Sequence[tuple[Run, Run]]) -> dict[str, Pairs]:
    """What each test cost in each turn, for tests that held in all of them on both sides."""
    held = frozenset.intersection(*(_held(run) for turn in turns for run in turn))
    return {test: [(base.tests[test].cpu, trial.tests[test].cpu) for base, trial in turns] for test in sorted(held)}


def lost(turns: Sequence[tuple[Run, Run]]) -> list[str]:
    """Tests that hold on the base in every turn and on the new code in none: what they cost is not known."""
    on_base = frozenset.intersection(*(_held(base) for base, _ in turns))
    return sorted(on_base.difference(*(_held(trial) for _, trial in turns)))


def _held(run: Run) -> frozenset[str]:
    """Tests that held; none where the run cannot be believed."""
    return frozenset(test for test, result in run.tests.items() if result.good and not run.tampered)


def decided(found: Mapping[str, Pairs]) -> bool:
    """Whether the turns to come cannot change the answer: none is over its limit, or one is far over it each time."""
    if not found:
        return True
    rows = [(_sum(found), LIMIT), *((pairs, ONE) for pairs in found.values())]
    if any(len(pairs) >= PLAIN and all(_over(pair, 2 * limit) for pair in pairs) for pairs, limit in rows):
        return True
    return all(sum(not _over(pair, limit) for pair in pairs) >= CLEAR for pairs, limit in rows)


def _over(pair: Sequence[float], limit: float) -> bool:
    base, head = pair
    return head > base * limit and head - base > FLOOR


def _sum(found: Mapping[str, Pairs]) -> Pairs:
    return [tuple(map(sum, zip(*turn, strict=True))) for turn in zip(*found.values(), strict=True)]


def judge(found: Mapping[str, Pairs], missing: Sequence[str] = (), *, seconds: float = 0.0) -> Verdict:
    """The verdict on what the tests cost, by test and turn. `missing`: those that only the base let be measured."""
    if missing:
        because = f"could not be measured on the new code: {', '.join(missing[:3])} did not hold or end when run again"
        return Verdict(NAME, Status.INCONCLUSIVE, because, seconds=seconds)
    whole = _sum(found)
    low, middle = bound(whole)
    facts: dict[str, Fact] = {"cpu": round(middle, 3), "cpu_lower": round(low, 3), "turns": len(whole)}
    facts["tests"] = list(found)
    reasons = []
    if low > LIMIT and extra(whole) > FLOOR:
        reasons.append(f"together they take {middle:.2f} times the CPU time (at least {low:.2f})")
    for test, pairs in found.items():
        if extra(pairs) > FLOOR and (least := bound(pairs)[0]) > ONE:
            reasons.append(f"{test} takes at least {least:.2f} times the CPU time")
    if reasons:
        return Verdict(NAME, Status.FAIL, "; ".join(reasons[:5]), seconds=seconds, facts=facts)
    because = f"{len(found)} tests take {middle:.2f} times the CPU time (at least {low:.2f})"
    return Verdict(NAME, Status.PASS, because, seconds=seconds, facts=facts)
