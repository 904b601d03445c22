"""Bounds what is known, and deletes the words of what people want forgotten. What was refused stays refused."""

from datetime import date, datetime

from bot.core.errors import Denied, Misconfigured
from bot.core.ids import ProposalId
from bot.core.ports import AuditLog, Records
from bot.core.text import one_line
from bot.improve.context import Context
from bot.improve.knowledge import Knowledge, Outcome, Result
from bot.policy.knowledge_lifecycle import MOST_ARCHIVED, UNDER_WAY, Lesson, lessons


class Keeper:
    """Once a day of the engine's clock. A kill between two rows leaves the rest for the next time."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._tended: date | None = None

    def round(self) -> None:
        """Tend, if that was not done today."""
        today = self._ctx.clock().date()
        if self._tended == today:
            return
        gone = tend(self._ctx.records, self._ctx.clock())
        self._tended = today
        if gone:
            self._ctx.say("knowledge", {"bare": gone})


def tend(records: Records, now: datetime, *, most: int = MOST_ARCHIVED) -> int:
    """Take the words from the oldest of too many archived lessons; how many lost theirs. An archived idea that its
    author declined is dropped: that refused nothing."""
    knowledge = Knowledge(records)
    archived = [one.outcome for one in lessons(knowledge.outcomes(), now) if not one.active]
    idle = [outcome for outcome in archived if outcome.result is Result.UNWRITTEN]
    for outcome in idle:
        knowledge.drop(outcome)
    bare = [outcome for outcome in archived if outcome.result not in {Result.UNWRITTEN, *UNDER_WAY}][most:]
    for outcome in bare:
        knowledge.bare(outcome)
    return len(idle) + len(bare)


def known(records: Records, now: datetime) -> tuple[Lesson, ...]:
    """Every lesson that has its words, the newest first."""
    return lessons(Knowledge(records).outcomes(), now)


def forget(records: Records, audit: AuditLog, lesson: str, *, by: str, reason: str) -> Outcome:
    """Delete a lesson's words, on record: it ranks and warns no more, and what it refused stays refused.

    Raises Misconfigured without a reason, Denied for what is not known, is forgotten already, or has no end yet.
    """
    because, knowledge = one_line(reason, 300), Knowledge(records)
    if not because:
        raise Misconfigured("say why it is to be forgotten: --because TEXT")
    outcome = next((one for one in knowledge.outcomes() if one.idea == lesson), None)
    if outcome is None:
        known_end = knowledge.of(ProposalId(lesson)) is not None
        why = "is forgotten already" if known_end else "is no lesson: `megawatts knowledge` lists them by strategy"
        raise Denied(f"{one_line(lesson, 40)!r} {why}")
    if outcome.result in UNDER_WAY:
        raise Denied(f"{lesson} is {outcome.result.value} and has no end yet: close #{outcome.pull}, or wait for it")
    # On record before it is done, without the words that are to go.
    audit.append(by, "knowledge.forget", f"idea {lesson}", because, {"result": outcome.result.value})
    knowledge.bare(outcome)
    return outcome
