"""The base's tests on the new code: compared with the base's run, suspects run again before anybody is blamed."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot.core.change import Claim
from bot.core.verdict import Fact, Status, Verdict
from bot.improve.doors import Gate, Workspace
from bot.improve.testing.carry import carried, reach_is_known
from bot.improve.testing.compare import Difference, compare
from bot.improve.testing.flakes import Triage, triage
from bot.improve.testing.results import FileLines, Run, merge
from bot.improve.testing.run import Ask, file_of, run_tests

SHOWN = 5
LEAST_PATIENCE = 5.0
"""Seconds without a word from a worker, at least, before the test it is at counts as hanging."""


@dataclass(frozen=True, slots=True)
class _Part:
    """Tests of one run: whether their lines are measured, and those of the tests beside the first."""

    tests: tuple[str, ...]
    coverage: bool = False
    others: bool = True


@dataclass(slots=True)
class Suite:
    """Judges sets of the base's tests on one change; collects the runs for the coverage that follows.

    Measuring lines takes as long again as the tests. Where the base's map tells which tests the change reaches, only
    they are measured: the others run too, and what they ran on the base is carried over.
    """

    gate: Gate
    base: Run
    evidence: Path
    measured: bool = True
    """Whether somebody asks afterwards which lines ran."""
    runs: list[Run] = field(default_factory=list)
    carried: dict[str, FileLines] = field(default_factory=dict)

    def head(self) -> Run:
        """All that is known of the base's tests on the new code."""
        return merge([Run(files=self.carried), *self.runs])

    async def judge(self, near: Sequence[str], others: Sequence[str]) -> list[Verdict]:
        """Verdicts on the impacted tests and the others. They run side by side; a failure of the first ends it."""
        known = reach_is_known(self.gate, self.base)
        ask = _Part((*near, *others), coverage=self.measured and (bool(near) or not known), others=not known)
        run = await self._again(self.gate.trial, ask, first=tuple(near) if others else ())
        self.runs.append(run)
        if known and self.measured:
            self.carried = await asyncio.to_thread(carried, self.gate, self.base, others)
        whole = self._whole(run)
        if whole is not None:
            return [whole]
        parts: list[Verdict] = []
        for name, tests in (("impacted", near), ("suite", others)):
            if any(part.status is Status.FAIL for part in parts):
                break
            if parts and tests and not parts[0].passed:
                # A failure among the impacted ended the run, and was no refusal after all: the others run alone.
                run = await self._again(self.gate.trial, _Part(tuple(tests), coverage=self.measured and not known))
                self.runs.append(run)
                if (whole := self._whole(run)) is not None:
                    return [*parts, whole]
            if tests:
                parts.append(await self._part(name, tests, run))
        return parts

    def _whole(self, run: Run) -> Verdict | None:
        """What is wrong with the run as a whole, if anything."""
        because = ""
        if "run" in run.problems and not run.timed_out:
            because = f"the tests do not run: {run.problems['run']}"
        elif run.tampered or set(run.always_equal) - set(self.base.always_equal):
            because = _dishonest(run, self.base)
        elif run.timed_out:
            because = "the tests did not end in time"
        return Verdict("suite", Status.FAIL, because, seconds=run.seconds) if because else None

    async def _part(self, name: str, tests: Sequence[str], run: Run) -> Verdict:
        facts: dict[str, Fact] = {"expected": len(tests), "tests": sum(test in run.tests for test in tests)}
        difference = compare(self.base, run, tests)
        return self._verdict(name, run, difference, await self._triage(difference), facts)

    async def _triage(self, difference: Difference) -> Triage:
        if not difference.suspects:
            return Triage()

        async def on_head(tests: Sequence[str]) -> Run:
            return await self._again(self.gate.trial, _Part(tuple(tests)))

        async def on_base(tests: Sequence[str]) -> Run:
            return await self._again(self.gate.base, _Part(tuple(tests)))

        self.gate.progress("tests", f"{len(difference.suspects)} failing tests are run again")
        return await triage(difference.suspects, on_head, on_base)

    async def _again(self, work: Workspace, part: _Part, *, first: tuple[str, ...] = ()) -> Run:
        weights = {test: self.base.tests[test].seconds for test in part.tests if test in self.base.tests}
        patience = max(LEAST_PATIENCE, 10 * max(weights.values(), default=0.0))
        ask = Ask(
            tests=part.tests,
            coverage=part.coverage,
            others_traced=part.others,
            patience=patience,
            seconds=60 + 5 * sum(weights.values()),
            weights=weights,
            first=first,
            tolerated=frozenset(t for t in part.tests if t in self.base.tests and not self.base.tests[t].good),
        )
        return await run_tests(work, self.gate.profile, ask, scratch=self.evidence, cache=self.gate.cache)

    def _verdict(self, name: str, run: Run, difference: Difference, found: Triage, facts: dict[str, Fact]) -> Verdict:
        facts["already_failing"] = [*difference.already, *found.base][:50]
        status, because = Status.PASS, f"{facts['tests']} tests hold"
        broken = (*found.broken, *difference.vanished)
        if difference.replaced:
            status = Status.FAIL
            because = f"another body ran in place of the base's test: {_names(difference.replaced)}"
        elif broken or difference.problems:
            status, because = self._blame(run, difference, found)
            facts["broken"] = list(broken[:50])
        elif found.flaky:
            status, because = Status.INCONCLUSIVE, f"flaky with this change, steady on the base: {_names(found.flaky)}"
            facts["flaky"] = list(found.flaky)
        return Verdict(name, status, because, seconds=run.seconds, facts=facts)

    def _blame(self, run: Run, difference: Difference, found: Triage) -> tuple[Status, str]:
        """A change that promises nothing may rewrite a test that stood in its way, if a person agrees."""
        names = (*found.broken, *difference.vanished)
        edited = {str(change.old_path) for change in self.gate.changes}
        rewritten = not difference.problems and all(file_of(test) in edited for test in names)
        if rewritten and self.gate.claim is Claim.NONE:
            return (
                Status.PENDING,
                f"the change rewrites tests that fail on its code, a person must agree: {_names(names)}",
            )
        if difference.problems:
            return Status.FAIL, f"cannot be collected any more: {difference.problems[0][-400:]}"
        if difference.vanished and not found.broken:
            return Status.FAIL, f"no longer collected or reported: {_names(difference.vanished)}"
        result = run.tests[found.broken[0]]
        if result.outcome in {"timeout", "died", "skipped"}:
            how = {"timeout": "hangs", "died": "ends the process", "skipped": "is skipped"}[result.outcome]
            return Status.FAIL, f"{found.broken[0]} {how} on the new code ({len(found.broken)} in all)"
        last = result.text.strip().splitlines()[-1:] or [""]
        return Status.FAIL, f"{len(found.broken)} tests fail on the new code: {_names(found.broken)}: {last[0][:200]}"


def _dishonest(run: Run, base: Run) -> str:
    if run.tampered:
        return f"the run cannot be believed: {run.tampered[0]}"
    new = sorted(set(run.always_equal) - set(base.always_equal))
    return f"equal to everything, or a replaced part of the referee: {', '.join(new[:SHOWN])}"


def _names(tests: Sequence[str]) -> str:
    more = f" and {len(tests) - SHOWN} more" if len(tests) > SHOWN else ""
    return ", ".join(tests[:SHOWN]) + more
