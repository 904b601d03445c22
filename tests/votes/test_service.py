from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.errors import Misconfigured
from bot.core.tier import Tier
from bot.core.verdict import Status, Verdict
from bot.core.votes import Quorum
from bot.policy.polls import Count, count
from bot.sdk.testing import DictRecords
from bot.votes.service import Question, Votes

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)
CLOSE = NOON + timedelta(hours=2)
OLD, NEW = "a" * 40, "b" * 40


def question(head: str = OLD) -> Question:
    return Question(3, head, "clearer help", "words only", Tier.VALIDATED)  # type: ignore[arg-type]


@pytest.fixture
def records() -> DictRecords:
    return DictRecords()


@pytest.fixture
def votes(records: DictRecords) -> Votes:
    service = Votes(records)
    for user in ("ann", "bob", "cem"):
        service.meet(user, user, NOON - timedelta(days=90))
    service.open_poll(question(), opened=NOON, closes=CLOSE, excluded=frozenset({"cem"}))
    return service


def refused(verdict: Verdict, words: str) -> bool:
    return verdict.status is Status.FAIL and words in verdict.because


def test_a_ballot_counts_once_and_can_be_changed(votes: Votes) -> None:
    assert votes.cast(3, OLD, "ann", "for", LATER).passed
    changed = votes.cast(3, OLD, "ann", "against", LATER)
    assert changed.because == "Your vote on #3 is changed to against."
    assert [(b.voter, b.choice) for b in votes.read(3).ballots] == [("ann", "for"), ("ann", "against")]
    assert count(votes.read(3).ballots) == Count(0, 1, 0)


@pytest.mark.parametrize(
    ("voter", "words"), [("cem", "asked for #3 or wrote it"), ("dora", "not a member yet"), ("", "not a member yet")]
)
def test_who_may_not_vote_hears_why(votes: Votes, voter: str, words: str) -> None:
    assert refused(votes.cast(3, OLD, voter, "for", LATER), words)
    assert votes.read(3).ballots == ()


def test_who_joins_later_is_not_in_the_electorate(votes: Votes) -> None:
    votes.meet("dora", "Dora", NOON + timedelta(minutes=1))
    assert refused(votes.cast(3, OLD, "dora", "for", LATER), "not a member yet")


def test_a_role_given_later_changes_nothing(votes: Votes, records: DictRecords) -> None:
    row = records.get("members", "ann")
    records.put("members", "ann", {**row, "roles": ["elder"], "account_created": "2001-01-01T00:00:00+00:00"})
    voter = next(one for one in votes.read(3).electorate if one.id == "ann")
    assert voter.roles == frozenset()
    assert voter.account_created == NOON - timedelta(days=90)


def test_bots_may_not_vote(votes: Votes, records: DictRecords) -> None:
    records.put("members", "robo", {**records.get("members", "ann"), "id": "robo", "is_bot": True})
    votes.open_poll(question(NEW), opened=NOON, closes=CLOSE)
    assert refused(votes.cast(3, NEW, "robo", "for", LATER), "Bots")


@pytest.mark.parametrize(
    ("at", "words"),
    [(CLOSE, "is closed"), (CLOSE + timedelta(days=1), "is closed"), (NOON - timedelta(seconds=1), "not opened")],
)
def test_only_while_it_is_open(votes: Votes, at: datetime, words: str) -> None:
    assert refused(votes.cast(3, OLD, "ann", "for", at), words)


def test_a_push_voids_the_vote(votes: Votes) -> None:
    votes.cast(3, OLD, "ann", "for", LATER)
    assert votes.void(3, NEW)
    assert not votes.void(3, NEW)
    assert votes.read(3) is None
    assert votes.open_polls() == []
    assert refused(votes.cast(3, OLD, "bob", "for", LATER), "void: a new version was pushed")
    assert refused(votes.cast(3, NEW, "bob", "for", LATER), "void")


def test_ballots_on_the_old_head_do_not_come_back(votes: Votes) -> None:
    votes.cast(3, OLD, "ann", "for", LATER)
    votes.void(3, NEW)
    votes.open_poll(question(NEW), opened=LATER, closes=CLOSE)
    assert votes.read(3).ballots == ()
    assert refused(votes.cast(3, OLD, "ann", "for", LATER), "void")
    assert votes.cast(3, NEW, "ann", "for", LATER).passed


def test_a_voided_head_cannot_be_opened_again(votes: Votes) -> None:
    votes.void(3, NEW)
    with pytest.raises(Misconfigured, match="voided on this head"):
        votes.open_poll(question(OLD), opened=LATER, closes=CLOSE)


