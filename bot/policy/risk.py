"""How much may go wrong with a change, before it is tried: by whose consent it needs, how much builds on what it
touches, how large it is, and how much of it the tests would notice. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.core.tier import Tier

TIERS: Mapping[Tier, float] = {Tier.SAFE: 0.0, Tier.VALIDATED: 0.5, Tier.CRITICAL: 1.5, Tier.SEALED: 3.0}
WIDE, LONG, DARK = 1.0, 1.0, 0.5
"""What the whole product building on it, as many lines as the charter allows, and no test at all add to the risk."""


@dataclass(frozen=True, slots=True)
class Exposure:
    """What a change lays open. Counts are not negative."""

    tier: Tier = Tier.SAFE
    reach: int = 0
    """Modules that import what is touched, directly or through others."""
    modules: int = 0
    """All modules of the product; 0: not known."""
    lines: int = 0
    most_lines: int = 400
    """What the charter allows one change."""
    covered: float | None = None
    """Share of the touched lines that tests run, 0 to 1; None: not measured, which is as if none did."""


@dataclass(frozen=True, slots=True)
class Risk:
    """1 is the least: nothing was found that adds to it. The parts say what did."""

    value: float = 1.0
    parts: Mapping[str, float] | None = None
    because: str = "nothing adds to it"


NONE = Risk()


def risk(open_to: Exposure) -> Risk:
    """Never falls when the tier, the reach or the size rises, or when less is covered."""
    reach = min(1.0, open_to.reach / open_to.modules) if open_to.modules > 0 else 0.0
    size = min(1.0, open_to.lines / max(1, open_to.most_lines))
    dark = 1.0 - min(1.0, max(0.0, open_to.covered or 0.0))
    parts = {
        f"tier {open_to.tier.value}": TIERS[open_to.tier],
        f"{open_to.reach} modules build on it": WIDE * reach,
        f"{open_to.lines} lines": LONG * size,
        _seen(open_to.covered): DARK * dark,
    }
    told = [f"{what} (+{more:.2f})" for what, more in parts.items() if more >= 0.005]
    return Risk(round(1.0 + sum(parts.values()), 4), parts, ", ".join(told) or NONE.because)


def _seen(covered: float | None) -> str:
    return "coverage is not known" if covered is None else f"tests run {covered:.0%} of it"


def worth(impact: float, chance: float, of: Risk) -> float:
    """Expected value: impact times chance of acceptance over risk (SPEC SI-2)."""
    return round(impact * chance / of.value, 4)
