"""Writes tests that notice what no test noticed: a wrong version of a pure function."""

import asyncio
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from bot.core.change import Claim, Finding, Idea, Kind, Patch, Refusal
from bot.improve.analysts.surviving_mutants import RULE, decode
from bot.improve.authors import mutant_tests_place as places
from bot.improve.authors import mutant_tests_text as texts
from bot.improve.authors._idea import Words, analysed
from bot.improve.authors.mutant_tests_search import Target, Witness, spec_for, witnesses
from bot.improve.doors import Profile, Workspace
from bot.improve.mutation.mutant import Mutant
from bot.improve.mutation.run import Bench, judge
from bot.improve.testing.overlay import overlaid
from bot.improve.testing.results import Run, merge
from bot.improve.testing.run import Ask, run_tests

MOST = 3
"""Tests written at once."""
AGAIN = ("0", "1", "4242")
"""Hash seeds under which a new test must pass."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A test file before it is proved, and which mutant each of its tests is to notice."""

    path: PurePosixPath
    text: str
    tests: tuple[str, ...]
    witnesses: tuple[Witness, ...]


class MutantTests:
    """Author: one file of tests for the surviving mutants of one function."""

    name = "mutant_tests"
    kind = Kind.TEST
    claim = Claim.PRESERVING

    def __init__(self, cache: Path | None = None) -> None:
        self.cache = cache

    def ideas(self, findings: Sequence[Finding]) -> Sequence[Idea]:
        """One idea for each function with survivors."""
        return [self._idea(finding) for finding in findings if finding.rule == RULE]

    def _idea(self, finding: Finding) -> Idea:
        key = f"{self.name}\0{finding.fingerprint}"
        words = Words(f"edge cases of {finding.symbol}", finding.message)
        return analysed(self, finding, key, words, value=float(str(finding.evidence.get("alive", 1))))

    async def write(self, idea: Idea, work: Workspace, profile: Profile) -> Patch | Refusal:
        """A new test file that holds on the code as it is, three times over, and fails on each named mutant."""
        finding = idea.findings[0]
        target = Target(work, profile, finding.path, finding.symbol)
        mutants = _still_there(finding, target)
        if not mutants:
            return Refusal(f"{finding.symbol} has changed since its mutants were tried")
        found = [w for w in (await witnesses(target, mutants)) if not repeats(w)][:MOST]
        if not found:
            return Refusal(f"no readable input was found that tells {finding.symbol} from its mutants")
        draft = _draft(target, found)
        if draft is None:
            return Refusal(f"there is no place for a test of {finding.path}")
        folder = Path(tempfile.mkdtemp(prefix="megawatts-tests-"))
        folder.chmod(0o755)
        try:
            wrong = await self._prove(draft, target, folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        if wrong:
            return Refusal(wrong)
        named = [w.mutant.describe() for w in found]
        summary = f"Tests that notice {len(named)} wrong versions of {finding.symbol} that passed until now."
        return Patch(work.sha, {draft.path: draft.text.encode()}, summary, facts={"mutants": named})

    async def _prove(self, draft: Draft, target: Target, folder: Path) -> str:
        """Why the draft is no good; empty if it is."""
        cache = self.cache or folder / "cache"
        cache.mkdir(parents=True, exist_ok=True)
        with overlaid(target.work.path, {draft.path: draft.text.encode()}, folder) as root:
            asks = [Ask(files=(str(draft.path),), root=root, coverage=False, hash_seed=seed) for seed in AGAIN]
            runs = await asyncio.gather(
                *(run_tests(target.work, target.profile, ask, scratch=folder, cache=cache) for ask in asks)
            )
            wrong = _unsteady(draft, runs)
            if wrong:
                return wrong
            bench = Bench(target.work, target.profile, merge(runs), folder, cache, root)
            fates = await judge(bench, [w.mutant for w in draft.witnesses], lambda _mutant: tuple(runs[0].tests))
        alive = [w.mutant for w in draft.witnesses if w.mutant.id not in fates or not fates[w.mutant.id].noticed]
        return f"the tests do not notice {alive[0].describe()}" if alive else ""


def _still_there(finding: Finding, target: Target) -> list[Mutant]:
    """The finding's mutants whose place in the file still holds the same text."""
    place = target.work.path / finding.path
    rows = finding.evidence.get("mutants", [])
    if not place.is_file() or not isinstance(rows, list):
        return []
    text = target.text()
    mutants = [decode(row) for row in rows]
    return [m for m in mutants if text[m.start : m.end] == m.original and m.path == finding.path]


def repeats(witness: Witness) -> bool:
    """Whether the test would only say the code again: the mutated constant is itself what is expected."""
    if witness.mutant.operator != "constant" or not witness.source:
        return False
    return witness.mutant.original.strip("\"'") == witness.source.strip("\"'") and len(witness.source) > 8


def _draft(target: Target, found: Sequence[Witness]) -> Draft | None:
    path = places.place_for(target.work.path, target.path, target.profile)
    if path is None:
        return None
    unittest = target.profile.runner == "unittest"
    params = [param.name for param in spec_for(target).params]
    bodies: dict[str, list[str]] = {}
    for witness in found:
        name = texts.name_of(target.name, params, witness)
        unique = next(n for n in (name, *(f"{name}_{i}" for i in range(2, 99))) if n not in bodies)
        bodies[unique] = texts.statements(target.name, witness, unittest=unittest)
    needed = texts.imports(target.module, target.name, found, texts.origins(target.text()))
    style = texts.Style(unittest=unittest, typed=target.profile.typed or target.profile.own)
    written = texts.compose(f"`{target.name}`", needed, bodies, style)
    text = places.formatted(written, target.work.path)
    return Draft(path, text, tuple(bodies), tuple(found)) if text else None


def _unsteady(draft: Draft, runs: Sequence[Run]) -> str:
    """What speaks against the tests on the unchanged code."""
    for run in runs:
        if run.problems or run.timed_out or run.tampered:
            return f"the new tests do not run: {next(iter(run.problems.values()), 'ended from outside')[-200:]}"
        if len(run.tests) != len(draft.tests):
            return f"{len(run.tests)} of {len(draft.tests)} new tests are collected"
    flaky = [test for test in runs[0].tests if not all(run.tests[test].good for run in runs)]
    return f"{flaky[0]} does not hold every time on the unchanged code" if flaky else ""
