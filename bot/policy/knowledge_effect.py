"""What a change did where it ran: the health judge's figures of the new revision against the one before. Pure."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from bot.core.verdict import Verdict

_FIGURES = ("rate", "median", "mean")
"""What the judge calls its figures, by kind of metric: `baseline_rate` and `candidate_rate`, and so on."""
_MOST = 20


@dataclass(frozen=True, slots=True)
class Effect:
    """One metric: what it was before and what it is with the change, in the metric's own unit (a share, seconds)."""

    metric: str
    status: str
    """The judge's word: pass, fail, inconclusive or pending."""
    before: float
    after: float
    samples_before: float
    samples: float

    @property
    def change(self) -> float | None:
        """Relative change, 0.1 for a tenth more; None from nothing to something."""
        if self.before == 0:
            return 0.0 if self.after == 0 else None
        return (self.after - self.before) / abs(self.before)

    def line(self) -> str:
        """For people."""
        moved = f"{self.change:+.0%}" if self.change is not None else "new"
        samples = f"{self.samples_before:g} and {self.samples:g} samples"
        return f"{self.metric} {self.before:.4g} -> {self.after:.4g} ({moved}; {samples}; {self.status})"

    def row(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)


def measured(health: Verdict) -> tuple[Effect, ...]:
    """Every metric that the judge compared, once each; a metric without figures on both sides is left out."""
    found: dict[str, Effect] = {}
    for verdict in health.walk():
        effect = _of(verdict)
        if effect is not None:
            found.setdefault(effect.metric, effect)
    return tuple(found.values())[:_MOST]


def read(rows: Iterable[Mapping[str, Any]]) -> tuple[Effect, ...]:
    """Effects as they were kept; what has another shape is left out."""
    return tuple(effect for row in rows if (effect := _read(row)) is not None)


def moved(effects: Sequence[Effect]) -> Mapping[str, tuple[int, float]]:
    """By metric: how many changes were measured, and the median of their relative changes."""
    changes: dict[str, list[float]] = {}
    for effect in effects:
        if effect.change is not None:
            changes.setdefault(effect.metric, []).append(effect.change)
    return {metric: (len(some), median(some)) for metric, some in sorted(changes.items())}


def _of(verdict: Verdict) -> Effect | None:
    for figure in _FIGURES:
        names = (f"baseline_{figure}", f"candidate_{figure}", "baseline_samples", "candidate_samples")
        values = [value for name in names if (value := _number(verdict.facts.get(name))) is not None]
        if len(values) == len(names):
            return Effect(verdict.name, verdict.status.name.lower(), *values)
    return None


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def _read(row: Mapping[str, Any]) -> Effect | None:
    try:
        numbers = [float(row[name]) for name in ("before", "after", "samples_before", "samples")]
        found = Effect(str(row["metric"]), str(row["status"]), *numbers)
    except (KeyError, TypeError, ValueError):
        return None
    return found if all(map(math.isfinite, numbers)) else None
