"""What measurements of two versions in turns say, whatever is measured."""

import math
import random
import statistics
from collections.abc import Sequence

LIMIT = 1.10
"""Cost of head over base at which it is too much."""
RESAMPLES = 1_000
Pairs = Sequence[Sequence[float]]
"""Cost of base and of head, turn by turn."""


def extra(pairs: Pairs) -> float:
    """What head costs more than base, by the median of the turns."""
    return statistics.median(head - base for base, head in pairs)


def bound(pairs: Pairs) -> tuple[float, float]:
    """Lower end of the 95% bootstrap interval of the median ratio head/base, and that median (paired by turn)."""
    ratios = [math.log(max(head, 1e-9) / max(base, 1e-9)) for base, head in pairs]
    rng = random.Random(len(ratios))  # noqa: S311  (resampling, repeatable)
    medians = sorted(statistics.median(rng.choices(ratios, k=len(ratios))) for _ in range(RESAMPLES))
    return math.exp(medians[int(0.025 * RESAMPLES)]), math.exp(statistics.median(ratios))
