"""What the impacted tests read and write, on both versions: the half of V-11's measurement that no clock takes."""

from collections.abc import Sequence
from dataclasses import replace

from bot.core.verdict import Fact, Status, Verdict
from bot.improve.stages._paired import Pairs, io_reasons
from bot.improve.testing.results import Run

FLOORS = (16_384.0, 20.0)
"""Extra bytes, and extra reads and writes, that matter in one turn."""
ONE = 1.5
"""Input and output of head over base at which it is too much for one test by itself, as for processor time."""
Turns = Sequence[tuple[Run, Run]]


def with_io(judged: Verdict, turns: Turns, tests: Sequence[str]) -> Verdict:
    """The verdict on these tests' time, with what they moved: more than the limit fails, whatever the time was."""
    seen = [test for test in tests if all(_known(run, test) for turn in turns for run in turn)]
    if not seen:
        return replace(judged, facts={**judged.facts, "io": "not known"})
    sums = [_pairs(turns, seen, field) for field in ("moved", "calls")]
    reasons = [f"together: {why}" for why in io_reasons(sums[0], sums[1], FLOORS)]
    for test in seen:
        one = [_pairs(turns, [test], field) for field in ("moved", "calls")]
        reasons += [f"{test}: {why}" for why in io_reasons(one[0], one[1], FLOORS, ONE)]
    base, head = sums[0][0]
    facts: dict[str, Fact] = {**judged.facts, "io": f"{head:.0f} bytes a turn; was {base:.0f}"}
    if not reasons:
        return replace(judged, facts=facts)
    told = [judged.because] if judged.status is Status.FAIL else []
    return replace(judged, status=Status.FAIL, because="; ".join([*told, *reasons[:5]]), facts=facts)


def _known(run: Run, test: str) -> bool:
    result = run.tests.get(test)
    return result is not None and result.moved >= 0 and result.calls >= 0


def _pairs(turns: Turns, tests: Sequence[str], field: str) -> Pairs:
    return [[sum(float(getattr(run.tests[test], field)) for test in tests) for run in turn] for turn in turns]
