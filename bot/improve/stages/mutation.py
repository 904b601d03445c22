"""V-9: small wrong versions of the changed lines are noticed by the tests."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import ceil, comb
from pathlib import PurePosixPath

from bot.core.verdict import Fact, Status, Verdict
from bot.improve.doors import NOT_APPLICABLE, Gate, not_applicable
from bot.improve.mutation.choose import choose
from bot.improve.mutation.generate import generate
from bot.improve.mutation.mutant import Mutant
from bot.improve.mutation.run import Bench, judge
from bot.improve.stages.tests import EVIDENCE_BASE, EVIDENCE_HEAD, evidence
from bot.improve.testing.changed import is_product, product_lines, text
from bot.improve.testing.impact import old_lines
from bot.improve.testing.overlay import overlaid, own_tests
from bot.improve.testing.results import Fate

MOST = 40
SECONDS = 60.0
SURVIVING = 0.10
"""Share of the mutants that may live, since some are no different in ways that cannot be proved."""
ALL = 5
"""Of fewer mutants none may live."""
ALPHA = 0.05


class Mutation:
    """Tries mutants of the changed lines against the tests that run them."""

    id = "V-9"
    name = "mutation"
    needs = ("tests",)
    alone = False

    async def run(self, gate: Gate, earlier: Mapping[str, Verdict]) -> Verdict:
        """PASS if at most a tenth of the mutants lives.

        A change that keeps behaviour is held against the base instead: the lines that it replaces were tested no
        better, or it fails.
        """
        started = time.monotonic()
        tests = earlier.get("tests")
        if tests is None or NOT_APPLICABLE in tests.facts:
            return not_applicable(self.name, "there are no tests to try")
        if tests.status in {Status.FAIL, Status.ERROR}:
            return Verdict(self.name, Status.INCONCLUSIVE, "the tests did not hold, so nothing was tried")
        lines = product_lines(gate)
        if not lines:
            return not_applicable(self.name, "the change touches no product code")
        texts = {path: text(gate, path) for path in lines}
        mutants = choose([m for p, t in texts.items() for m in generate(t, p, lines[p])], texts, MOST)
        if not mutants:
            return not_applicable(self.name, "the changed lines hold nothing to mutate")
        gate.progress(self.name, f"{len(mutants)} mutants of the changed lines")
        verdict = await self._judge(gate, mutants)
        return replace(verdict, seconds=time.monotonic() - started)

    async def _judge(self, gate: Gate, mutants: Sequence[Mutant]) -> Verdict:
        head, base = evidence(gate, EVIDENCE_HEAD), evidence(gate, EVIDENCE_BASE)
        if head is None or base is None:
            return Verdict(self.name, Status.ERROR, "V-7 left no readable record of its runs")
        if not head.files:
            return not_applicable(
                self.name,
                "the repository's interpreter is too old for its lines to be measured, so no test can be chosen",
            )
        scratch = gate.scratch / self.name
        with overlaid(gate.trial.path, {**own_tests(gate)}, scratch) as root:
            bench = Bench(gate.head, gate.profile, head, scratch, gate.cache, root, SECONDS)
            fates = await judge(bench, mutants)
        if not gate.preserving:
            return threshold(mutants, fates)
        old = _replaced(gate)
        before: dict[str, Fate] = {}
        if old and any(not fate.noticed for fate in fates.values()):
            before = await judge(Bench(gate.base, gate.profile, base, scratch, gate.cache, None, SECONDS), old)
        return against_base(mutants, fates, before)


def _replaced(gate: Gate) -> list[Mutant]:
    """Mutants of the base's lines that the change replaces."""
    found: list[Mutant] = []
    texts: dict[PurePosixPath, str] = {}
    for change in gate.changed(".py"):
        place = gate.base.path / change.old_path
        if change.action != "add" and is_product(gate, change.path) and place.is_file():
            texts[change.old_path] = place.read_text(encoding="utf-8", errors="replace")
            touched = old_lines(texts[change.old_path], text(gate, change.path))
            found += generate(texts[change.old_path], change.old_path, touched)
    return choose(found, texts, MOST)


def threshold(mutants: Sequence[Mutant], fates: Mapping[str, Fate]) -> Verdict:
    """For new behaviour: its tests must notice mutants of it."""
    judged = [m for m in mutants if m.id in fates]
    facts, alive = _facts(mutants, fates)
    if not judged:
        return Verdict("mutation", Status.INCONCLUSIVE, "no mutant was reached in time", facts=facts)
    allowed = ceil(SURVIVING * len(judged)) if len(judged) >= ALL else 0
    because = f"{len(judged) - len(alive)} of {len(judged)} mutants of the changed lines are noticed"
    if alive:
        because += f"; alive: {'; '.join(m.describe() for m in alive[:3])}"
    return Verdict("mutation", Status.PASS if len(alive) <= allowed else Status.FAIL, because, facts=facts)


def against_base(mutants: Sequence[Mutant], fates: Mapping[str, Fate], before: Mapping[str, Fate]) -> Verdict:
    """For unchanged behaviour: blind spots that the base had are not the change's; worse ones are."""
    facts, alive = _facts(mutants, fates)
    judged = len([m for m in mutants if m.id in fates])
    alive_before = sum(not fate.noticed for fate in before.values())
    facts |= {"base_mutants": len(before), "base_alive": alive_before}
    chance = as_many_by_chance(len(alive), judged, alive_before, len(before))
    because = f"{judged - len(alive)} of {judged} mutants are noticed"
    if before:
        because += f", {len(before) - alive_before} of {len(before)} of the lines they replace"
    if before and chance < ALPHA:
        return Verdict("mutation", Status.FAIL, f"the tests see less of the new code: {because}", facts=facts)
    return Verdict("mutation", Status.PASS, because, facts=facts)


def as_many_by_chance(alive: int, judged: int, alive_before: int, judged_before: int) -> float:
    """Fisher's exact test, one-sided: the chance of so many alive on this side if both sides are alike."""
    everything, living = judged + judged_before, alive + alive_before
    ways = comb(everything, judged)
    tail = range(alive, min(judged, living) + 1)
    return sum(comb(living, k) * comb(everything - living, judged - k) for k in tail) / ways


def _facts(mutants: Sequence[Mutant], fates: Mapping[str, Fate]) -> tuple[dict[str, Fact], list[Mutant]]:
    alive = [m for m in mutants if m.id in fates and not fates[m.id].noticed]
    facts: dict[str, Fact] = {
        "mutants": len(mutants),
        "judged": len([m for m in mutants if m.id in fates]),
        "alive": [m.describe() for m in alive[:20]],
        "untested": sum(fate.outcome == "untested" for fate in fates.values()),
    }
    return facts, alive


STAGE = Mutation()
