"""Consent: who has to agree, to which head, and whose word does not count."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.case import Case, Override
from bot.core.change import Origin
from bot.core.charter import Charter, Ward
from bot.core.ids import UserId
from bot.core.tier import Tier
from bot.core.verdict import Status, Verdict
from bot.policy.consent import consent, logins, required_owners
from tests.policy.builders import CHARTER, HEAD, HOUR, NOW, OLD_HEAD, PROPERTY, approval, case, paths, poll


def asked(tier: Tier, *names: str, **changed: Any) -> Verdict:
    return consent(case(*names, **changed), CHARTER, tier, NOW)


def test_green_stages_suffice_for_what_is_safe() -> None:
    assert asked(Tier.SAFE).passed


def test_tier_two_takes_one_maintainer() -> None:
    assert asked(Tier.VALIDATED, "chat/a").status is Status.PENDING
    assert asked(Tier.VALIDATED, "chat/a", approvals=(approval("mara"),)).passed
    assert asked(Tier.VALIDATED, "chat/a", approvals=(approval("MAX"),)).passed
    assert asked(Tier.VALIDATED, "chat/a", approvals=(approval("olga"),)).status is Status.PENDING
    assert asked(Tier.VALIDATED, "chat/a", approvals=(approval("mallory"),)).status is Status.PENDING


def test_tier_two_takes_a_vote_instead() -> None:
    assert asked(Tier.VALIDATED, "chat/a", poll=poll("abc")).passed
    assert asked(Tier.VALIDATED, "chat/a", poll=poll("", "abc")).status is Status.FAIL
    assert asked(Tier.VALIDATED, "chat/a", poll=poll("ab")).status is Status.PENDING
    assert asked(Tier.VALIDATED, "chat/a", poll=poll("abc", closes=NOW + HOUR)).status is Status.PENDING
    assert asked(Tier.VALIDATED, "chat/a", poll=poll("", "abc"), approvals=(approval("mara"),)).passed


@pytest.mark.parametrize("changed", [{"head": OLD_HEAD}, {"guild": "99"}, {"pull": 8}])
def test_a_vote_on_another_head_or_elsewhere_does_not_count(changed: dict[str, Any]) -> None:
    for pro, con in (("abcdef", ""), ("", "abcdef")):
        assert asked(Tier.VALIDATED, "chat/a", poll=poll(pro, con, **changed)).status is Status.PENDING


def test_a_vote_of_the_home_guild_counts() -> None:
    charter = Charter(CHARTER.wards, quorum=CHARTER.quorum, home_guild="42")
    for guild, passes in (("42", True), ("", False), ("43", False)):
        some = case("chat/a", poll=poll("abc", guild=guild))
        assert consent(some, charter, Tier.VALIDATED, NOW).passed is passes


def test_the_asker_does_not_vote_on_their_own_wish() -> None:
    assert asked(Tier.VALIDATED, "chat/a", poll=poll("abc"), asked_by=UserId("a")).status is Status.PENDING


def test_a_vote_does_not_carry_tier_three() -> None:
    assert asked(Tier.CRITICAL, "infra/a", poll=poll("abcdefgh")).status is Status.PENDING


def test_tier_three_takes_an_owner_of_every_path() -> None:
    both = ("infra/a", "keys/a")
    assert asked(Tier.CRITICAL, *both, approvals=(approval("olga"),)).status is Status.PENDING
    assert asked(Tier.CRITICAL, *both, approvals=(approval("kim"),)).status is Status.PENDING
    assert asked(Tier.CRITICAL, *both, approvals=(approval("olga"), approval("kim"))).passed
    assert asked(Tier.CRITICAL, "infra/a", approvals=(approval("mara"), approval("max"))).status is Status.PENDING


def test_a_member_of_a_team_speaks_for_it() -> None:
    assert asked(Tier.CRITICAL, "infra/a", approvals=(approval("Otto"),)).passed
    assert logins(("@org/ops", "@Kim", "@org/unknown"), CHARTER) == {"otto", "kim"}


def test_paths_without_owners_take_a_maintainer_at_tier_three() -> None:
    assert asked(Tier.CRITICAL, "docs/a", "infra/a", approvals=(approval("olga"),)).status is Status.PENDING
    assert asked(Tier.CRITICAL, "docs/a", "infra/a", approvals=(approval("olga"), approval("mara"))).passed


def test_nobody_can_agree_where_nobody_owns() -> None:
    bare = Charter((Ward("/docs/", Tier.SAFE),))
    some = case("docs/a", approvals=(approval("mara"), approval("")))
    assert consent(some, bare, Tier.CRITICAL, NOW).status is Status.PENDING


def test_an_added_test_is_owned_like_an_addition() -> None:
    added = case("tests/test_a.py", only_adds=frozenset({"tests/test_a.py"}), approvals=(approval("mara"),))
    assert consent(added, CHARTER, Tier.CRITICAL, NOW).passed
    changed = case("tests/test_a.py", approvals=(approval("mara"),))
    assert consent(changed, CHARTER, Tier.CRITICAL, NOW).status is Status.PENDING


def test_whom_to_ask() -> None:
    found = required_owners(paths("infra/a", "infra/b", "keys/a", "docs/a"), (), CHARTER)
    assert found == ("mara", "Max", "@olga", "@org/ops", "@kim")


def test_sealed_is_nobodys_to_give_to_the_engine() -> None:
    everyone = tuple(approval(who) for who in ("root", "mara", "olga"))
    override = Override(HEAD, "root", "I want it", NOW)
    assert asked(Tier.SEALED, ".github/a", approvals=everyone, override=override).status is Status.FAIL
    people = asked(Tier.SEALED, ".github/a", approvals=everyone, origin=Origin.PERSON, author="ann")
    assert people.passed
    assert asked(Tier.SEALED, ".github/a", origin=Origin.PERSON, approvals=(approval("mara"),)).status is Status.PENDING


def test_a_proposal_without_paths_has_no_consent() -> None:
    some = case(paths=frozenset(), origin=Origin.PERSON, approvals=(approval("root"),))
    assert not consent(some, CHARTER, Tier.SEALED, NOW).passed


@pytest.mark.parametrize(
    ("changed", "who"),
    [
        ({"author": "Mara"}, "mara"),
        ({"asker_logins": frozenset({"mara"})}, "MARA"),
        ({"asked_by": UserId("mara")}, "mara"),
    ],
)
def test_the_word_of_who_caused_or_wrote_it_does_not_count(changed: dict[str, Any], who: str) -> None:
    assert asked(Tier.VALIDATED, "chat/a", approvals=(approval(who),), **changed).status is Status.PENDING
    assert asked(Tier.VALIDATED, "chat/a", approvals=(approval(who), approval("max")), **changed).passed


def test_approvals_of_another_head_never_count() -> None:
    assert asked(Tier.VALIDATED, "chat/a", approvals=(approval("mara", OLD_HEAD),)).status is Status.PENDING
    assert asked(Tier.CRITICAL, "keys/a", approvals=(approval("kim", OLD_HEAD),)).status is Status.PENDING


def no(who: str, **changed: Any) -> Any:
    return approval(who, approves=False, why="not like this", **changed)


@pytest.mark.parametrize("who", ["mara", "olga", "otto", "root"])
@pytest.mark.parametrize("tier", [Tier.SAFE, Tier.VALIDATED, Tier.CRITICAL])
def test_a_refusing_review_blocks_at_every_tier_with_its_reason(who: str, tier: Tier) -> None:
    verdict = asked(tier, "docs/a", approvals=(no(who), approval("max")))
    assert verdict.status is Status.FAIL
    assert "not like this" in verdict.because


def test_a_strangers_refusal_blocks_nothing() -> None:
    assert asked(Tier.SAFE, approvals=(no("mallory"),)).passed


def test_the_last_review_of_a_person_counts() -> None:
    later = NOW - timedelta(minutes=1)
    assert asked(Tier.VALIDATED, "chat/a", approvals=(approval("mara", at=later), no("mara"))).passed
    assert asked(Tier.VALIDATED, "chat/a", approvals=(no("mara", at=later), approval("mara"))).status is Status.FAIL
    assert asked(Tier.VALIDATED, "chat/a", approvals=(no("mara"), approval("mara"))).status is Status.FAIL


def test_a_refusal_of_an_earlier_head_waits_for_its_reviewer() -> None:
    verdict = asked(Tier.SAFE, approvals=(no("mara", head=OLD_HEAD),))
    assert verdict.status is Status.PENDING
    assert "has not looked again" in verdict.because
    assert asked(Tier.SAFE, approvals=(no("mara", head=OLD_HEAD), approval("mara", at=NOW))).passed


def test_an_override_stands_for_consent_with_its_reason() -> None:
    override = Override(HEAD, "root", "the house is on fire", NOW)
    for tier in (Tier.SAFE, Tier.VALIDATED, Tier.CRITICAL):
        verdict = asked(tier, "infra/a", override=override, approvals=(no("mara"),))
        assert verdict.passed
        assert "the house is on fire" in verdict.because


@pytest.mark.parametrize("override", [Override(OLD_HEAD, "root", "why", NOW), Override(HEAD, "root", "  ", NOW)])
def test_an_override_of_another_head_or_without_a_reason_is_none(override: Override) -> None:
    assert asked(Tier.VALIDATED, "chat/a", override=override).status is Status.PENDING


WHO = st.sampled_from(["mara", "max", "olga", "kim", "otto", "root", "mallory", "megawatts"])
REVIEW = st.builds(
    approval,
    WHO,
    st.sampled_from([HEAD, OLD_HEAD]),
    approves=st.booleans(),
    at=st.integers(0, 9).map(lambda h: NOW - h * HOUR),
)
REVIEWS = st.lists(REVIEW, max_size=6).map(tuple)
TIERS = st.sampled_from(Tier)
PATHS = st.lists(st.sampled_from(["docs/a", "chat/a", "infra/a", "keys/a", ".github/a"]), min_size=1, unique=True)
ORIGINS = st.sampled_from(Origin)


def build(names: list[str], reviews: Any, origin: Origin) -> Case:
    return case(*names, approvals=reviews, origin=origin)


@PROPERTY
@given(TIERS, PATHS, REVIEWS, ORIGINS, REVIEW)
def test_one_more_approval_never_makes_it_worse(
    tier: Tier, names: Any, reviews: Any, origin: Origin, more: Any
) -> None:
    yes = approval(more.reviewer, more.head, at=more.at)
    before = consent(build(names, reviews, origin), CHARTER, tier, NOW)
    after = consent(build(names, (*reviews, yes), origin), CHARTER, tier, NOW)
    assert not before.passed or after.passed
    assert after.status <= before.status


@PROPERTY
@given(TIERS, PATHS, REVIEWS, ORIGINS)
def test_stale_approvals_change_nothing(tier: Tier, names: Any, reviews: Any, origin: Origin) -> None:
    refused = tuple(review for review in reviews if not review.approves)
    refused = tuple(approval(r.reviewer, HEAD, approves=False, at=r.at) for r in refused)
    stale = tuple(approval(r.reviewer, OLD_HEAD, at=NOW - h * HOUR) for h, r in enumerate(reviews))
    with_stale = consent(build(names, (*refused, *stale), origin), CHARTER, tier, NOW)
    assert with_stale == consent(build(names, refused, origin), CHARTER, tier, NOW)


@PROPERTY
@given(PATHS, REVIEWS, ORIGINS)
def test_nobody_opens_what_is_sealed_to_the_engine(names: Any, reviews: Any, origin: Origin) -> None:
    verdict = consent(build(names, reviews, origin), CHARTER, Tier.SEALED, NOW)
    assert origin is Origin.PERSON or verdict.status is Status.FAIL
