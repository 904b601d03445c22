from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.ids import UserId
from bot.core.verdict import Status
from bot.policy.orders import FRESH, judge
from tests.policy.builders import CHARTER, NOW, proposal

HOME = replace(CHARTER, home_guild="100")
OPEN = replace(proposal("bot/chat/x.py"), head="ab" * 20, asked_by=UserId("eve"))
GOOD = {
    "act": "override",
    "pull": OPEN.pull,
    "head": "ab" * 6,
    "user": "ann",
    "guild": "100",
    "reason": "agreed by phone",
    "at": NOW.isoformat(),
}


def test_an_override_of_the_home_guild_for_the_head_that_was_read() -> None:
    verdict = judge(GOOD, HOME, [OPEN], NOW)
    assert verdict.passed
    assert verdict.facts["head"] == OPEN.head


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"guild": "200"}, "elsewhere than in the home guild"),
        ({"guild": ""}, "elsewhere than in the home guild"),
        ({"reason": "  "}, "no reason"),
        ({"at": (NOW - FRESH - timedelta(seconds=1)).isoformat()}, "was not taken up within 60 minutes"),
        ({"at": (NOW + timedelta(hours=1)).isoformat()}, "was not taken up"),
        ({"at": "soon"}, "was not taken up"),
        ({"at": None}, "was not taken up"),
        ({"act": "merge"}, "no such order"),
        ({"act": "stop"}, "no such order"),
        ({"pull": 99}, "no such open proposal"),
        ({"head": "cd" * 6}, "its head is abababababab by now"),
        ({"head": ""}, "not named"),
        ({"head": "ab"}, "its head is"),
        ({"user": "eve"}, "who asked for a change cannot consent to it"),
    ],
)
def test_what_is_dropped_and_why(change: dict[str, Any], words: str) -> None:
    verdict = judge({**GOOD, **change}, HOME, [OPEN], NOW)
    assert verdict.status is Status.FAIL
    assert words in verdict.because


@pytest.mark.parametrize("change", [{"closed": True}, {"merged_as": "ef" * 20}])
def test_what_is_over_is_not_overridden(change: dict[str, Any]) -> None:
    assert not judge(GOOD, HOME, [replace(OPEN, **change)], NOW).passed


def test_a_rollback_names_no_proposal() -> None:
    assert judge({**GOOD, "act": "rollback", "pull": "", "head": ""}, HOME, [], NOW).passed
    assert not judge({**GOOD, "act": "rollback", "guild": "7"}, HOME, [], NOW).passed


@given(st.dictionaries(st.sampled_from([*GOOD, "x"]), st.none() | st.text(max_size=20) | st.integers(), max_size=8))
def test_nothing_that_is_no_order_passes(row: dict[str, Any]) -> None:
    assert not judge(row, HOME, [OPEN], NOW).passed
