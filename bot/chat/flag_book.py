"""Flags in force: the declared ones, and the stops that admins and the controller wrote to the records."""

from collections.abc import Callable, Sequence
from dataclasses import asdict

import structlog

from bot.chat.trials import Trials
from bot.core.chat import HERE
from bot.core.errors import Denied, MegawattsError
from bot.core.flags import Decision, Flags, Stopped, Tally, Unit
from bot.core.ids import GuildId
from bot.core.ports import AuditLog, Clock, Records
from bot.policy import flags as policy
from bot.policy.flag_stops import CONTROLLER, TABLE, key_of, stopped

log = structlog.get_logger()


class Uncounted:
    """`core.flags.Tally` for where nobody counts."""

    def decided(self, flag: str, side: str) -> None:
        """Nothing is counted."""

    def counted(self, trial: str, side: str, metric: str, outcome: str) -> None:
        """Nothing is counted."""


class RecordsFlagBook:
    """`core.flags.FlagBook`. Stops of other processes are seen after `refresh` seconds, those of this one at once.

    As long as the records could never be read, every flag is at its safe side: a stop may be among what is not known.
    """

    def __init__(
        self,
        flags: Flags,
        records: Records,
        clock: Clock,
        timer: Callable[[], float],
        *,
        audit: AuditLog | None = None,
        tally: Tally | None = None,
        trials: Trials | None = None,
        refresh: float = 2.0,
    ) -> None:
        """`timer` gives seconds that never run backwards. Without an audit log nothing can be stopped here."""
        self._flags, self._records, self._clock, self._timer = flags, records, clock, timer
        self._audit, self._tally, self._trials, self._refresh = audit, tally or Uncounted(), trials, refresh
        self._read_at: float | None = None
        self._stops: tuple[Stopped, ...] | None = None

    def declared(self) -> Flags:
        """Every flag by name."""
        return self._flags

    def decide(self, name: str, unit: Unit) -> Decision:
        """What holds for this unit now; counted, and part of an experiment if there is one."""
        decision = self.explain(name, unit)
        self._tally.decided(name, decision.side)
        if decision.trial and self._trials is not None:
            self._trials.joined(unit.user, self._flags[name], decision)
        return decision

    def explain(self, name: str, unit: Unit) -> Decision:
        """The same without being counted. KeyError for an unknown flag."""
        flag, stops = self._flags[name], self._current()
        if stops is None:
            return Decision(name, flag.safe, flag.value(flag.safe), "the records cannot be read: it may be stopped")
        return policy.decide(flag, unit, self._clock(), stops)

    def stops(self) -> Sequence[Stopped]:
        """Every stop that counts now, newest last."""
        found = self._current() or ()
        return [one for one in found if one.flag in self._flags and policy.counts(one, self._flags[one.flag])]

    def stop(self, name: str, guild: GuildId, by: str, reason: str) -> Stopped:
        """Switch to the safe side, in a guild or (HERE) everywhere; on record first. Raises Denied or Unavailable."""
        flag = self._flags[name]
        mark = flag.mark if flag.family == "safety" else ""
        made = Stopped(name, guild, by, reason, self._clock().isoformat(), mark)
        self._note(by, "flag.stop", name, reason, guild)
        self._records.put(TABLE, key_of(name, guild), asdict(made))
        self._read_at = None
        return made

    def lift(self, name: str, guild: GuildId, by: str, reason: str) -> bool:
        """Take a stop back; a safety flag, and what the controller stopped, goes on by a pull request alone."""
        standing = [one for one in self.stops() if one.flag == name and one.guild == guild]
        if any(one.by == CONTROLLER for one in standing):
            raise Denied(
                f"the controller stopped {name} for its figures: a pull request that changes flags.toml ends it"
            )
        if not standing:
            return False
        if self._flags[name].family == "safety":
            raise Denied(f"{name} is a safety flag: it is only ever switched to its safe side here; change flags.toml")
        self._note(by, "flag.lift", name, reason, guild)
        self._records.delete(TABLE, key_of(name, guild))
        self._read_at = None
        return True

    def _note(self, by: str, act: str, name: str, reason: str, guild: GuildId) -> None:
        if self._audit is None:
            raise Denied("flags cannot be stopped here: there is no audit log")
        self._audit.append(by, act, name, reason, {"guild": guild} if guild != HERE else {})

    def _current(self) -> tuple[Stopped, ...] | None:
        now = self._timer()
        if self._read_at is None or now - self._read_at >= self._refresh:
            self._read_at = now
            try:
                self._stops = stopped(self._records.scan(TABLE))
            except MegawattsError as error:
                log.warning("flags not read", error=type(error).__name__)
        return self._stops
