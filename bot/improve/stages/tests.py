"""V-7: the base's tests on the new code, impacted ones first, then the change's own; counted from the signed report."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from bot.core.change import Claim
from bot.core.errors import Misconfigured
from bot.core.verdict import Fact, Status, Verdict, worst
from bot.improve.doors import Gate, not_applicable
from bot.improve.stages.tests_own import judge_own
from bot.improve.stages.tests_suite import Suite
from bot.improve.testing.baseline import baseline, foretell, load, save
from bot.improve.testing.carry import successor
from bot.improve.testing.impact import impacted
from bot.improve.testing.overlay import own_tests
from bot.improve.testing.results import Run, merge
from bot.improve.testing.tamper import reaches

EVIDENCE_HEAD = "head.json.gz"
EVIDENCE_BASE = "base.json.gz"


class Tests:
    """Runs what the base asks of the code, then what the change asks of itself."""

    id = "V-7"
    name = "tests"
    needs: tuple[str, ...] = ()
    alone = False

    def __init__(self, *, only_impacted: bool = False) -> None:
        self.only_impacted = only_impacted
        """For a first answer while somebody waits: without the rest of the suite, and without what later stages read.

        Lines are measured only where the change's own tests are held against mutants.
        """

    async def run(self, gate: Gate, earlier: Mapping[str, Verdict]) -> Verdict:  # noqa: ARG002  (the door's shape)
        """PASS only if every test that held on the base holds on the new code, and the new ones prove something."""
        started = time.monotonic()
        if gate.profile.runner is None:
            return not_applicable(self.name, "the repository has no tests")
        evidence = gate.scratch / self.name
        try:
            gate.progress(self.name, "the base's tests on the base")
            base = await baseline(gate.base, gate.profile, scratch=evidence, cache=gate.cache)
            if not base.tests:
                return _no_base(base, time.monotonic() - started)
            parts, suite, own = await _judge(gate, base, evidence, only_impacted=self.only_impacted)
        except Misconfigured as error:
            return Verdict(self.name, Status.ERROR, str(error), seconds=time.monotonic() - started)
        head = merge([suite, own])
        verdict = worst(self.name, parts, seconds=time.monotonic() - started)
        if not self.only_impacted:
            await asyncio.to_thread(save, base, evidence / EVIDENCE_BASE)
            await asyncio.to_thread(save, head, evidence / EVIDENCE_HEAD)
            if verdict.passed:
                await asyncio.to_thread(_foretell, gate, base, suite, own)
        facts: dict[str, Fact] = {"tests": len(head.tests), "base_tests": len(base.tests)}
        because = f"{len(head.tests)} tests hold" if verdict.passed else verdict.because
        return replace(verdict, because=because, facts=facts)


def _no_base(base: Run, seconds: float) -> Verdict:
    if base.timed_out or base.problems:
        why = "; ".join(f"{where}: {what[-300:]}" for where, what in base.problems.items()) or "it did not end in time"
        return Verdict("tests", Status.ERROR, f"the base's own suite does not run: {why}", seconds=seconds)
    return not_applicable("tests", "no test is collected from the base")


def _foretell(gate: Gate, base: Run, suite: Run, own: Run) -> None:
    """Where this change is merged as it is, its tree is the next base: spare its run."""
    found = successor(gate, base, suite, own)
    if found is not None:
        foretell(gate.head, gate.profile, found, gate.cache)


async def _judge(gate: Gate, base: Run, evidence: Path, *, only_impacted: bool) -> tuple[list[Verdict], Run, Run]:
    """The parts in their order, and what the base's tests and the change's own showed. A failure ends it."""
    parts: list[Verdict] = [_tampering(gate)]
    suite = Suite(gate, base, evidence, measured=not only_impacted or bool(own_tests(gate)))
    runs: list[Run] = []
    near = impacted(gate, base)
    others = () if only_impacted else _others(base, near)
    if _open(parts) and (near or others):
        gate.progress("tests", f"{len(near)} impacted tests first, {len(others)} others")
        parts += await suite.judge(near, others)
    seen = suite.head()
    if _open(parts):
        gate.progress("tests", "the change's own tests")
        own, runs = await judge_own(gate, base, seen, evidence)
        parts += own
    return parts, seen, merge(runs)


def _others(base: Run, near: Sequence[str]) -> tuple[str, ...]:
    known = frozenset(near)
    return tuple(test for test in base.collected if test not in known and test in base.tests)


def _open(parts: Sequence[Verdict]) -> bool:
    return all(part.status not in {Status.FAIL, Status.ERROR} for part in parts)


def _tampering(gate: Gate) -> Verdict:
    """Static half of the referee's defence; the other half is in the report (canaries, digests, signatures)."""
    found = reaches(gate)
    if not found:
        return Verdict("referee", Status.PASS, "the product does not reach for its test runner")
    status = Status.FAIL if gate.by_engine or gate.claim is Claim.PRESERVING else Status.PENDING
    return Verdict("referee", status, f"product code reaches for its referee: {'; '.join(found[:5])}")


def evidence(gate: Gate, name: str) -> Run | None:
    """What this stage left for later ones: EVIDENCE_HEAD or EVIDENCE_BASE."""
    return load(gate.scratch / "tests" / name)


STAGE = Tests()
