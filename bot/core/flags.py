"""Feature flags: what is declared, whom it is asked for, and what is answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from bot.core.chat import HERE
from bot.core.ids import GuildId, UserId

Family = Literal["safety", "performance", "behavioural", "experimental"]
By = Literal["member", "guild"]
Side = Literal["off", "on"]
Value = bool | int | float


@dataclass(frozen=True, slots=True)
class Window:
    """A span of time, UTC; its end is not in it."""

    begins: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class Experiment:
    """Two sides of a flag that are compared. Of every member one outcome counts for each metric."""

    metric: str
    """What decides; less of it is better."""
    guards: tuple[str, ...]
    """What must not get worse meanwhile."""
    minimum: int
    """Fewest members of each side with an outcome before anything is concluded."""
    days: int
    """Without a conclusion by then it is a draw."""
    events: int
    """Events of a member that make up their one outcome."""
    bad: int
    """How many of them must go badly for that outcome to be bad."""
    alpha: float
    """Chance of a conclusion where the sides do not differ, over all looks."""


@dataclass(frozen=True, slots=True)
class Flag:
    """One declared flag. `mark` changes with every word of its declaration."""

    name: str
    family: Family
    what: str
    owner: str
    off: Value
    on: Value
    default: Side = "off"
    """Who is not named gets this side."""
    safe: Side = "off"
    """Who is stopped, or asks while maintenance is on, gets this side."""
    by: By = "member"
    share: float = 0.0
    """Percent of members (or guilds) that get `on`."""
    guilds: frozenset[GuildId] = frozenset()
    users: frozenset[UserId] = frozenset()
    begins: datetime | None = None
    ends: datetime | None = None
    windows: tuple[Window, ...] = ()
    """Maintenance."""
    load: float = 1.0
    """Share of the replies that may be under way at once above which everybody gets the default."""
    experiment: Experiment | None = None
    mark: str = ""

    def value(self, side: Side) -> Value:
        """What that side is."""
        return self.on if side == "on" else self.off

    @property
    def trial(self) -> str:
        """Name under which the figures of its experiment are kept; empty: there is none."""
        return f"{self.name}-{self.mark}" if self.experiment is not None else ""


NOBODY = UserId("")
Flags = Mapping[str, Flag]


@dataclass(frozen=True, slots=True)
class Unit:
    """For whom a flag is asked. `load`: share of the replies that may be under way at once."""

    user: UserId = NOBODY
    guild: GuildId = HERE
    load: float = 0.0


@dataclass(frozen=True, slots=True)
class Stopped:
    """A flag that was switched to its safe side, in one guild or (empty) everywhere."""

    flag: str
    guild: GuildId
    by: str
    reason: str
    at: str
    mark: str = ""
    """Counts only as long as the flag's declaration has this mark; empty: whatever it is."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A side, its value, and why. `trial`: the experiment that this is part of; empty: of none."""

    flag: str
    side: Side
    value: Value
    because: str
    trial: str = ""


class FlagBook(Protocol):
    """Flags as they are in force: read with every message, stopped at once in every process."""

    def declared(self) -> Flags: ...
    def decide(self, name: str, unit: Unit) -> Decision:
        """What holds for this unit now; counted, and part of an experiment if there is one."""
        ...

    def explain(self, name: str, unit: Unit) -> Decision:
        """The same without being counted. KeyError for an unknown flag."""
        ...

    def stops(self) -> Sequence[Stopped]:
        """Every stop that counts now."""
        ...

    def stop(self, name: str, guild: GuildId, by: str, reason: str) -> Stopped:
        """Switch to the safe side, in a guild or (HERE) everywhere. Raises Denied where it cannot be put on record."""
        ...

    def lift(self, name: str, guild: GuildId, by: str, reason: str) -> bool:
        """Take a stop back; False if there was none. Raises Denied for what only a pull request may take back."""
        ...


class Tally(Protocol):
    """Is told of decisions and outcomes, for metrics; must be quick and never raise. Never told who it was."""

    def decided(self, flag: str, side: Side) -> None: ...
    def counted(self, trial: str, side: Side, metric: str, outcome: str) -> None:
        """One member's outcome: `good` or `bad`, and `joined` for the metric `members`."""
        ...
