"""Consent: ballots of members and reviews of owners."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from typing import Literal

from bot.core.ids import PullNumber, Sha, UserId
from bot.core.tier import Tier

Choice = Literal["for", "against", "abstain"]


@dataclass(frozen=True, slots=True)
class Voter:
    """A member as seen when the poll opened: eligibility is decided on this snapshot, not on later roles."""

    id: UserId
    roles: frozenset[str]
    account_created: datetime
    joined: datetime
    is_bot: bool = False


@dataclass(frozen=True, slots=True)
class Ballot:
    """One member's choice. A later ballot of the same voter replaces the earlier one."""

    voter: UserId
    choice: Choice
    at: datetime


@dataclass(frozen=True, slots=True)
class Poll:
    """A vote is on one head commit: a push voids it."""

    pull: PullNumber
    head: Sha
    opened: datetime
    closes: datetime
    electorate: tuple[Voter, ...] = ()
    ballots: tuple[Ballot, ...] = ()
    excluded: frozenset[UserId] = frozenset()
    """Members who may not vote here: who asked for the change and who wrote it."""
    guild: str = ""
    """Where it was held. It counts only if this is the charter's home guild."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a vote is about, as members are shown it. Texts are shown, never obeyed."""

    pull: PullNumber
    head: Sha
    title: str
    summary: str = ""
    tier: Tier = Tier.VALIDATED
    risk: str = ""
    badges: tuple[tuple[str, str], ...] = ()
    """Stages of the gate, each with its status in lower case."""
    link: str = ""
    voided_by: str = ""
    """The head that was pushed since; the vote is void then."""


@dataclass(frozen=True, slots=True)
class Approval:
    """A review. Counts only for the head it was given on."""

    reviewer: str
    head: Sha
    at: datetime
    approves: bool = True
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Remark:
    """What a reviewer asks for: "request changes", or a comment on a line. A person's words: shown, never authority."""

    id: str
    """The forge's own, stable and unique in the pull request."""
    reviewer: str
    head: Sha
    """The head that it was said about."""
    at: datetime
    text: str
    path: PurePosixPath | None = None
    line: int = 0
    """Line at that head, from 1; 0: the whole change."""
    requests_changes: bool = True


@dataclass(frozen=True, slots=True)
class Quorum:
    """When a community vote carries a proposal."""

    minimum: int = 3
    """Fewest votes for and against together."""
    majority: float = 0.6
    """Share of `for` among for and against that must be exceeded or met."""
    account_age: timedelta = timedelta(days=30)
    member_age: timedelta = timedelta(days=7)
    roles: frozenset[str] = frozenset()
    """Roles that may vote; empty: every member."""
    open_for: timedelta = timedelta(hours=48)
    late_swing: timedelta = timedelta(hours=2)
    """A change of the outcome within this time of the close extends the vote by the same time, at most twice."""
