"""What an attempt may use up: every bound holds by itself, and more spending never opens what was closed."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.policy.author_budget import Budget, Spent, today, tokens_of, within

BUDGET = Budget(tokens=1000, usd=1.0, usd_a_day=3.0, seconds=60.0, calls=10, turns=3)
AMOUNTS = st.floats(0, 100, allow_nan=False)
SPENT = st.builds(
    Spent, st.integers(0, 2000), AMOUNTS, st.floats(0, 120), st.integers(0, 20), st.integers(0, 6), AMOUNTS
)


def test_an_attempt_that_has_used_nothing_may_go_on() -> None:
    assert within(Spent(), BUDGET).passed


@pytest.mark.parametrize(
    ("spent", "bound"),
    [
        (Spent(tokens=1000), "tokens"),
        (Spent(usd=1.0), "US dollars"),
        (Spent(seconds=60.0), "seconds"),
        (Spent(calls=10), "tool calls"),
        (Spent(turns=3), "turns"),
        (Spent(usd=0.5, usd_today=2.5), "US dollars today"),
    ],
)
def test_each_bound_ends_it_and_is_named_with_its_figures(spent: Spent, bound: str) -> None:
    verdict = within(spent, BUDGET)
    assert not verdict.passed
    assert verdict.facts["bound"] == bound
    assert bound in verdict.because
    assert spent.told() in verdict.because


@pytest.mark.parametrize("field", ["usd", "seconds", "usd_today", "tokens"])
def test_what_is_no_number_is_spent(field: str) -> None:
    assert not within(replace(Spent(), **{field: float("nan")}), BUDGET).passed
    assert not within(replace(Spent(), **{field: float("inf")}), BUDGET).passed


@given(SPENT, SPENT)
def test_more_spending_never_opens_what_was_closed(one: Spent, other: Spent) -> None:
    more = Spent(*(getattr(one, name) + getattr(other, name) for name in Spent.__slots__))
    assert within(one, BUDGET).passed or not within(more, BUDGET).passed


@given(SPENT)
def test_a_budget_of_nothing_allows_nothing(spent: Spent) -> None:
    assert not within(spent, Budget(0, 0.0, 0.0, 0.0, 0, 0)).passed


def test_a_days_money_alone_decides_whether_an_attempt_begins() -> None:
    assert today(2.99, BUDGET).passed
    assert not today(3.0, BUDGET).passed
    assert not today(float("nan"), BUDGET).passed


@given(st.integers(-10, 10**9))
def test_tokens_are_never_negative_and_never_too_few(characters: int) -> None:
    assert tokens_of(characters) * 4 >= characters
    assert tokens_of(characters) >= 0
