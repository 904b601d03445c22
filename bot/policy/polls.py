"""Counts a vote: who may vote, what counts, when it ends."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.core.ids import UserId
from bot.core.verdict import Fact, Status, Verdict
from bot.core.votes import Ballot, Choice, Poll, Quorum, Voter

_EXTENSIONS = 2


@dataclass(frozen=True, slots=True)
class Count:
    """Ballots that count at one instant, the last of each voter."""

    pro: int
    con: int
    abstained: int

    def enough(self, quorum: Quorum) -> bool:
        return self.pro + self.con >= max(1, quorum.minimum)

    def carries(self, quorum: Quorum) -> bool:
        """Enough votes, the majority asked for, and never a tie."""
        return self.enough(quorum) and self.pro > self.con and self.pro >= quorum.majority * (self.pro + self.con)


def electorate(poll: Poll, quorum: Quorum) -> frozenset[UserId]:
    """Who may vote, by the snapshot taken when the poll opened. What a member becomes later changes nothing."""
    return frozenset(voter.id for voter in poll.electorate if _eligible(voter, poll, quorum))


def _eligible(voter: Voter, poll: Poll, quorum: Quorum) -> bool:
    old_enough = (
        poll.opened - voter.account_created >= quorum.account_age and poll.opened - voter.joined >= quorum.member_age
    )
    entitled = not quorum.roles or bool(voter.roles & quorum.roles)
    return old_enough and entitled and not voter.is_bot and voter.id not in poll.excluded


def closes(poll: Poll, quorum: Quorum, now: datetime) -> datetime:
    """When the vote ends: the announced close, moved by each late swing, at most twice.

    A swing is late within `late_swing` of the close, or within a quarter of a vote shorter than four times that:
    otherwise every ballot of a short vote would be a late one.
    """
    swing = min(quorum.late_swing, (poll.closes - poll.opened) / 4)
    turns = _turns(poll, quorum, now)
    end = poll.closes
    for _ in range(_EXTENSIONS):
        if not any(end - swing <= at < end for at in turns):
            break
        end += swing
    return end


def _turns(poll: Poll, quorum: Quorum, now: datetime) -> list[datetime]:
    """The times at which a ballot changed the outcome."""
    ballots = _valid(poll, quorum, now)
    outcomes = [False, *(count(ballots[: i + 1]).carries(quorum) for i in range(len(ballots)))]
    return [ballot.at for ballot, was, is_ in zip(ballots, outcomes, outcomes[1:], strict=False) if was != is_]


def _valid(poll: Poll, quorum: Quorum, until: datetime) -> list[Ballot]:
    """Ballots of those who may vote, cast while the poll was open, oldest first."""
    who = electorate(poll, quorum)
    cast = (ballot for ballot in poll.ballots if ballot.voter in who and poll.opened <= ballot.at <= until)
    return sorted(cast, key=lambda ballot: (ballot.at, ballot.voter, ballot.choice))


def count(ballots: Sequence[Ballot]) -> Count:
    """One voice a member: the last ballot of each, in the order given."""
    last: dict[UserId, Choice] = {ballot.voter: ballot.choice for ballot in ballots}
    choices = list(last.values())
    return Count(choices.count("for"), choices.count("against"), choices.count("abstain"))


def tally(poll: Poll, quorum: Quorum, now: datetime) -> Verdict:
    """PENDING while it is open; then PASS if carried, FAIL if voted down, INCONCLUSIVE if too few voted."""
    end = closes(poll, quorum, now)
    ballots = [ballot for ballot in _valid(poll, quorum, now) if ballot.at < end]
    result = count(ballots)
    said = f"{result.pro} for, {result.con} against, {result.abstained} abstained"
    facts: dict[str, Fact] = {"for": result.pro, "against": result.con, "closes": end.isoformat()}
    if now < end:
        return Verdict("vote", Status.PENDING, f"{said}; open until {end:%Y-%m-%d %H:%M:%S %Z}".strip(), facts=facts)
    if not result.enough(quorum):
        because = f"{said}; {quorum.minimum} votes for and against are needed"
        return Verdict("vote", Status.INCONCLUSIVE, because, facts=facts)
    if result.carries(quorum):
        return Verdict("vote", Status.PASS, f"{said}; carried, {quorum.majority:.0%} are needed", facts=facts)
    return Verdict("vote", Status.FAIL, f"{said}; not carried, {quorum.majority:.0%} are needed", facts=facts)
