"""Votes of a guild: where they count, who is known, and how long they stay open."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.core.tier import Tier
from bot.core.verdict import Status
from bot.core.votes import Quorum, Subject
from bot.policy.polls import tally
from bot.sdk.testing import DictRecords
from bot.votes.service import ELECTORS, GUILD_MEMBERS, MEMBERS, Question, Votes

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
CLOSE = NOON + timedelta(hours=8)
LONG_AGO = NOON - timedelta(days=400)
HOME, OTHER = "100", "200"
HEAD = "a" * 40
QUORUM = Quorum()


def question(**more: Any) -> Question:
    return Question(3, HEAD, "clearer help", "words only", Tier.VALIDATED, **{"guild": HOME, **more})  # type: ignore[arg-type]


@pytest.fixture
def records() -> DictRecords:
    return DictRecords()


@pytest.fixture
def votes(records: DictRecords) -> Votes:
    service = Votes(records, quorum=QUORUM)
    for user in ("ann", "bob", "cem", "dora"):
        service.meet(user, user, LONG_AGO, guild=HOME, account_created=LONG_AGO, joined=LONG_AGO, roles=["member"])
    return service


def opened(votes: Votes, **more: Any) -> Votes:
    votes.open_poll(question(**more), opened=NOON, closes=CLOSE)
    return votes


def test_the_poll_says_where_it_is_held(votes: Votes) -> None:
    assert opened(votes).read(3).guild == HOME


@pytest.mark.parametrize("guild", ["", OTHER, "10", "1000"])
def test_a_vote_from_elsewhere_does_not_count(votes: Votes, guild: str) -> None:
    opened(votes).meet("ann", "ann", LONG_AGO, guild=OTHER, account_created=LONG_AGO, joined=LONG_AGO)
    verdict = votes.cast(3, HEAD, "ann", "for", NOON, guild=guild)
    assert verdict.status is Status.FAIL
    assert "only in the home server" in verdict.because
    assert votes.read(3).ballots == ()


def test_members_of_one_guild_are_no_members_of_another(votes: Votes, records: DictRecords) -> None:
    votes.meet("eve", "Eve", LONG_AGO, guild=OTHER, account_created=LONG_AGO, joined=LONG_AGO)
    votes.meet("100/eve", "Eve", LONG_AGO)  # a name of one's own choice, where there is no guild
    opened(votes)
    assert {one.id for one in votes.read(3).electorate} == {"ann", "bob", "cem", "dora"}
    assert not votes.cast(3, HEAD, "eve", "for", NOON, guild=HOME).passed
    assert records.get(MEMBERS, "100/eve") is not None
    assert records.get(GUILD_MEMBERS, "100/eve") is None


def test_what_is_never_told_counts_as_new(votes: Votes) -> None:
    votes.meet("eve", "Eve", NOON - timedelta(hours=1), guild=HOME)
    verdict = opened(votes).cast(3, HEAD, "eve", "for", NOON, guild=HOME)
    assert "30 days of account" in verdict.because


def test_ages_and_roles_that_become_known_later_are_taken_up(votes: Votes, records: DictRecords) -> None:
    votes.meet("eve", "Eve", NOON, guild=HOME)
    votes.meet("eve", "Evelyn", NOON, guild=HOME, roles=["b", "a"], account_created=LONG_AGO, joined=LONG_AGO)
    row = records.get(GUILD_MEMBERS, "100/eve")
    assert (row["roles"], row["account_created"], row["name"]) == (["a", "b"], LONG_AGO.isoformat(), "Evelyn")
    votes.meet("eve", "Evelyn", NOON, guild=HOME)
    assert records.get(GUILD_MEMBERS, "100/eve") == row, "what is not known this time stays"
    votes.meet("eve", "Evelyn", NOON, guild=HOME, roles=[])
    assert records.get(GUILD_MEMBERS, "100/eve")["roles"] == [], "and a role that was taken is gone"


def test_a_member_of_long_standing_whom_the_bot_meets_only_now_may_vote(votes: Votes, records: DictRecords) -> None:
    opened(votes).meet("old", "Old", NOON, guild=HOME, account_created=LONG_AGO, joined=LONG_AGO, roles=["x"])
    assert votes.cast(3, HEAD, "old", "for", NOON, guild=HOME).passed
    assert [one.roles for one in votes.read(3).electorate if one.id == "old"] == [frozenset()]
    assert [b.voter for b in votes.read(3).ballots] == ["old"]
    assert tally(votes.read(3), QUORUM, NOON).facts["for"] == 1, "and the controller counts it too"
    assert len(records.scan(ELECTORS)) == 1


@pytest.mark.parametrize(
    ("joined", "created", "words"),
    [
        (NOON + timedelta(seconds=1), LONG_AGO, "not a member yet"),
        (NOON - timedelta(days=6), LONG_AGO, "7 days of membership"),
        (LONG_AGO, NOON - timedelta(days=29), "30 days of account"),
    ],
)
def test_but_not_one_who_came_late_or_is_new(votes: Votes, joined: datetime, created: datetime, words: str) -> None:
    opened(votes).meet("old", "Old", NOON, guild=HOME, account_created=created, joined=joined)
    verdict = votes.cast(3, HEAD, "old", "for", NOON + timedelta(hours=1), guild=HOME)
    assert words in verdict.because
    assert votes.read(3).ballots == ()


def test_only_roles_held_when_it_opened(votes: Votes) -> None:
    votes.meet("ann", "Ann", NOON, guild=HOME, roles=["elder"])
    opened(votes, roles=frozenset({"elder"}))
    votes.meet("bob", "Bob", NOON, guild=HOME, roles=["elder"])
    assert votes.cast(3, HEAD, "ann", "for", NOON, guild=HOME).passed
    assert "held since before it opened" in votes.cast(3, HEAD, "bob", "for", NOON, guild=HOME).because


def test_a_late_swing_keeps_it_open_for_ballots_too(votes: Votes) -> None:
    opened(votes)
    for minutes, user in ((0, "ann"), (1, "bob"), (2, "cem")):
        at = CLOSE - timedelta(minutes=30) + timedelta(minutes=minutes)
        assert votes.cast(3, HEAD, user, "for", at, guild=HOME).passed
    late = CLOSE + timedelta(minutes=30)
    assert votes.ends(votes.read(3), late) == CLOSE + timedelta(hours=2)
    assert votes.cast(3, HEAD, "dora", "against", late, guild=HOME).passed
    after = votes.ends(votes.read(3), late) + timedelta(hours=4)
    assert "is closed" in votes.cast(3, HEAD, "dora", "for", after, guild=HOME).because


def test_without_a_swing_it_closes_as_announced(votes: Votes) -> None:
    opened(votes)
    for user in ("ann", "bob", "cem"):
        votes.cast(3, HEAD, user, "for", NOON, guild=HOME)
    assert votes.ends(votes.read(3), CLOSE) == CLOSE
    assert "is closed" in votes.cast(3, HEAD, "dora", "for", CLOSE, guild=HOME).because


def test_the_same_click_again_is_the_same_ballot_as_old_as_it_was(votes: Votes) -> None:
    opened(votes).cast(3, HEAD, "ann", "for", NOON, guild=HOME)
    again = votes.cast(3, HEAD, "ann", "for", CLOSE - timedelta(minutes=1), guild=HOME)
    assert again.because == "Your vote on #3 is recorded as for."
    assert [b.at for b in votes.read(3).ballots] == [NOON]


def test_subjects_stay_known_when_voided(votes: Votes) -> None:
    opened(votes, risk="low", badges=(("tests", "pass"),), link="https://forge.example/3")
    votes.void(3, "b" * 40)
    [about] = votes.subjects()
    assert about == votes.subject(3)
    assert about == Subject(
        3,
        HEAD,
        "clearer help",
        "words only",
        Tier.VALIDATED,
        "low",
        (("tests", "pass"),),
        "https://forge.example/3",
        "b" * 40,
    )
    assert votes.subject(4) is None


def test_how_it_stands_is_explained_by_the_charters_quorum(votes: Votes) -> None:
    opened(votes).cast(3, HEAD, "ann", "for", NOON, guild=HOME)
    assert votes.explain(votes.read(3), NOON).status is Status.PENDING
    assert "3 votes for and against are needed" in votes.explain(votes.read(3), CLOSE).because
