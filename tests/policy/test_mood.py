from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.ids import UserId
from bot.policy.mood import Heat, Tone, heated, tone_of

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ANN, BOB = UserId("ann"), UserId("bob")


def after(*lines: tuple[UserId, float, float]) -> tuple[Heat, list[float]]:
    """The heat after lines of a member, a hostility and a minute; and the minutes at which something was said."""
    heat, told = Heat(), []
    for user, hostility, minute in lines:
        heat, tell = heated(heat, user, hostility, NOON + timedelta(minutes=minute))
        told += [minute] if tell else []
    return heat, told


@pytest.mark.parametrize(
    ("valence", "tone"),
    [(-1, Tone.GENTLE), (-0.5, Tone.GENTLE), (-0.4, Tone.EVEN), (0, Tone.EVEN), (0.4, Tone.EVEN), (0.5, Tone.WARM)],
)
def test_the_tone_follows_a_strong_mood_only(valence: float, tone: Tone) -> None:
    assert tone_of(valence, 0.5) is tone


def test_no_threshold_makes_a_tone_of_nothing() -> None:
    assert tone_of(0.0, 0.0) is Tone.EVEN


def test_two_members_who_attack_each_other_are_noticed_once() -> None:
    lines = [(ANN, 0.8, 0), (BOB, 0.8, 0.2), (ANN, 0.8, 0.4), (BOB, 0.8, 0.6), (ANN, 1.0, 0.8)]
    heat, told = after(*lines)
    assert told == [0.4]
    assert heat.active


def test_one_member_alone_makes_no_conflict() -> None:
    assert after(*((ANN, 1.0, n / 10) for n in range(20)))[1] == []


def test_a_single_word_makes_none_and_neither_do_calm_ones() -> None:
    assert after((ANN, 0.8, 0), (BOB, 0.0, 1), (ANN, 0.0, 2))[1] == []
    assert after(*((UserId(str(n)), 0.0, n) for n in range(50)))[0].level == 0


def test_old_anger_cools() -> None:
    heat, told = after((ANN, 0.9, 0), (BOB, 0.9, 30), (ANN, 0.9, 60), (BOB, 0.9, 90))
    assert told == []
    assert not heat.active


def test_a_second_conflict_within_the_hour_is_not_told_and_one_after_it_is() -> None:
    quarrel = [(ANN, 1.0, 0.0), (BOB, 1.0, 0.1), (ANN, 1.0, 0.2)]
    again = [(user, hostility, minute + 30) for user, hostility, minute in quarrel]
    later = [(user, hostility, minute + 70) for user, hostility, minute in quarrel]
    assert after(*quarrel, *again, *later)[1] == [0.2, 70.2]


LINES = st.lists(
    st.tuples(st.sampled_from([ANN, BOB, UserId("eve")]), st.floats(-1, 2), st.floats(0, 300)), max_size=60
)


@given(LINES)
def test_at_most_one_notice_an_hour_whatever_is_said(lines: list[tuple[UserId, float, float]]) -> None:
    heat, told = after(*sorted(lines, key=lambda one: one[2]))
    assert all(later - earlier >= 60 for earlier, later in pairwise(told))
    assert 0 <= heat.level <= 10
    assert len(heat.angry) <= 16


@given(LINES)
def test_a_clock_that_jumps_breaks_nothing(lines: list[tuple[UserId, float, float]]) -> None:
    assert after(*lines)[0].level <= 10


def test_hysteresis_a_conflict_does_not_end_at_the_level_where_it_began() -> None:
    heat, _ = after((ANN, 1.0, 0), (BOB, 1.0, 0.01), (ANN, 0.2, 0.02))
    cooler, tell = heated(heat, BOB, 0.0, NOON + timedelta(minutes=3))
    assert cooler.level < 2 < heat.level
    assert cooler.active
    assert not tell
    assert not heated(heat, BOB, 0.0, NOON + timedelta(minutes=9))[0].active
