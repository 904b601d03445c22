"""What the judge is given: one side's measurements, with the holes in them."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from statistics import median


@dataclass(frozen=True, slots=True)
class Samples:
    """One side of a comparison, in the order of time."""

    values: tuple[float | None, ...]
    """None, or not a number: the source was asked and did not answer. For a rate: the bad ones of each row."""
    totals: tuple[float, ...] = ()
    """For a rate: all events of each row."""
    times: tuple[float, ...] = ()
    """Seconds, one for each value, where they are known."""

    @property
    def seen(self) -> list[float]:
        """The values that are numbers."""
        return [v for v in self.values if v is not None and math.isfinite(v)]

    @property
    def rows(self) -> list[tuple[float, float]]:
        """For a rate: (bad, total) of each row that was answered."""
        pairs = zip(self.values, self.totals, strict=True)
        return [(v, t) for v, t in pairs if v is not None and math.isfinite(v) and math.isfinite(t)]

    @property
    def longest_silence(self) -> int:
        """How many answers in a row are missing, at most."""
        return longest_run(v is None or not math.isfinite(v) for v in self.values)

    @property
    def gaps(self) -> list[float]:
        """Seconds between one answered value and the next."""
        answered = [t for t, v in zip(self.times, self.values, strict=False) if v is not None and math.isfinite(v)]
        return [after - before for before, after in pairwise(sorted(answered))]


def longest_run(marks: Iterable[bool]) -> int:
    """Length of the longest unbroken run of true marks."""
    best = now = 0
    for mark in marks:
        now = now + 1 if mark else 0
        best = max(best, now)
    return best


def silence(baseline: Samples, candidate: Samples, minimum: int) -> str:
    """Why the candidate counts as silent, or an empty string.

    Silent is who leaves `minimum` answers in a row out, or a hole as long as that, and thrice what the baseline did.
    """
    missing, usual = candidate.longest_silence, baseline.longest_silence
    if missing >= max(minimum, 3 * usual + 1) and len(baseline.seen) >= minimum:
        return f"the candidate gave no answer {missing} times in a row (baseline: {usual})"
    if not (candidate.gaps and baseline.gaps):
        return ""
    hole, step = max(candidate.gaps), median(baseline.gaps)
    if hole > max(minimum * step, 3 * max(baseline.gaps)):
        return f"the candidate was silent for {hole:g} s; the baseline reported every {step:g} s"
    return ""
