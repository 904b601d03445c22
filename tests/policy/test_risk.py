"""Risk never falls when more is laid open, and worth never rises with it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.tier import Tier
from bot.policy.risk import NONE, TIERS, Exposure, risk, worth

SHARES = st.floats(0, 1)
EXPOSURES = st.builds(
    Exposure,
    tier=st.sampled_from(Tier),
    reach=st.integers(0, 900),
    modules=st.integers(0, 900),
    lines=st.integers(0, 5000),
    most_lines=st.integers(0, 1000),
    covered=st.none() | SHARES,
)


@given(EXPOSURES, st.sampled_from(Tier))
def test_a_higher_tier_is_never_less_risky(one: Exposure, tier: Tier) -> None:
    low, high = sorted((one.tier, tier))
    assert risk(replace(one, tier=low)).value <= risk(replace(one, tier=high)).value


@given(EXPOSURES, st.integers(0, 900))
def test_a_longer_reach_is_never_less_risky(one: Exposure, more: int) -> None:
    assert risk(one).value <= risk(replace(one, reach=one.reach + more)).value


@given(EXPOSURES, st.integers(0, 900))
def test_more_lines_are_never_less_risky(one: Exposure, more: int) -> None:
    assert risk(one).value <= risk(replace(one, lines=one.lines + more)).value


@given(EXPOSURES, SHARES, SHARES)
def test_more_coverage_is_never_riskier(one: Exposure, share: float, other: float) -> None:
    low, high = sorted((share, other))
    assert risk(replace(one, covered=high)).value <= risk(replace(one, covered=low)).value
    assert risk(replace(one, covered=None)).value >= risk(replace(one, covered=low)).value


@given(EXPOSURES)
def test_it_has_bounds_and_says_what_it_is_made_of(one: Exposure) -> None:
    found = risk(one)
    assert 1.0 <= found.value <= 1.0 + max(TIERS.values()) + 2.5
    assert found.parts is not None
    assert found.value == pytest.approx(1.0 + sum(found.parts.values()), abs=1e-3)
    assert found.because


@given(st.floats(0.1, 4), SHARES, EXPOSURES, EXPOSURES)
def test_of_two_alike_the_riskier_is_never_worth_more(impact: float, chance: float, a: Exposure, b: Exposure) -> None:
    low, high = sorted((risk(a), risk(b)), key=lambda one: one.value)
    assert worth(impact, chance, low) >= worth(impact, chance, high)


@given(st.floats(0.1, 4), st.floats(0.1, 4), SHARES, SHARES, EXPOSURES)
def test_worth_rises_with_impact_and_chance(one: float, two: float, share: float, other: float, of: Exposure) -> None:
    assert worth(min(one, two), min(share, other), risk(of)) <= worth(max(one, two), max(share, other), risk(of))


def test_every_tier_has_its_weight_in_order() -> None:
    assert set(TIERS) == set(Tier)
    assert [TIERS[tier] for tier in sorted(Tier)] == sorted(TIERS.values())


def test_the_reasons_name_figures() -> None:
    found = risk(Exposure(Tier.VALIDATED, reach=40, modules=400, lines=40, covered=0.5))
    assert found.value == 1.95
    assert found.because == (
        "tier 2 (+0.50), 40 modules build on it (+0.10), 40 lines (+0.10), tests run 50% of it (+0.25)"
    )
    assert risk(Exposure(covered=1.0)).because == NONE.because
    assert "coverage is not known" in risk(Exposure()).because
