"""The matrix: every stage of the charter once, on some machine."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.app.ci.plan import LEGS, legs
from bot.core.errors import Misconfigured
from bot.improve.stages import ORDER


def test_all_stages_lie_on_the_legs_that_are_known() -> None:
    assert [row["leg"] for row in legs(ORDER)] == list(LEGS)


def test_a_leg_without_a_stage_is_left_out() -> None:
    assert legs(["scope", "tests"]) == [{"leg": "static", "stages": "scope"}, {"leg": "tests", "stages": "tests"}]


def test_a_stage_that_no_leg_knows_has_its_own() -> None:
    assert legs(["scope", "brand-new"])[-1] == {"leg": "brand-new", "stages": "brand-new"}


def test_no_stages_are_no_matrix() -> None:
    with pytest.raises(Misconfigured, match="no stages"):
        legs([])


@given(st.lists(st.sampled_from([*ORDER, "new", "other"]), min_size=1))
def test_each_stage_runs_once(stages: list[str]) -> None:
    run = [one for row in legs(stages) for one in row["stages"].split()]
    assert sorted(run) == sorted(set(stages))
