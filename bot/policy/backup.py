"""Whether a change may merge only after a backup, and whether the one that was made for it counts."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import PurePosixPath

from bot.core.case import Case
from bot.core.charter import Charter
from bot.core.tier import Tier
from bot.core.verdict import Status, Verdict
from bot.policy import pattern

NAME = "backup"
AGAIN = timedelta(minutes=5)
"""A backup that failed is tried again after so long; until then it is held, and a person is told once."""


def why(paths: Iterable[PurePosixPath], tier: Tier, charter: Charter) -> str:
    """Why such a change needs a backup before it merges; empty: it needs none, or the charter asks for none."""
    if charter.backup is None:
        return ""
    if tier >= Tier.CRITICAL:
        return f"its tier is {tier.name.lower()}"
    rules = charter.backup.migrations
    moved = sorted(path for path in paths if any(pattern.matches(rule, path) for rule in rules))
    return f"{moved[0]} changes what is stored" if moved else ""


def backed_up(case: Case, charter: Charter, tier: Tier, now: datetime) -> Verdict | None:
    """PASS: a verified backup of this head's own is there. PENDING: one has to be made. FAIL: it could not be, lately.

    None: none is asked for. It counts if it was made after everything that let this head go was said, and is not older
    than the charter allows; a report that says neither when nor for which head is no backup.
    """
    reason = why(case.proposal.paths, tier, charter)
    if charter.backup is None or not reason:
        return None
    found = case.backup
    if found is None or found.facts.get("head") != case.proposal.head:
        return _wanted(f"none was made for this head, and {reason}")
    at = _moment(found)
    if at is None or at > now:
        return _wanted("its report does not say when it was made")
    if not found.passed:
        return found if now < at + AGAIN else _wanted(f"the last try failed: {found.because}")
    return _late(case, charter.backup.max_age, at, now) or Verdict(NAME, Status.PASS, found.because, facts=found.facts)


def _late(case: Case, max_age: timedelta, at: datetime, now: datetime) -> Verdict | None:
    """What makes a verified backup too old."""
    if now - at > max_age:
        return _wanted(f"the last one is older than {max_age}")
    if at < max(_agreed(case), default=at):
        return _wanted("the last one was made before the consent")
    return None


def _agreed(case: Case) -> Iterable[datetime]:
    """When people let this head go. What only forbids needs no backup after it."""
    head = case.proposal.head
    yield from (one.at for one in case.approvals if one.approves and one.head == head)
    if case.override is not None and case.override.head == head:
        yield case.override.at


def _moment(found: Verdict) -> datetime | None:
    try:
        at = datetime.fromisoformat(str(found.facts.get("at", "")))
    except ValueError:
        return None
    return at if at.tzinfo is not None else None


def _wanted(because: str) -> Verdict:
    return Verdict(NAME, Status.PENDING, f"a backup has to be made: {because}")
