"""The switch over merges without people: off without a fresh, good measurement, and then nothing safe goes alone."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.case import Ask, Case, Merge, Override, Step
from bot.core.change import Kind, Origin
from bot.core.charter import Promotion, RedTeam
from bot.core.tier import Tier
from bot.core.verdict import Status, Verdict
from bot.policy.consent import consent
from bot.policy.lifecycle import decide
from bot.policy.red_team import Floor, Tally, conditions, judge, switch
from tests.policy.builders import CHARTER, DAY, HEAD, HOUR, MERGED, NOW, OLD_HEAD, PROPERTY, approval, case, gate, poll
from tests.policy.test_decide_properties import CASES, CHANGES, WHEN

SWITCHED = replace(CHARTER, red_team=RedTeam(), promotion=Promotion("promoter[bot]", ("staging",)))
WELL = (Tally("bad", 164, 164), Tally("mutant", 158, 158), Tally("shallow", 164, 164))
GOOD, BAD = judge(WELL, Floor()), judge((Tally("bad", 120, 164), *WELL[1:]), Floor())
FRESH = {"red_team": GOOD, "red_team_at": NOW - HOUR}
OFF: dict[str, dict[str, Any]] = {
    "missing": {},
    "without a time": {"red_team": GOOD},
    "too old": {"red_team": GOOD, "red_team_at": NOW - 3 * DAY - HOUR},
    "from the future": {"red_team": GOOD, "red_team_at": NOW + HOUR},
    "failed": {"red_team": BAD, "red_team_at": NOW},
    **{
        f"no pass but {status.name}": {"red_team": Verdict("red-team", status, "x"), "red_team_at": NOW}
        for status in Status
        if status is not Status.PASS
    },
}


def step(around: dict[str, Any], charter: Any = SWITCHED, **changed: Any) -> Step:
    return decide(case(around=around, **changed), charter, NOW)


def test_a_fresh_pass_leaves_safe_merges_as_they_were_and_says_so() -> None:
    merge = step(FRESH)
    assert isinstance(merge, Merge)
    rule = merge.because.find("red-team")
    assert rule is not None
    assert "merges without people are on" in rule.because


@pytest.mark.parametrize("name", OFF)
def test_without_one_a_safe_change_asks_a_maintainer_or_the_members(name: str) -> None:
    assert step(OFF[name]) == Ask(HEAD, Tier.VALIDATED, CHARTER.maintainers)
    merge = step(OFF[name], approvals=(approval("mara"),))
    assert isinstance(merge, Merge)
    assert "validated, by its red-team: no merge without people" in merge.because.because
    assert isinstance(step(OFF[name], poll=poll("abcd")), Merge), "or the members' vote"


@pytest.mark.parametrize("name", OFF)
def test_without_the_section_nothing_hangs_on_it(name: str) -> None:
    assert isinstance(step(OFF[name], CHARTER), Merge)
    merge = step(OFF[name], CHARTER)
    assert isinstance(merge, Merge)
    assert merge.because.find("red-team") is None


@pytest.mark.parametrize("name", OFF)
def test_nobody_who_may_not_agree_lifts_it(name: str) -> None:
    strangers = (approval("olga"), approval("megawatts"), approval("mara", OLD_HEAD))
    assert isinstance(step(OFF[name], approvals=strangers), Ask)


@pytest.mark.parametrize("name", OFF)
def test_an_exact_inverse_is_merged_all_the_same(name: str) -> None:
    exact = {"origin": Origin.REVERT, "kind": Kind.REVERT, "reverts": MERGED, "gate": None}
    proven = Verdict("inverse", Status.PASS, "exact")
    assert isinstance(step(OFF[name], **exact, inverse=proven), Merge)
    assert not isinstance(step(OFF[name], **exact, inverse=replace(proven, status=Status.FAIL)), Merge)


@pytest.mark.parametrize("path", ["infra/a", "chat/a", ".github/x"])
def test_it_lowers_nothing(path: str) -> None:
    approvals = (approval("mara"),)
    for around in (FRESH, {}):
        changed = decide(case(path, around=around, approvals=approvals), SWITCHED, NOW)
        plain = decide(case(path, around=around, approvals=approvals), CHARTER, NOW)
        assert type(changed) is type(plain)


def test_the_charters_floor_and_age_are_held_against_the_measurement() -> None:
    raised = replace(SWITCHED, red_team=RedTeam(floor=0.985))
    assert isinstance(step(FRESH, raised), Ask), "164 of 164 show 98.2% and no more"
    short = replace(SWITCHED, red_team=RedTeam(max_age=timedelta(minutes=30)))
    assert isinstance(step(FRESH, short), Ask)
    told = Verdict("red-team", Status.PASS, "success, and no bounds to be seen")
    assert isinstance(step({**FRESH, "red_team": told}), Merge)


def test_what_it_says_is_the_measurements_word() -> None:
    around = case(around={"red_team": BAD, "red_team_at": NOW}).around
    found = switch(around, SWITCHED, NOW)
    assert found is not None
    assert "120 of 164 caught" in found.because
    assert switch(around, CHARTER, NOW) is None


def test_who_asks_before_it_is_known_is_told_what_it_hangs_on() -> None:
    (one,) = conditions(SWITCHED, Tier.SAFE)
    assert "95.0% caught and is not older than 72 hours" in one.because
    assert conditions(SWITCHED, Tier.VALIDATED) == conditions(CHARTER, Tier.SAFE) == ()


MEASURED = st.none() | st.sampled_from([GOOD, BAD, *(Verdict("red-team", status, "x") for status in Status)])
AT = st.none() | st.integers(-200, 5).map(lambda hours: NOW + hours * HOUR)
PROVEN = Verdict("promotion", Status.PASS, "7 of 7 pass")
PROMOTION = {"origin": Origin.PERSON, "author": "promoter[bot]", "promotion": PROVEN}
PROOF = st.sampled_from([None, PROVEN, replace(PROVEN, status=Status.FAIL)])
PROMOTED = st.builds(lambda changes: case("infra/a", **{**PROMOTION, **changes}), CHANGES)


def consented(one: Case, now: datetime) -> bool:
    """Whether people agreed to this head: an override, a maintainer or the vote at least."""
    given = one.override is not None and one.override.head == one.proposal.head and bool(one.override.reason.strip())
    by_tier = (consent(replace(one, override=None), SWITCHED, tier, now) for tier in (Tier.VALIDATED, Tier.CRITICAL))
    return given or any(agreed.passed for agreed in by_tier)


@PROPERTY
@given(st.one_of(CASES, PROMOTED), MEASURED, AT, PROOF, WHEN)
def test_with_the_switch_off_nothing_merges_without_people_but_the_exact_inverse(
    one: Case, measured: Verdict | None, at: datetime | None, proof: Verdict | None, now: datetime
) -> None:
    one = replace(one, promotion=proof, around=replace(one.around, red_team=measured, red_team_at=at))
    if not isinstance(decide(one, SWITCHED, now), Merge):
        return
    exact = one.proposal.origin is Origin.REVERT and one.proposal.reverts and one.inverse and one.inverse.passed
    switched = switch(one.around, SWITCHED, now)
    assert switched is not None
    assert exact or switched.passed or consented(one, now)


@PROPERTY
@given(CASES, MEASURED, AT, WHEN)
def test_the_switch_never_brings_a_merge(one: Case, measured: Any, at: datetime | None, now: datetime) -> None:
    one = replace(one, around=replace(one.around, red_team=measured, red_team_at=at))
    if isinstance(decide(one, SWITCHED, now), Merge):
        assert isinstance(decide(one, CHARTER, now), Merge)


def promoting(**changed: Any) -> Step:
    around = changed.pop("around", FRESH)
    charter = changed.pop("charter", SWITCHED)
    return decide(case("infra/a", around=around, **{**PROMOTION, **changed}), charter, NOW)


def test_a_proven_promotion_asks_no_owner() -> None:
    merge = promoting()
    assert isinstance(merge, Merge)
    assert merge.head == HEAD
    assert merge.because.find("promotion") == PROVEN


@pytest.mark.parametrize(
    "changed",
    [
        {"promotion": None},
        {"promotion": replace(PROVEN, status=Status.INCONCLUSIVE)},
        {"promotion": replace(PROVEN, status=Status.FAIL)},
        {"charter": replace(SWITCHED, promotion=None)},
        {"around": {}},
        {"around": {"red_team": BAD, "red_team_at": NOW}},
        {"gate": gate(Status.PENDING, "behaviour")},
    ],
    ids=str,
)
def test_anything_less_waits_for_the_owners(changed: dict[str, Any]) -> None:
    assert promoting(**changed) == Ask(HEAD, Tier.CRITICAL, ("@olga", "@org/ops"))


def test_somebodys_no_is_heard_before_any_proof() -> None:
    assert not isinstance(promoting(approvals=(approval("mara", approves=False, why="wait"),)), Merge)
    assert not isinstance(promoting(approvals=(approval("olga", OLD_HEAD, approves=False, why="x"),)), Merge)


@pytest.mark.parametrize(
    "changed",
    [
        {"gate": None},
        {"gate": gate(Status.FAIL)},
        {"gate": gate(Status.ERROR)},
        {"checks": Verdict("checks", Status.FAIL, "red")},
        {"checks": Verdict("checks", Status.PENDING, "not done")},
        {"conflicts": True},
        {"base": OLD_HEAD},
        {"draft": True},
        {"closed": True},
        {"around": {**FRESH, "awaiting_health": 3}},
        {"around": {**FRESH, "last_merge": NOW}},
    ],
    ids=str,
)
def test_proof_stands_for_consent_and_for_nothing_else(changed: dict[str, Any]) -> None:
    assert not isinstance(promoting(**changed), Merge)


def test_without_a_switch_in_the_charter_the_lane_is_open() -> None:
    assert isinstance(promoting(charter=replace(SWITCHED, red_team=None), around={}), Merge)


def test_an_override_is_a_persons_word() -> None:
    assert isinstance(step({}, override=Override(HEAD, "root", "the run was down", NOW)), Merge)
