"""What needs a backup before it merges, which one counts, and that nothing merges without."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.case import BackUp, Case, Merge, Override, Page, Step
from bot.core.change import Origin
from bot.core.charter import BackupRule, Charter, Freeze
from bot.core.tier import Tier
from bot.core.verdict import Status, Verdict
from bot.policy.backup import AGAIN, NAME, backed_up, why
from bot.policy.lifecycle import decide
from bot.policy.tier import tier_of
from tests.policy.builders import CHARTER, HEAD, HOUR, MERGED, NOW, OLD_HEAD, PROPERTY, approval, case, gate, paths

RULE = BackupRule(max_age=HOUR)
ASKING = replace(CHARTER, backup=RULE)
AGREED = (approval("olga", at=NOW - 2 * HOUR),)
MINUTE = timedelta(minutes=1)


def report(status: Status = Status.PASS, **facts: Any) -> Verdict:
    told = {"head": str(HEAD), "at": (NOW - MINUTE).isoformat(), "id": "20260601T115900Z-0123456789ab", **facts}
    return Verdict(NAME, status, "backup is made and verified" if status is Status.PASS else "disk full", facts=told)


def decided(*names: str, charter: Charter = ASKING, **changed: Any) -> Step:
    return decide(case(*(names or ("infra/a",)), **{"approvals": AGREED, **changed}), charter, NOW)


@pytest.mark.parametrize(
    ("names", "tier", "said"),
    [
        (["docs/a"], Tier.SAFE, ""),
        (["chat/a"], Tier.VALIDATED, ""),
        (["infra/a"], Tier.CRITICAL, "its tier is critical"),
        ([".github/a"], Tier.SEALED, "its tier is sealed"),
        (["docs/a", "chat/migrations/0002.py"], Tier.VALIDATED, "chat/migrations/0002.py changes what is stored"),
        (["chat/migrations.md"], Tier.SAFE, ""),
    ],
)
def test_the_tier_or_what_is_stored_asks_for_one(names: list[str], tier: Tier, said: str) -> None:
    assert why(paths(*names), tier, ASKING) == said
    assert why(paths(*names), tier, CHARTER) == "", "a charter without the table asks for none"


def test_an_agreed_critical_change_waits_for_a_backup_and_a_lower_one_does_not() -> None:
    step = decided()
    assert isinstance(step, BackUp)
    assert step.head == HEAD
    assert step.because.because == "a backup has to be made: none was made for this head, and its tier is critical"
    assert isinstance(decided(charter=CHARTER), Merge)
    assert isinstance(decided("docs/a"), Merge)


def test_none_is_made_before_everything_else_is_in_favour() -> None:
    frozen = replace(ASKING, freezes=(Freeze(NOW - HOUR, NOW + HOUR, "holidays"),))
    for step in (
        decided(approvals=()),
        decided(gate=None),
        decided(gate=gate(Status.FAIL)),
        decided(charter=frozen),
        decided(around={"last_deploy": NOW}),
    ):
        assert not isinstance(step, BackUp | Merge)


def test_the_id_goes_with_the_merge() -> None:
    step = decided(backup=report())
    assert isinstance(step, Merge)
    found = step.because.find(NAME)
    assert found is not None
    assert found.passed
    assert found.facts["id"] == "20260601T115900Z-0123456789ab"


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"head": str(OLD_HEAD)}, "none was made for this head"),
        ({"head": ""}, "none was made for this head"),
        ({"at": (NOW - HOUR - MINUTE).isoformat()}, "older than 1:00:00"),
        ({"at": (NOW + MINUTE).isoformat()}, "does not say when"),
        ({"at": "yesterday"}, "does not say when"),
        ({"at": "2026-06-01T11:59:00"}, "does not say when"),
    ],
)
def test_a_report_on_another_head_of_another_time_or_of_none_does_not_count(facts: Any, said: str) -> None:
    step = decided(backup=report(**facts))
    assert isinstance(step, BackUp)
    assert said in step.because.because


def test_one_from_before_the_consent_does_not_count() -> None:
    late = (approval("olga", at=NOW - timedelta(seconds=30)),)
    assert isinstance(decided(approvals=late, backup=report()), BackUp)
    by_override = Override(HEAD, "root", "please", NOW - timedelta(seconds=30))
    assert isinstance(decided(approvals=(), override=by_override, backup=report()), BackUp)
    refusal = (*AGREED, approval("passer-by", approves=False, at=NOW))
    assert isinstance(decided(approvals=refusal, backup=report()), Merge), "who only forbids asks for no backup"


def test_a_failed_one_holds_the_merge_tells_a_person_and_is_tried_again() -> None:
    step = decided(backup=report(Status.FAIL))
    assert isinstance(step, Page)
    assert step.because.because == "disk full"
    again = decided(backup=report(Status.FAIL, at=(NOW - AGAIN).isoformat()))
    assert isinstance(again, BackUp)
    assert "the last try failed: disk full" in again.because.because


def test_an_exact_inverse_waits_for_none() -> None:
    proof = Verdict("inverse", Status.PASS, "exact")
    step = decided(origin=Origin.REVERT, reverts=MERGED, inverse=proof, approvals=())
    assert isinstance(step, Merge)


WHEN = st.integers(-180, 30).map(lambda minutes: NOW + minutes * MINUTE)
REPORT = st.none() | st.builds(
    lambda status, head, at: report(status, head=str(head), at=at),
    st.sampled_from(Status),
    st.sampled_from([HEAD, OLD_HEAD]),
    WHEN.map(lambda at: at.isoformat()) | st.text(max_size=12),
)
APPROVALS = st.lists(
    st.builds(approval, st.sampled_from(["olga", "mara", "kim"]), st.sampled_from([HEAD, OLD_HEAD]), at=WHEN),
    max_size=4,
).map(tuple)
NAMES = st.lists(
    st.sampled_from(["docs/a", "chat/a", "chat/migrations/1", "infra/a", "keys/a"]), min_size=1, max_size=3
)
CASES = st.builds(
    lambda names, approvals, backup: case(*names, approvals=approvals, backup=backup), NAMES, APPROVALS, REPORT
)


@PROPERTY
@given(CASES)
def test_what_needs_a_backup_merges_only_after_its_own_young_verified_one(one: Case) -> None:
    step, asked = decide(one, ASKING, NOW), one.proposal
    tier = tier_of(asked.paths, asked.kind, asked.origin, one.only_adds, ASKING).tier
    plain = decide(one, CHARTER, NOW)
    if not why(asked.paths, tier, ASKING):
        assert step == plain
        return
    if not isinstance(plain, Merge):
        assert step == plain, "a backup is the last thing before a merge, and never instead of a refusal"
    if isinstance(step, Merge):
        assert one.backup is not None
        assert one.backup.passed
        assert one.backup.facts["head"] == HEAD
        at = str(one.backup.facts["at"])
        since = [review.at for review in one.approvals if review.head == HEAD]
        assert (NOW - HOUR).isoformat() <= at <= NOW.isoformat()
        assert all(moment.isoformat() <= at for moment in since)


@PROPERTY
@given(CASES)
def test_a_backup_made_now_is_enough_and_is_asked_for_at_most_once(one: Case) -> None:
    known = replace(one, approvals=tuple(r for r in one.approvals if r.at <= NOW))
    if isinstance(decide(known, ASKING, NOW), BackUp):
        made = replace(known, backup=report(at=NOW.isoformat()))
        assert isinstance(decide(made, ASKING, NOW), Merge)
        found = backed_up(made, ASKING, Tier.CRITICAL, NOW)
        assert found is not None
        assert found.passed
