"""The tails agree with counting and with published values."""

import itertools
import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.policy.judge import exact


@given(st.integers(1, 12), st.floats(0.01, 0.99), st.data())
def test_binomial_tail_is_the_sum_of_its_terms(n: int, p: float, data: st.DataObject) -> None:
    k = data.draw(st.integers(0, n + 1))
    whole = sum(math.comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(k, n + 1))
    assert exact.binomial_tail(k, n, p) == pytest.approx(whole, abs=1e-12)


@given(st.integers(1, 12), st.data())
def test_hypergeometric_tail_is_the_sum_of_its_terms(population: int, data: st.DataObject) -> None:
    marked, drawn = data.draw(st.integers(0, population)), data.draw(st.integers(0, population))
    k = data.draw(st.integers(0, population + 1))
    terms = (math.comb(marked, i) * math.comb(population - marked, drawn - i) for i in range(k, drawn + 1))
    whole = Fraction(sum(terms), math.comb(population, drawn))
    assert exact.hypergeometric_tail(k, drawn, marked, population) == pytest.approx(float(whole), abs=1e-12)


def test_tails_of_large_counts_do_not_take_long_or_leave_the_unit_interval() -> None:
    assert exact.binomial_tail(100, 10**7, 0.1) == 1.0
    assert 0 < exact.hypergeometric_tail(5000, 10**6, 9000, 2 * 10**6) < 1e-20


def _by_counting(old: list[int], new: list[int]) -> float:
    pool = old + new

    def ranks(chosen: tuple[int, ...]) -> float:
        return sum(sum((v < pool[i]) + 0.5 * (v == pool[i]) for v in pool) for i in chosen)

    seen = ranks(tuple(range(len(old), len(pool))))
    draws = list(itertools.combinations(range(len(pool)), len(new)))
    return sum(ranks(draw) >= seen for draw in draws) / len(draws)


@given(st.lists(st.integers(0, 4), min_size=2, max_size=5), st.lists(st.integers(0, 4), min_size=2, max_size=4))
def test_mann_whitney_counts_every_permutation_ties_included(old: list[int], new: list[int]) -> None:
    assert exact.mann_whitney(sorted(old), sorted(new)) == pytest.approx(_by_counting(old, new), abs=1e-12)


def test_mann_whitney_of_many_values_lets_ties_hide_but_not_alarm() -> None:
    assert exact.mann_whitney([0.0] * 100, [0.0] * 5 + [1.0]) > 0.5
    assert exact.mann_whitney(list(range(100)), [*range(95, 100), 200]) < 0.01


@given(st.lists(st.integers(0, 6), min_size=1, max_size=6, unique=True))
def test_mann_kendall_counts_every_order(values: list[int]) -> None:
    def grown(order: tuple[int, ...]) -> int:
        return sum(a < b for a, b in itertools.combinations(order, 2))

    orders = list(itertools.permutations(values))
    share = sum(grown(order) >= grown(tuple(values)) for order in orders) / len(orders)
    assert exact.mann_kendall(values) == pytest.approx(share, abs=1e-12)


def test_mann_kendall_lets_ties_hide_but_not_alarm() -> None:
    assert exact.mann_kendall([5.0] * 9) == 1.0
    assert exact.mann_kendall([1, 1, 2, 2, 3, 3]) > exact.mann_kendall([1, 2, 3, 4, 5, 6])


def test_precedence_is_the_chance_that_all_the_highest_come_from_one_side() -> None:
    # Seven of ten beyond ten equal values: 10 over 7 of 20 over 7.
    chance = math.comb(10, 7) / math.comb(20, 7)
    assert exact.precedence([1.0] * 10, [1.0] * 3 + [100.0] * 7, 0.5) == pytest.approx(chance)
    assert exact.precedence([1.0] * 10, [1.0] * 10, 0.5) == 1.0


def test_evidence_of_no_event_is_the_chance_of_none_under_the_mixture() -> None:
    assert math.exp(exact.log_evidence(0, 1)) == pytest.approx(0.5)
    assert math.exp(exact.log_evidence(1, 2)) == pytest.approx(1 / 8)


def test_deviate_is_the_normal_quantile() -> None:
    assert exact.deviate(0.01 / 8) == pytest.approx(3.0233, abs=1e-3)
