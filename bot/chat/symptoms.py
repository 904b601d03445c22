"""Notes of what goes badly, and of when members come with what: where errors are raised, which steps are slow, which
tools fail, what is not understood, what follows what.

No word of a member is noted, and of members only how many there were.
"""

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

import structlog

from bot.core.chat import Observer, Outcome, Voice
from bot.core.errors import MegawattsError
from bot.core.ids import UserId
from bot.core.ports import Clock, Records
from bot.policy.places import Place, place_of
from bot.policy.symptoms import KEPT, MOST_COUNTS, SORTS, TABLE, Sort, Symptom, class_of

log = structlog.get_logger()
EVERY = 30.0
"""Seconds between two writings."""
_MOST = 64
"""Names of one sort that a process counts in a day."""
_MOST_ROWS = 5_000
"""Rows that stay of all processes; of more, the oldest go."""
_MOST_MEMBERS = 4_096
_MOST_MET = 16_384
NEXT = timedelta(minutes=30)
"""After which another message is no answer to the one before."""


class Symptoms:
    """The counts of one process. Quick and in memory; `flush` writes what is new."""

    def __init__(self, records: Records, clock: Clock, revision: str) -> None:
        self._records, self._clock, self.revision = records, clock, revision
        self._process = secrets.token_hex(4)
        self._day = date.min
        self._pruned = date.min
        self._counts: dict[Sort, dict[str, dict[str, int]]] = {}
        self._lines: dict[str, int] = {}
        self._changed: set[tuple[Sort, str]] = set()
        self._asked: set[int] = set()
        self._met: set[int] = set()
        self._last: OrderedDict[UserId, tuple[str, datetime]] = OrderedDict()
        self._begin(clock().date())

    def broke(self, error: BaseException) -> None:
        """Something of our own raised what nobody expected. What is expected of the outside is no symptom."""
        if isinstance(error, MegawattsError):
            return
        place = place_of(error)
        if place is not None:
            self._broke(place)

    def stepped(self, step: str, seconds: float) -> None:
        """A step of the pipeline has ended."""
        self._count("step", step, class_of(seconds))

    def tool_called(self, tool: str, outcome: str) -> None:
        """A call of a tool has ended."""
        self._count("tool", tool, outcome)

    def answered(self, intent: str, outcome: Outcome, user: UserId) -> None:
        """An answer of one intent. A member counts once a day for each intent and outcome."""
        known = hash((user, intent, outcome))
        if known in self._asked or len(self._asked) >= _MOST_MEMBERS:
            return
        self._asked.add(known)
        self._count("answer", intent, outcome.value)

    def met(self, intent: str, user: UserId) -> None:
        """When members come with what, and what they come with next. A member counts once a day for each of them, and
        who came with what last is known to this process alone."""
        now = self._clock()
        self._pattern("hour", intent, f"{now:%H}", user)
        before, at = self._last.pop(user, ("", now))
        if before and now - at <= NEXT:
            self._pattern("follow", before, intent, user)
        self._last[user] = intent, now
        if len(self._last) > _MOST_MEMBERS:
            self._last.popitem(last=False)

    def _pattern(self, sort: Sort, name: str, what: str, user: UserId) -> None:
        known = hash((user, sort, name, what))
        if known in self._met or len(self._met) >= _MOST_MET:
            return
        self._met.add(known)
        self._count(sort, name, what)

    async def keep_flushing(self) -> None:
        """Until cancelled; what could not be written is tried again with what comes next."""
        while True:
            await asyncio.sleep(EVERY)
            await self.flush()

    async def flush(self) -> None:
        """Write what has changed since, on a thread: nobody waits for it, and it never raises."""
        taken, today = self._taken(), self._clock().date()
        if self._day != today:
            self._begin(today)
        try:
            await asyncio.to_thread(self._write, taken, today)
        except MegawattsError as error:
            self._changed |= {(one.sort, one.name) for one in taken if one.day == self._day}
            log.warning("symptoms not written", error=type(error).__name__)

    def _write(self, taken: Sequence[Symptom], today: date) -> None:
        for symptom in taken:
            self._records.put(TABLE, symptom.key(self._process), symptom.row())
        if self._pruned != today:
            self._prune(today)
            self._pruned = today

    def _begin(self, today: date) -> None:
        self._day = today
        self._counts = {sort: {} for sort in SORTS}
        self._lines, self._asked, self._met, self._changed = {}, set(), set(), set()

    def _broke(self, place: Place) -> None:
        if self._count("error", place.name, place.error):
            self._lines[place.name] = place.line

    def _count(self, sort: Sort, name: str, what: str) -> bool:
        of_sort = self._counts[sort]
        counts = of_sort.get(name)
        if counts is None:
            if len(of_sort) >= _MOST:
                return False
            counts = of_sort[name] = {}
        if what not in counts and len(counts) >= MOST_COUNTS:
            return False
        counts[what] = counts.get(what, 0) + 1
        self._changed.add((sort, name))
        return True

    def _taken(self) -> Sequence[Symptom]:
        changed, self._changed = self._changed, set()
        found = []
        for sort, name in sorted(changed):
            counts: Mapping[str, int] = dict(self._counts[sort].get(name, {}))
            line = self._lines.get(name, 0) if sort == "error" else 0
            found.append(Symptom(sort, name, self.revision, self._day, counts, line))
        return found

    def _prune(self, today: date) -> None:
        keys = sorted(key for key, _row in self._records.scan(TABLE))
        first = (today - KEPT).isoformat()
        fresh = [key for key in keys if key >= first]
        for key in set(keys) - set(fresh[-_MOST_ROWS:]):
            self._records.delete(TABLE, key)


class Noting:
    """`core.chat.Observer` around another, which is told everything as before."""

    def __init__(self, within: Observer, symptoms: Symptoms) -> None:
        self._within, self._symptoms = within, symptoms

    def answered(self, user: UserId, outcome: Outcome, seconds: float) -> None:
        """Of answers the pipeline tells more: see `Symptoms.answered`."""
        self._within.answered(user, outcome, seconds)

    def tool_called(self, tool: str, outcome: str) -> None:
        """Told to both."""
        self._within.tool_called(tool, outcome)
        self._symptoms.tool_called(tool, outcome)

    def voiced(self, voice: Voice, user: UserId | None = None) -> None:
        """Opinions have a table of their own."""
        self._within.voiced(voice, user)

    def stepped(self, step: str, seconds: float) -> None:
        """Told to both."""
        self._within.stepped(step, seconds)
        self._symptoms.stepped(step, seconds)

    def modelled(self, model: str, outcome: str, seconds: float, tokens: Mapping[str, int], cost: float) -> None:
        """Models are not of this code."""
        self._within.modelled(model, outcome, seconds, tokens, cost)
