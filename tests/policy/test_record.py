"""Recorded decisions: a case survives the trip through JSON, and another charter can take it again."""

import json
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import PurePosixPath

import pytest

from bot.core.case import Case, Override, Stop
from bot.core.change import Origin
from bot.core.charter import Charter, Promotion, RedTeam, Ward
from bot.core.health import Reading, Rollout
from bot.core.ids import UserId
from bot.core.tier import Tier
from bot.core.verdict import Status, Verdict
from bot.policy.record import Flip, case_to_row, decode, encode, replay, row_to_case
from tests.policy.builders import BEFORE, CHARTER, HEAD, MAIN, MERGED, NOW, approval, case, gate, merged, poll

STRICT = replace(CHARTER, wards=(*CHARTER.wards, Ward("/docs/", Tier.CRITICAL, ("@olga",))))

FULL = case(
    "docs/a.md",
    "chat/b.py",
    around={"stop": Stop("why", "root", NOW), "last_merge": NOW, "red_team": gate(), "red_team_at": NOW},
    only_adds=frozenset({"docs/a.md"}),
    checks=Verdict("checks", Status.PASS, "green", facts={"runs": ["a", "b"]}),
    approvals=(approval("mara", approves=False, why="no"),),
    asker_logins=frozenset({"ann"}),
    asked_by=UserId("1"),
    poll=poll("abc", "d", excluded=frozenset({UserId("1")}), guild="42"),
    override=Override(HEAD, "root", "because", NOW),
    asked_on=HEAD,
    inverse=Verdict("inverse", Status.FAIL, "no"),
    promotion=Verdict("promotion", Status.PASS, "yes"),
    rollout=Rollout(MERGED, None, contains=False, ready=False, at=NOW, facts={"split": "true"}),
    readings=(Reading("messages", MERGED, NOW, None), Reading("memory", BEFORE, NOW, 1.5, 3)),
    settled=gate(Status.ERROR),
    labels=frozenset({"megawatts", "b"}),
)


@pytest.mark.parametrize("one", [case(), merged(), FULL])
def test_a_case_survives_the_trip_through_json(one: Case) -> None:
    row = json.loads(json.dumps(case_to_row(one)))
    assert row_to_case(row) == one


def test_equal_cases_give_equal_rows() -> None:
    other = replace(FULL, proposal=replace(FULL.proposal, labels=frozenset(["b", "megawatts"])))
    assert json.dumps(case_to_row(other)) == json.dumps(case_to_row(FULL))


@dataclass(frozen=True, slots=True)
class Odd:
    pair: tuple[int, str]
    span: timedelta
    path: PurePosixPath
    extra: str = "default"


def test_other_words_of_the_core_survive_as_well() -> None:
    odd = Odd((1, "a"), timedelta(seconds=90), PurePosixPath("a/b"))
    data = json.loads(json.dumps(encode(odd)))
    assert decode(Odd, data) == odd
    del data["extra"]
    assert decode(Odd, data) == odd
    with pytest.raises(ValueError):
        decode(Odd, {**data, "pair": [1]})


def test_a_charter_survives_too() -> None:
    assert decode(Charter, json.loads(json.dumps(encode(CHARTER)))) == CHARTER
    more = replace(CHARTER, red_team=RedTeam(), promotion=Promotion("p[bot]", ("staging",)))
    assert decode(Charter, json.loads(json.dumps(encode(more)))) == more


def test_a_row_from_before_the_switch_is_read() -> None:
    row = json.loads(json.dumps(case_to_row(case())))
    del row["case"]["around"]["red_team"], row["case"]["around"]["red_team_at"], row["case"]["promotion"]
    assert row_to_case(row) == case()


def recorded(one: Case, step: str) -> dict[str, object]:
    return json.loads(json.dumps({**case_to_row(one), "step": step, "at": NOW.isoformat()}))


def test_the_same_charter_flips_nothing() -> None:
    assert replay(recorded(case(), "Merge"), CHARTER) is None
    assert replay(recorded(case("chat/a"), "Ask"), CHARTER) is None


def test_another_charter_flips_what_it_would_decide_otherwise() -> None:
    flip = replay(recorded(case(), "Merge"), STRICT)
    assert flip == Flip(7, HEAD, NOW, "Merge", "Ask", "")
    assert replay(recorded(case("chat/a"), "Ask"), STRICT) is None


def test_a_flip_says_why() -> None:
    closed = replay(recorded(case(".github/x", origin=Origin.ANALYST), "Merge"), CHARTER)
    assert closed is not None
    assert (closed.now, "sealed" in closed.because) == ("Close", True)
    waits = replay(recorded(case(around={"main": MAIN, "last_merge": NOW}), "Merge"), CHARTER)
    assert waits is not None
    assert (waits.now, waits.because) == ("Wait", "too soon after the last deploy")


@pytest.mark.parametrize("row", [{}, {"case": {}}, {"case": 3}, {"case": {"proposal": {}}}])
def test_a_row_of_another_shape_is_an_error(row: dict[str, object]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        replay({**row, "step": "Merge", "at": NOW.isoformat()}, CHARTER)
