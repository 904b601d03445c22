"""A parameter is moved by half of the room that is left, in the direction that its metric asks for."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.improve.analysts.tuning import Parameter, better, declared

BURST = Parameter("user_burst", 20, 2, 60, 1, "rejected", "up")
QUIET = {"answered": 500.0, "rejected": 0.0}
FILE = """# comment
[user_burst]
value = 20
min = 2
max = 60
step = 1
metric = "megawatts_messages_total{outcome=\\"rejected\\"}"
relieves = "up"

[window]
value = 3
min = 1
max = 9
step = 1
metric = "megawatts_reply_seconds"
"""


def test_a_limit_that_never_binds_is_tightened_by_half() -> None:
    assert better(BURST, QUIET) == (11, "0.0% of 500 messages were rejected")


def test_a_limit_that_often_binds_is_relieved() -> None:
    value, why = better(BURST, {"answered": 80.0, "rejected": 120.0}) or (0, "")
    assert value == 40
    assert "60.0%" in why


def test_a_value_that_relieves_downwards_goes_down_when_it_binds() -> None:
    threshold = Parameter("threshold", 0.5, 0.3, 0.9, 0.02, "unanswered", "down")
    value, _why = better(threshold, {"answered": 100.0, "unanswered": 100.0}) or (0, "")
    assert value == pytest.approx(0.4)


def test_little_evidence_changes_nothing() -> None:
    assert better(BURST, {"answered": 199.0}) is None


def test_a_limit_that_binds_now_and_then_is_left_alone() -> None:
    assert better(BURST, {"answered": 990.0, "rejected": 10.0}) is None


def test_a_value_at_its_edge_stays() -> None:
    assert better(replace(BURST, value=2), QUIET) is None


def test_only_parameters_that_say_what_relieves_them_are_judged() -> None:
    assert [p.name for p in declared(FILE)] == ["user_burst"]


@given(st.integers(2, 60), st.integers(0, 1000), st.integers(0, 1000))
def test_a_tried_value_keeps_the_bounds(value: int, answered: int, rejected: int) -> None:
    tried = better(replace(BURST, value=value), {"answered": float(answered), "rejected": float(rejected)})
    assert tried is None or (2 <= tried[0] <= 60 and tried[0] != value)
