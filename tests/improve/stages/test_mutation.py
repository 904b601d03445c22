"""V-9's verdicts."""

from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.verdict import Status
from bot.improve.mutation.mutant import Mutant
from bot.improve.stages.mutation import against_base, as_many_by_chance, threshold
from bot.improve.testing.results import Fate


def mutants(count: int) -> list[Mutant]:
    return [Mutant(PurePosixPath("a.py"), n, n + 1, "x", "constant", n + 1, n + 1, "y") for n in range(count)]


def fates(rows: list[Mutant], alive: int, how: str = "survived") -> dict[str, Fate]:
    return {m.id: Fate(how if n < alive else "killed") for n, m in enumerate(rows)}


@pytest.mark.parametrize(
    ("count", "alive", "status"),
    [
        (4, 0, Status.PASS),
        (4, 1, Status.FAIL),
        (5, 1, Status.PASS),
        (10, 2, Status.FAIL),
        (20, 2, Status.PASS),
        (20, 3, Status.FAIL),
    ],
)
def test_at_most_a_tenth_may_live_and_of_few_none(count: int, alive: int, status: Status) -> None:
    rows = mutants(count)
    verdict = threshold(rows, fates(rows, alive))
    assert verdict.status is status
    assert ("alive: a.py:1" in verdict.because) is bool(alive)


@pytest.mark.parametrize("how", ["killed", "timeout", "died"])
def test_each_way_of_noticing_counts(how: str) -> None:
    rows = mutants(6)
    assert threshold(rows, fates(rows, 6, how)).passed


def test_code_that_no_test_runs_counts_as_alive() -> None:
    rows = mutants(6)
    assert threshold(rows, fates(rows, 6, "untested")).status is Status.FAIL


def test_nothing_judged_is_no_pass() -> None:
    assert threshold(mutants(3), {}).status is Status.INCONCLUSIVE


def test_blind_spots_of_the_base_are_not_blamed_on_a_refactoring() -> None:
    new, old = mutants(10), mutants(12)[2:]
    assert against_base(new, fates(new, 5), fates(old, 5)).passed


def test_code_moved_out_of_the_tests_sight_is() -> None:
    new, old = mutants(10), mutants(20)[10:]
    verdict = against_base(new, fates(new, 9), fates(old, 1))
    assert verdict.status is Status.FAIL
    assert "see less" in verdict.because


@given(st.integers(0, 12), st.integers(1, 12), st.integers(0, 12), st.integers(1, 12))
def test_chance_is_a_probability_and_falls_with_more_alive(a: int, n: int, b: int, m: int) -> None:
    a, b = min(a, n), min(b, m)
    chance = as_many_by_chance(a, n, b, m)
    assert 0 <= chance <= 1
    assert as_many_by_chance(0, n, b, m) == 1
    if a:
        assert as_many_by_chance(a, n, b, m) <= as_many_by_chance(0, n, b, m)
