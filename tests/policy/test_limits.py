"""Settings add and stop; they never take away."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.errors import Misconfigured
from bot.core.verdict import Status
from bot.policy.charter import STAGES
from bot.policy.limits import may_propose, stages_in_force
from tests.policy.builders import CHARTER, PROPERTY

FEW = replace(CHARTER, stages=("tests", "scope"))


@pytest.mark.parametrize(
    ("setting", "wanted"),
    [
        ("", ("scope", "tests")),
        ("types", ("scope", "types", "tests")),
        (" lint , types,", ("scope", "types", "lint", "tests")),
        ("2", ("scope", "format", "tests")),
        ("13", STAGES),
    ],
)
def test_settings_add_to_the_charters_stages(setting: str, wanted: tuple[str, ...]) -> None:
    assert stages_in_force(setting, FEW) == wanted


def test_a_charter_that_names_none_asks_for_all() -> None:
    assert stages_in_force("scope", CHARTER) == STAGES


@pytest.mark.parametrize("setting", ["testz", "scope,nothing", "0", "14", "2,scope"])
def test_what_is_not_a_stage_is_one_sentence(setting: str) -> None:
    with pytest.raises(Misconfigured, match="VALIDATION_STAGES"):
        stages_in_force(setting, FEW)


@PROPERTY
@given(st.lists(st.sampled_from(STAGES)), st.lists(st.sampled_from(STAGES), unique=True))
def test_no_setting_goes_below_the_charter(words: list[str], least: list[str]) -> None:
    found = stages_in_force(",".join(words), replace(CHARTER, stages=tuple(least)))
    assert set(words) | set(least or STAGES) == set(found)


def test_either_switch_stops_new_ideas() -> None:
    assert may_propose(self_editing=True, security_checks=True).passed
    for switches in ((False, True), (True, False), (False, False)):
        verdict = may_propose(self_editing=switches[0], security_checks=switches[1])
        assert verdict.status is Status.FAIL
    assert "the check stays" in may_propose(self_editing=True, security_checks=False).because
