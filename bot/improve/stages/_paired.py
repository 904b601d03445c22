"""What measurements of two versions in turns say, whatever is measured."""

import math
import random
import statistics
from collections.abc import Sequence

LIMIT = 1.10
"""Cost of head over base at which it is too much."""
RESAMPLES = 1_000
IO_FLOORS = (4_096.0, 2.0)
"""Extra bytes, and extra reads and writes, that matter in one call: another way to open a file is style."""
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


def io_reasons(moved: Pairs, operations: Pairs, floors: Sequence[float] = IO_FLOORS, limit: float = LIMIT) -> list[str]:
    """Why head reads and writes too much; nothing where the kernel did not say how much it was (below 0)."""
    rows = ((moved, floors[0], "bytes"), (operations, floors[1], "calls"))
    return [why for pairs, floor, unit in rows if (why := _more(pairs, floor, unit, limit))]


def _more(pairs: Pairs, floor: float, unit: str, limit: float) -> str:
    if not known(pairs) or extra(pairs) <= floor:
        return ""
    base, head = (statistics.median(turn[side] for turn in pairs) for side in (0, 1))
    if base <= 0:
        return f"reads and writes {head:.0f} {unit} of input and output; was none"
    least, middle = bound(pairs)
    return f"moves {middle:.2f} times the {unit} of input and output (at least {least:.2f})" if least > limit else ""


def known(pairs: Pairs) -> bool:
    """Whether each turn was measured on both sides."""
    return bool(pairs) and all(value >= 0 for turn in pairs for value in turn)
