"""Notices when the wall clock is set: deadlines, freezes, quotas and votes must not end because of that."""

from collections.abc import Callable
from datetime import datetime, timedelta

from bot.core.ports import Clock

TOLERANCE = timedelta(minutes=1)
"""Clocks drift and are corrected by little all the time."""
SETTLING = timedelta(minutes=10)
"""How long a new time must stand before it is believed: long enough for a person to see that it is wrong."""


class ClockWatch:
    """Compares the wall clock with one that nobody sets. A time that came back is believed at once."""

    def __init__(self, clock: Clock, elapsed: Callable[[], float] | None) -> None:
        self._clock = clock
        self._elapsed = elapsed
        self._believed: timedelta | None = None
        self._doubted: timedelta | None = None
        self._since = 0.0

    def jumped(self) -> str:
        """Why the time is not to be trusted now, or nothing."""
        if self._elapsed is None:
            return ""
        elapsed = self._elapsed()
        offset = self._clock() - datetime.fromtimestamp(elapsed, tz=self._clock().tzinfo)
        if self._believed is None or abs(offset - self._believed) <= TOLERANCE:
            self._believed, self._doubted = offset, None
            return ""
        if self._doubted is None or abs(offset - self._doubted) > TOLERANCE:
            self._doubted, self._since = offset, elapsed
        if elapsed - self._since >= SETTLING.total_seconds():
            self._believed, self._doubted = offset, None
            return ""
        by, way = abs(offset - self._believed), "forwards" if offset > self._believed else "back"
        return (
            f"the clock was set {way} by {timedelta(seconds=round(by.total_seconds()))}; nothing moves until it is "
            f"right again, or has stood for {SETTLING.total_seconds() / 60:.0f} minutes"
        )
