"""Holes are seen; what the baseline does as well is no hole."""

from bot.policy.judge.samples import Samples, longest_run, silence
from bot.policy.judge.windows import longest_constant, most_above, rolling_medians


def _steady(count: int, step: float = 5.0) -> Samples:
    return Samples((1.0,) * count, times=tuple(step * i for i in range(count)))


def test_not_a_number_is_no_answer() -> None:
    side = Samples((1.0, None, float("nan"), float("inf"), 2.0))
    assert side.seen == [1.0, 2.0]
    assert side.longest_silence == 3


def test_rows_that_were_not_answered_do_not_count() -> None:
    assert Samples((1.0, None), (10.0, 0.0)).rows == [(1.0, 10.0)]


def test_as_many_missing_answers_as_the_minimum_is_silence() -> None:
    assert "6 times in a row" in silence(_steady(20), Samples((1.0, *[None] * 6)), 6)
    assert not silence(_steady(20), Samples((1.0, *[None] * 5)), 6)


def test_a_baseline_with_holes_excuses_holes_but_not_three_times_as_long() -> None:
    holey = Samples((1.0,) * 20 + (None,) * 4)
    assert not silence(holey, Samples((1.0, *[None] * 12)), 6)
    assert silence(holey, Samples((1.0, *[None] * 13)), 6)


def test_a_hole_in_time_is_silence() -> None:
    gap = Samples((1.0,) * 10, times=(*range(0, 25, 5), *range(100, 125, 5)))
    assert "silent for 80 s" in silence(_steady(20), gap, 6)
    assert not silence(gap, gap, 6)
    assert not silence(_steady(20), _steady(10), 6)


def test_a_baseline_that_said_nothing_shows_no_silence() -> None:
    assert not silence(Samples(()), Samples((None,) * 9), 6)


def test_longest_run_counts_neighbours_only() -> None:
    assert longest_run([True, False, True, True]) == 2
    assert longest_run([]) == 0


def test_windows() -> None:
    assert rolling_medians([1, 5, 2, 8], 3) == [2, 5]
    assert rolling_medians([1, 5, 2, 8], 2) == [3, 3.5, 5]
    assert most_above([1, 5, 6, 0, 7, 0], 3, 4.5) == 2
    assert longest_constant([1, 1, 2, 2, 2, 1]) == 3
    assert longest_constant([]) == 0


def test_times_alone_show_no_silence_where_values_came_without() -> None:
    assert Samples((1.0, 2.0)).gaps == []
    assert Samples((1.0, None, 2.0), times=(0.0, 5.0, 10.0)).gaps == [10.0]
