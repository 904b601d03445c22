"""The change's own tests: they must hold on its code, and fail on the old code or on a named mutant of it."""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from bot.core.change import Claim, Kind
from bot.core.verdict import Fact, Status, Verdict
from bot.improve.doors import Gate
from bot.improve.stages.tests_mutant import kills_something
from bot.improve.testing.overlay import CONFIGURATION, overlaid, own_tests, test_modules
from bot.improve.testing.results import Run
from bot.improve.testing.run import Ask, run_tests

NAME = "new tests"
PATIENCE = 30.0


async def judge_own(gate: Gate, base: Run, seen: Run, evidence: Path) -> tuple[list[Verdict], list[Run]]:
    """Verdicts and runs of the tests that the change adds or edits; `seen` is the base's suite on the new code."""
    contents = own_tests(gate)
    modules = test_modules(contents, gate.profile)
    if not modules:
        return [_without(gate)], []
    with overlaid(gate.trial.path, _over(gate, contents), evidence) as root:
        run = await _run(gate, root, modules, evidence)
        new = _new(run, base)
        verdict = _held(gate, run, base, modules)
        if verdict.passed and gate.kind is Kind.TEST and not _product(gate):
            return [verdict, await kills_something(gate, root, new, (run, seen), evidence)], [run]
    if verdict.passed and new and gate.kind in {Kind.FIX, Kind.FEATURE}:
        return [verdict, await _fails_before(gate, contents, modules, new, evidence)], [run]
    return [verdict], [run]


def _over(gate: Gate, contents: dict[PurePosixPath, bytes]) -> dict[PurePosixPath, bytes | None]:
    """A person's own conftest goes with their tests (V-1 shows it to a reviewer); the engine's never does."""
    over: dict[PurePosixPath, bytes | None] = {**contents}
    if not gate.by_engine:
        for change in gate.changes:
            if change.path.name == "conftest.py" and change.action != "delete" and change.mode != "120000":
                over[change.path] = (gate.head.path / change.path).read_bytes()
    return over


def _product(gate: Gate) -> bool:
    return any(not gate.profile.is_test(c.path) and c.path.suffix == ".py" for c in gate.changes)


def _without(gate: Gate) -> Verdict:
    needed = gate.kind in {Kind.FIX, Kind.FEATURE} and gate.claim is Claim.NONE and _product(gate)
    if needed and gate.by_engine:
        return Verdict(NAME, Status.FAIL, f"a {gate.kind.value} needs a test that fails without it")
    if gate.kind is Kind.TEST and gate.by_engine:
        return Verdict(NAME, Status.FAIL, "a change of tests that brings no test")
    return Verdict(NAME, Status.PASS, "the change brings no tests of its own")


async def _run(gate: Gate, root: Path, modules: Sequence[str], evidence: Path) -> Run:
    ask = Ask(files=tuple(modules), root=root, patience=PATIENCE)
    return await run_tests(gate.head, gate.profile, ask, scratch=evidence, cache=gate.cache)


def _new(run: Run, base: Run) -> tuple[str, ...]:
    """Tests that the base does not have, or has with another body."""
    return tuple(
        test
        for test, result in run.tests.items()
        if test not in base.tests or (result.digest and base.tests[test].digest != result.digest)
    )


def _held(gate: Gate, run: Run, base: Run, modules: Sequence[str]) -> Verdict:
    facts: dict[str, Fact] = {"tests": len(run.tests), "new": len(_new(run, base)), "runner_seconds": run.seconds}
    known = {test for test, result in base.tests.items() if not result.good}
    bad = [test for test in run.bad() if test not in known]
    skipped = [t for t, r in run.tests.items() if r.outcome == "skipped" and t in base.tests and base.tests[t].good]
    foreign = sorted(str(c.path) for c in gate.changes if c.path.name in CONFIGURATION and c.action != "delete")
    hint = f" (the change's own {', '.join(foreign)} is not used)" if foreign and gate.by_engine else ""
    because = ""
    if run.tampered or set(run.always_equal) - set(base.always_equal):
        because = f"the run cannot be believed: {[*run.tampered, *run.always_equal][0]}"
    elif run.timed_out:
        because = "the change's own tests did not end in time"
    elif run.problems:
        where, what = next(iter(run.problems.items()))
        because = f"cannot be collected: {where}: {what[-400:]}{hint}"
    elif bad:
        result = run.tests[bad[0]]
        last = (result.text.strip().splitlines() or [result.outcome])[-1]
        because = f"{len(bad)} of the change's own tests do not hold: {bad[0]}: {last[:200]}{hint}"
    elif skipped:
        because = f"the change skips a test that ran on the base: {skipped[0]}"
    if because:
        return Verdict(NAME, Status.FAIL, because, seconds=run.seconds, facts=facts)
    if not run.tests:
        return Verdict(NAME, _empty(gate), f"no test is collected from {', '.join(modules)}", facts=facts)
    return Verdict(NAME, Status.PASS, f"{len(run.tests)} tests hold", seconds=run.seconds, facts=facts)


def _empty(gate: Gate) -> Status:
    """Files of the gate's excluded marks collect nothing, which is no fault of a change that promises no tests."""
    return Status.FAIL if gate.kind in {Kind.TEST, Kind.FIX, Kind.FEATURE} and gate.by_engine else Status.PASS


async def _fails_before(
    gate: Gate, contents: dict[PurePosixPath, bytes], modules: Sequence[str], new: Sequence[str], evidence: Path
) -> Verdict:
    """On the old code at least one of the new tests must fail: else they show nothing of this change."""
    with overlaid(gate.base.path, _over(gate, contents), evidence) as root:
        run = await _run(gate, root, modules, evidence)
    failing = [test for test in new if test not in run.tests or not run.tests[test].good]
    facts: dict[str, Fact] = {"fail_on_old": failing[:50], "new": len(new)}
    if failing:
        because = f"{len(failing)} of {len(new)} new tests fail on the old code"
        return Verdict("fails before", Status.PASS, because, seconds=run.seconds, facts=facts)
    because = f"the new tests pass on the old code too: they do not show the {gate.kind.value}"
    return Verdict("fails before", Status.FAIL, because, seconds=run.seconds, facts=facts)
