"""How a member feels, and whether a channel heats up: from numbers that others measured."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from bot.core.ids import UserId

_HALF_LIFE: Final = timedelta(minutes=3)
"""After which a hostile line weighs half."""
_HOT, _COOL = 2.0, 0.75
"""Heat at which a conflict is noticed, and below which it counts as over."""
_FEWEST: Final = 2
"""Members who must have been hostile lately: one alone is for the rate limit and the word list."""
_LATELY: Final = timedelta(minutes=10)
_REMEMBERED: Final = 16
_QUIET: Final = timedelta(hours=1)
"""Between two notices in one channel."""


class Tone(StrEnum):
    """How to speak to a member."""

    EVEN = "even"
    WARM = "warm"
    """They are glad: share it."""
    GENTLE = "gentle"
    """They are frustrated or low: short, patient, no jokes."""


def tone_of(valence: float, threshold: float) -> Tone:
    """The tone for a mood from -1 (bad) to 1 (good); within the threshold (0 to 1) it stays even."""
    if valence <= -max(threshold, 0.05):
        return Tone.GENTLE
    return Tone.WARM if valence >= max(threshold, 0.05) else Tone.EVEN


@dataclass(frozen=True, slots=True)
class Heat:
    """How hostile a channel has been lately. `angry` are members with the time of their last hostile line."""

    level: float = 0.0
    at: datetime | None = None
    angry: tuple[tuple[UserId, datetime], ...] = ()
    active: bool = False
    noticed: datetime | None = None


def heated(heat: Heat, user: UserId, hostility: float, now: datetime) -> tuple[Heat, bool]:
    """The heat after one more line, and whether to say something now.

    Hysteresis: a conflict begins above one level and ends below a lower one, and only a beginning is told, at most once
    an hour. `hostility` is 0 to 1; a clock that jumps back cools nothing.
    """
    cooled = heat.level * _cooling(heat.at, now)
    angry = tuple((who, when) for who, when in heat.angry if now - when <= _LATELY)
    if hostility > 0:
        angry = (*((who, when) for who, when in angry if who != user), (user, now))[-_REMEMBERED:]
    level = min(10.0, cooled + max(0.0, min(1.0, hostility)))
    goes_on = heat.active and cooled > _COOL
    begins = not goes_on and level >= _HOT and len(angry) >= _FEWEST
    active = begins or goes_on
    tell = begins and (heat.noticed is None or now - heat.noticed >= _QUIET)
    after = Heat(level, now if heat.at is None else max(now, heat.at), angry, active, heat.noticed)
    return (replace(after, noticed=now) if tell else after), tell


def _cooling(since: datetime | None, now: datetime) -> float:
    passed = (now - since) / _HALF_LIFE if since is not None else 0.0
    return float(0.5 ** max(0.0, passed))