def test_voiding_for_the_same_head_does_nothing(votes: Votes) -> None:
    assert not votes.void(3, OLD)
    assert not votes.void(4, NEW)
    assert votes.read(3) is not None


def test_opening_twice_keeps_the_first(votes: Votes) -> None:
    votes.meet("dora", "Dora", NOON)
    again = votes.open_poll(question(), opened=LATER, closes=CLOSE + timedelta(days=9))
    assert (again.opened, again.closes) == (NOON, CLOSE)
    assert "dora" not in {one.id for one in again.electorate}
    assert again.excluded == {"cem"}


def test_it_must_close_after_it_opens(votes: Votes) -> None:
    with pytest.raises(Misconfigured, match="closes before it opens"):
        votes.open_poll(question(NEW), opened=NOON, closes=NOON)


def test_other_choices_and_other_numbers(votes: Votes) -> None:
    assert refused(votes.cast(3, OLD, "ann", "maybe", LATER), "one of for, against, abstain")  # type: ignore[arg-type]
    assert refused(votes.cast(4, OLD, "ann", "for", LATER), "no vote on #4")


def test_ballots_of_another_number_do_not_count(votes: Votes) -> None:
    votes.open_poll(Question(33, OLD, "x", "y", Tier.VALIDATED), opened=NOON, closes=CLOSE)  # type: ignore[arg-type]
    votes.cast(33, OLD, "ann", "for", LATER)
    assert votes.read(3).ballots == ()


def test_the_charters_rules_refuse_at_once(records: DictRecords) -> None:
    strict = Votes(records, lambda poll, voter: Verdict("eligible", Status.FAIL, "Too young."))
    strict.meet("ann", "Ann", NOON - timedelta(days=1))
    strict.open_poll(question(), opened=NOON, closes=CLOSE)
    assert refused(strict.cast(3, OLD, "ann", "for", LATER), "Too young.")


def test_a_member_first_seen_stays_as_first_seen(records: DictRecords) -> None:
    votes = Votes(records)
    votes.meet("ann", "Ann", NOON)
    votes.meet("ann", "Other", LATER)
    assert records.get("members", "ann")["first_seen"] == NOON.isoformat()


@given(
    st.lists(
        st.tuples(st.sampled_from(["ann", "bob", "cem", "dora"]), st.sampled_from(["for", "against"])), max_size=12
    )
)
def test_at_most_one_ballot_a_member_and_only_of_those_who_may(casts: list[tuple[str, str]]) -> None:
    service = Votes(DictRecords())
    for user in ("ann", "bob", "cem"):
        service.meet(user, user, NOON - timedelta(days=90))
    service.open_poll(question(), opened=NOON, closes=CLOSE, excluded=frozenset({"cem"}))
    for voter, choice in casts:
        service.cast(3, OLD, voter, choice, LATER)  # type: ignore[arg-type]
    ballots = service.read(3).ballots
    last = {voter: choice for voter, choice in casts if voter in ("ann", "bob")}
    assert {b.voter: b.choice for b in ballots} == last
    assert all(one.choice != other.choice for one, other in pairwise(ballots) if one.voter == other.voter)


def test_a_turn_that_was_taken_back_still_moved_the_end() -> None:
    """A ballot in the extension must not take the extension away, and with it the ballots of others."""
    service = Votes(DictRecords(), quorum=Quorum(minimum=1, account_age=timedelta(0), member_age=timedelta(0)))
    for user in ("ann", "bob"):
        service.meet(user, user, NOON - timedelta(days=90))
    service.open_poll(question(), opened=NOON, closes=CLOSE)
    late, later = CLOSE - timedelta(minutes=5), CLOSE + timedelta(minutes=5)
    assert service.cast(3, OLD, "ann", "for", late).passed
    assert service.cast(3, OLD, "bob", "for", later).passed
    assert service.cast(3, OLD, "ann", "against", later + timedelta(minutes=1)).passed
    poll = service.read(3)
    assert service.ends(poll, later + timedelta(minutes=2)) > CLOSE
    assert service.explain(poll, CLOSE + timedelta(days=1)).facts["for"] == 1, "bob's still counts"


def test_twenty_turns_are_enough(votes: Votes) -> None:
    for step in range(20):
        assert votes.cast(3, OLD, "ann", ("for", "against")[step % 2], LATER).passed
    assert refused(votes.cast(3, OLD, "ann", "for", LATER), "it stays against")
    assert votes.cast(3, OLD, "ann", "against", LATER).passed
    assert count(votes.read(3).ballots) == Count(0, 1, 0)
