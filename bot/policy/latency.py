"""How long a model usually takes: a moving average to compare models, a percentile to know when one is late."""

from dataclasses import dataclass

WEIGHT = 0.2
"""Of the newest value in the moving average."""
KEPT = 64
ENOUGH = 8
"""Values from which a percentile says something."""


@dataclass(frozen=True, slots=True)
class Latency:
    """Seconds until first output, as seen lately."""

    average: float = 0.0
    recent: tuple[float, ...] = ()

    def seen(self, seconds: float) -> "Latency":
        """With one more value; the first is the average, so that a slow start is not hidden behind a zero."""
        average = seconds if not self.recent else (1 - WEIGHT) * self.average + WEIGHT * seconds
        return Latency(average, (*self.recent, seconds)[-KEPT:])

    def percentile(self, share: float) -> float | None:
        """The smallest value that at least this share of the recent ones does not exceed; None if they are too few."""
        if len(self.recent) < ENOUGH:
            return None
        ordered = sorted(self.recent)
        position = max(0, -int(-share * len(ordered) // 1) - 1)
        return ordered[min(position, len(ordered) - 1)]


def late_after(latency: Latency, unknown: float, most: float) -> float:
    """Seconds after which a second model is asked: the 95th percentile, between 0.25 s and `most`; `unknown` where
    nothing is known. J. Dean, L. Barroso: The Tail at Scale, CACM 56(2), 2013."""
    usual = latency.percentile(0.95)
    return min(max(unknown if usual is None else usual, 0.25), most)
