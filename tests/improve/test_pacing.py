"""How long the loop rests: its interval, and no longer than until something may change by itself."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.core.case import Observe, Step, Wait
from bot.core.ids import Sha
from bot.improve.pacing import MOMENT, Pace

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CALM, INTERVAL = 60.0, 10.0


def due(seconds: float) -> Step:
    return Wait(NOW + timedelta(seconds=seconds), "a vote is open")


@pytest.mark.parametrize(
    ("steps", "watched", "rests"),
    [
        ([], False, CALM),
        ([], True, INTERVAL),
        ([due(7)], False, 7.0),
        ([due(30), due(7), Wait(None, "for people"), Observe(Sha("a" * 40), None)], False, 7.0),
        ([due(7)], True, 7.0),
        ([due(45)], True, INTERVAL),
        ([due(600)], False, CALM),
        ([due(0.001)], False, MOMENT),
        ([due(0)], False, CALM),
        ([due(-5)], False, CALM),
    ],
)
def test_it_looks_when_the_first_thing_that_waits_may_change(steps: list[Step], watched: bool, rests: float) -> None:
    pace = Pace(CALM)
    for step in steps:
        pace.waits(step)
    assert pace.rest(INTERVAL, watched=watched, took=0.0, now=NOW) == rests


def test_what_a_look_takes_shortens_the_interval_and_not_the_time_that_is_due() -> None:
    pace = Pace(CALM)
    assert pace.rest(INTERVAL, watched=True, took=4.0, now=NOW) == 6.0
    assert pace.rest(INTERVAL, watched=True, took=400.0, now=NOW) == MOMENT
    pace.waits(due(7))
    assert pace.rest(INTERVAL, watched=False, took=4.0, now=NOW) == 7.0


def test_each_round_hears_anew_what_waits() -> None:
    pace = Pace(CALM)
    pace.waits(due(7))
    pace.begin()
    assert pace.rest(INTERVAL, watched=False, took=0.0, now=NOW) == CALM
