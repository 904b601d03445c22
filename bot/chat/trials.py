"""Counts what an experiment compares: of each member one outcome for each metric, whoever answers them where.

An outcome is whether so many of a member's first events went badly. The figures know sides and no members; that a
member has counted is a row under a digest, so that no restart and no second process counts them twice.
"""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import date, timedelta
from hashlib import blake2b

import structlog

from bot.core.chat import Answer, Outcome, Voice
from bot.core.errors import MegawattsError
from bot.core.flags import Decision, Experiment, Flag, Side, Tally
from bot.core.ids import UserId
from bot.core.ports import Clock, Records
from bot.policy.experiments import BAD, GOOD, JOINED, MEMBERS
from bot.policy.flags_file import LONGEST

log = structlog.get_logger()
TABLE = "experiment_members"
SLOW = 2.0
"""Seconds from which an answer counts as slow."""
EVERY = 1.0
"""Seconds between two writings."""
_MOST = 10_000
_KEPT = timedelta(days=LONGEST + 7)


@dataclass(slots=True)
class _Course:
    """How far one member is in one experiment: events and bad ones by metric, until enough were seen."""

    side: Side
    plan: Experiment
    seen: dict[str, tuple[int, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Outcome:
    trial: str
    side: Side
    metric: str
    outcome: str
    user: UserId


class Trials:
    """Members' courses in this process. Quick and in memory; `flush` counts those that were never counted before."""

    def __init__(self, records: Records, clock: Clock, tally: Tally) -> None:
        self._records, self._clock, self._tally = records, clock, tally
        self._courses: OrderedDict[tuple[UserId, str], _Course] = OrderedDict()
        self._by_user: dict[UserId, set[str]] = {}
        self._due: list[_Outcome] = []
        self._pruned = date.min

    def joined(self, user: UserId, flag: Flag, decision: Decision) -> None:
        """A member met the flag: from here on what they meet counts for their side."""
        key = (user, decision.trial)
        if not user or flag.experiment is None or key in self._courses:
            return
        self._courses[key] = _Course(decision.side, flag.experiment)
        self._by_user.setdefault(user, set()).add(decision.trial)
        self._due.append(_Outcome(decision.trial, decision.side, MEMBERS, JOINED, user))
        if len(self._courses) > _MOST:
            (old, trial), _course = self._courses.popitem(last=False)
            self._by_user[old].discard(trial)
            if not self._by_user[old]:
                del self._by_user[old]

    def answered(self, user: UserId, answer: Answer, seconds: float) -> None:
        """A message was answered."""
        outcome = answer.outcome
        self._event(user, "trouble", outcome in {Outcome.REJECTED, Outcome.FAILED})
        if outcome is Outcome.REJECTED:
            return
        self._event(user, "slow", seconds > SLOW)
        if outcome is not Outcome.FAILED:
            self._event(user, "unanswered", outcome is Outcome.UNANSWERED)
        if answer.tool:
            self._event(user, "tools", outcome is Outcome.FAILED)

    def voiced(self, user: UserId, voice: Voice) -> None:
        """A member said what they think of an answer."""
        self._event(user, "displeased", voice != "up", enough=1)

    async def keep_flushing(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(EVERY)
            await self.flush()

    async def flush(self) -> None:
        """Count what is new, on a thread. What cannot be written is tried again, and nothing is counted before."""
        due, self._due = self._due, []
        try:
            fresh = await asyncio.to_thread(self._fresh, due, self._clock().date())
        except MegawattsError as error:
            self._due = [*due, *self._due][-_MOST:]
            log.warning("experiments not written", error=type(error).__name__)
            return
        for one in fresh:
            self._tally.counted(one.trial, one.side, one.metric, one.outcome)

    def _event(self, user: UserId, metric: str, bad: bool, enough: int = 0) -> None:
        for trial in self._by_user.get(user, ()):
            course = self._courses[user, trial]
            plan = course.plan
            count, wrong = course.seen.get(metric, (0, 0))
            if metric not in {plan.metric, *plan.guards} or count >= (enough or plan.events):
                continue
            count, wrong = count + 1, wrong + bad
            course.seen[metric] = (count, wrong)
            if count == (enough or plan.events):
                outcome = BAD if wrong >= (enough or plan.bad) else GOOD
                self._due.append(_Outcome(trial, course.side, metric, outcome, user))

    def _fresh(self, due: list[_Outcome], today: date) -> list[_Outcome]:
        """Those that no process has counted. One that was written and not told is lost, and never counted twice."""
        if self._pruned != today:
            self._prune(today)
            self._pruned = today
        row = {"day": today.isoformat()}
        return [one for one in due if self._records.add(TABLE, _key(one), row)]

    def _prune(self, today: date) -> None:
        first = (today - _KEPT).isoformat()
        for key, row in self._records.scan(TABLE):
            if str(row.get("day", "")) < first:
                self._records.delete(TABLE, key)


def _key(one: _Outcome) -> str:
    return f"{one.trial}/{one.metric}/{digest(one.user)}"


def digest(user: UserId) -> str:
    """Sixteen bytes under which a member is known to have counted."""
    return blake2b(user.encode(), digest_size=16).hexdigest()


def of_member(key: str, _row: object, user: UserId) -> bool:
    """Whether a row of the table is a member's, for showing and forgetting what is held of them."""
    return key.endswith(f"/{digest(user)}")
