"""Votes: who may vote, what counts, when it ends, and what a late burst can do."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.ids import UserId
from bot.core.verdict import Status
from bot.core.votes import Quorum
from bot.policy.polls import closes, electorate, tally
from tests.policy.builders import CHARTER, DAY, HOUR, NOW, PROPERTY, ballot, poll, voter

QUORUM = CHARTER.quorum


@pytest.mark.parametrize(
    ("pro", "con", "status"),
    [
        ("abc", "", Status.PASS),
        ("abc", "de", Status.PASS),
        ("abc", "def", Status.FAIL),
        ("abcd", "efg", Status.FAIL),
        ("", "abc", Status.FAIL),
        ("ab", "", Status.INCONCLUSIVE),
        ("", "", Status.INCONCLUSIVE),
    ],
)
def test_majority_and_quorum(pro: str, con: str, status: Status) -> None:
    assert tally(poll(pro, con), QUORUM, NOW).status is status


def test_a_tie_fails_even_where_half_is_enough() -> None:
    half = replace(QUORUM, majority=0.5)
    assert tally(poll("ab", "cd"), half, NOW).status is Status.FAIL
    assert tally(poll("abc", "de"), half, NOW).status is Status.PASS


def test_no_quorum_of_nothing() -> None:
    assert tally(poll(), replace(QUORUM, minimum=0), NOW).status is Status.INCONCLUSIVE


def test_abstentions_fill_no_quorum() -> None:
    some = poll("ab", ballots=(ballot("a"), ballot("b"), ballot("c", "abstain")))
    verdict = tally(some, QUORUM, NOW)
    assert verdict.status is Status.INCONCLUSIVE
    assert "1 abstained" in verdict.because


def test_it_is_open_until_it_closes() -> None:
    some = poll("abcdefghij", closes=NOW + HOUR)
    assert tally(some, QUORUM, NOW).status is Status.PENDING
    assert tally(some, QUORUM, NOW + HOUR).status is Status.PASS


@pytest.mark.parametrize(
    "changed",
    [
        {"is_bot": True},
        {"account_created": NOW - 49 * HOUR - 29 * DAY},
        {"joined": NOW - 49 * HOUR - 6 * DAY},
        {"roles": frozenset()},
    ],
)
def test_who_may_not_vote_at_the_opening_does_not_count(changed: dict[str, Any]) -> None:
    quorum = replace(QUORUM, roles=frozenset({"member"}))
    some = poll("abc", electorate=(voter("a"), voter("b"), voter("c", **changed)))
    assert electorate(some, quorum) == {"a", "b"}
    assert tally(some, quorum, NOW).status is Status.INCONCLUSIVE


def test_strangers_and_the_excluded_do_not_count() -> None:
    assert tally(poll("abz"), QUORUM, NOW).status is Status.INCONCLUSIVE
    assert tally(poll("abc", excluded=frozenset({UserId("c")})), QUORUM, NOW).status is Status.INCONCLUSIVE


def test_one_voice_a_member_and_the_last_word_counts() -> None:
    early, late = NOW - 40 * HOUR, NOW - 30 * HOUR
    many = poll(ballots=tuple(ballot("a", at=early + timedelta(minutes=i)) for i in range(9)))
    assert tally(many, QUORUM, NOW).facts["for"] == 1
    changed = poll("abc", ballots=(ballot("c", "against", late), ballot("a"), ballot("b"), ballot("c")))
    assert tally(changed, QUORUM, NOW).facts["against"] == 1


@pytest.mark.parametrize("at", [NOW - 50 * HOUR, NOW - HOUR, NOW])
def test_ballots_outside_the_time_do_not_count(at: object) -> None:
    some = poll("abcd")
    late = replace(some, ballots=(*some.ballots, *(ballot(name, "against", at) for name in "efghij")))
    assert tally(late, QUORUM, NOW).status is Status.PASS


def test_a_late_swing_extends_the_vote_and_can_be_answered() -> None:
    swing = NOW - HOUR - timedelta(minutes=30)
    some = poll("abc", closes=NOW - HOUR)
    burst = replace(some, ballots=(*some.ballots, *(ballot(name, "against", swing) for name in "def")))
    assert closes(some, QUORUM, NOW) == NOW - HOUR
    assert closes(burst, QUORUM, NOW) == NOW + HOUR
    assert tally(burst, QUORUM, NOW).status is Status.PENDING
    assert tally(burst, QUORUM, NOW + HOUR).status is Status.FAIL
    answered = replace(burst, ballots=(*burst.ballots, *(ballot(name, "for", NOW) for name in "ghij")))
    assert tally(answered, QUORUM, NOW + 4 * HOUR).status is Status.PASS


def test_a_late_ballot_that_changes_nothing_extends_nothing() -> None:
    some = poll("abc")
    more = replace(some, ballots=(*some.ballots, ballot("d", "for", NOW - HOUR - timedelta(minutes=1))))
    assert closes(more, QUORUM, NOW) == NOW - HOUR


def test_a_vote_is_extended_at_most_twice() -> None:
    start = poll("abc")
    times = [NOW - HOUR - timedelta(minutes=1) + i * 2 * HOUR for i in range(4)]
    flips = [ballot(name, "against" if i % 2 == 0 else "for", at) for i, at in enumerate(times) for name in "abc"]
    some = replace(start, ballots=(*start.ballots, *flips))
    assert closes(some, QUORUM, NOW + 20 * HOUR) == start.closes + 4 * HOUR


def test_a_short_vote_has_a_short_swing() -> None:
    minute = timedelta(minutes=1)
    some = poll(opened=NOW, closes=NOW + 4 * minute)
    early = replace(some, ballots=tuple(ballot(name, "for", NOW + minute) for name in "abc"))
    assert closes(early, QUORUM, NOW + DAY) == NOW + 4 * minute
    late = replace(some, ballots=tuple(ballot(name, "for", NOW + 3.5 * minute) for name in "abc"))
    assert closes(late, QUORUM, NOW + DAY) == NOW + 5 * minute


VOTER = st.sampled_from("abcdefghijz")
CHOICE = st.sampled_from(["for", "against", "abstain"])
WHEN = st.integers(-60, 5).map(lambda hours: NOW + hours * HOUR)
BALLOTS = st.lists(st.builds(ballot, VOTER, CHOICE, WHEN), max_size=20)
QUORA = st.builds(Quorum, minimum=st.integers(0, 5), majority=st.floats(0.5, 1.0))


@PROPERTY
@given(BALLOTS, QUORA, st.integers(0, 10))
def test_counting_is_total_and_ends(ballots: list[Any], quorum: Quorum, hours: int) -> None:
    some = poll(ballots=tuple(ballots))
    now = NOW + hours * HOUR
    end = closes(some, quorum, now)
    assert some.closes <= end <= some.closes + 2 * quorum.late_swing
    verdict = tally(some, quorum, now)
    assert (verdict.status is Status.PENDING) == (now < end)
    assert verdict.status is not Status.PASS or verdict.facts["for"] > verdict.facts["against"]


@PROPERTY
@given(BALLOTS, QUORA, st.randoms(use_true_random=False))
def test_the_order_in_which_ballots_are_stored_does_not_matter(ballots: list[Any], quorum: Quorum, rng: Any) -> None:
    mixed = list(ballots)
    rng.shuffle(mixed)
    one, other = poll(ballots=tuple(ballots)), poll(ballots=tuple(mixed))
    assert tally(one, quorum, NOW + DAY) == tally(other, quorum, NOW + DAY)
