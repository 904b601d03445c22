"""What becomes of a reviewer's words on the engine's own pull request: a revision, an answer, or people's turn.

Words never decide anything here: whose they are, and on which head, does. What they say goes to an author as data.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.core.case import Case
from bot.core.charter import Charter
from bot.core.ids import Sha
from bot.core.votes import Approval, Remark
from bot.policy.consent import logins

ROUNDS = 3
"""Times that the engine revises one pull request because of reviews; then it is people's."""
MOST = 20
"""Remarks that one round takes up; the others wait for the next."""


class Move(StrEnum):
    """What to do about the remarks on one pull request."""

    GO = "go"
    """Nobody asks for anything: the road goes on."""
    REVISE = "revise"
    HAND_OVER = "hand over"
    WAIT = "wait"
    """Answered; who asked has to look again."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was done about one remark."""

    remark: str
    round: int
    head: Sha | None = None
    """The commit that was made because of it; None: none was."""
    told: bool = False
    """Whether the reviewer was answered. Until then it is not done with, unless its commit is the head."""


@dataclass(frozen=True, slots=True)
class Round:
    """The next move, with the remarks that it is about."""

    move: Move
    number: int = 0
    remarks: tuple[Remark, ...] = ()
    because: str = ""


def reviewers(case: Case, charter: Charter) -> frozenset[str]:
    """Logins whose review counts: maintainers and owners; not who wrote or asked for the change, and no program."""
    proposal = case.proposal
    people = logins((*charter.maintainers, *(owner for ward in charter.wards for owner in ward.owners)), charter)
    own = {proposal.author.casefold(), *(login.casefold() for login in case.asker_logins)}
    own |= {proposal.asked_by.casefold()} if proposal.asked_by else set()
    return frozenset(login for login in people - own if not login.endswith("[bot]"))


def next_round(
    case: Case, remarks: Sequence[Remark], answers: Sequence[Answer], charter: Charter, *, author: bool
) -> Round:
    """The next move. `author`: whether somebody is there who can read words and revise the change."""
    if not case.proposal.by_engine or case.proposal.merged_as is not None or case.proposal.closed:
        return Round(Move.GO)
    people = reviewers(case, charter)
    asked = [one for one in remarks if one.reviewer.casefold() in people and not _content(case, people, one)]
    if not asked:
        return Round(Move.GO)
    done = {answer.remark for answer in answers if _done(answer, case.proposal.head)}
    spent = max((answer.round for answer in answers if answer.remark in done), default=0)
    left = tuple(sorted((one for one in asked if one.id not in done), key=lambda one: (one.at, one.id)))[:MOST]
    if not left:
        names = ", ".join(sorted({one.reviewer for one in asked}))
        return Round(Move.WAIT, spent, tuple(asked), f"answered; waits for {names} to look again")
    if not author:
        return Round(Move.HAND_OVER, spent, left, "whoever wrote it follows rules and reads no words")
    if spent >= ROUNDS:
        return Round(Move.HAND_OVER, spent, left, f"{ROUNDS} rounds of review are spent")
    return Round(Move.REVISE, spent + 1, left, f"round {spent + 1} of {ROUNDS}")


def _done(answer: Answer, head: Sha) -> bool:
    return answer.told or (answer.head is not None and answer.head == head)


def _content(case: Case, people: Collection[str], remark: Remark) -> bool:
    """Whether it is settled by a later approval of the present head: by who said it; where no change was requested,
    by anybody whose review counts."""
    return any(_settles(review, remark, case.proposal.head, people) for review in case.approvals)


def _settles(review: Approval, remark: Remark, head: Sha, people: Collection[str]) -> bool:
    who = review.reviewer.casefold()
    if not review.approves or review.head != head or review.at <= remark.at:
        return False
    return who == remark.reviewer.casefold() or (not remark.requests_changes and who in people)
