"""How long the loop rests between two looks, where nothing wakes it."""

from datetime import datetime

from bot.core.case import Step, Wait

MOMENT = 0.5
"""Seconds between two rounds at least: a cluster that starts something tells of it many times a second."""


class Pace:
    """The charter's interval while health is watched, else the forge's calm; and never past the earliest time at which
    something that waits may change by itself: a vote that ends, a freeze that is over."""

    def __init__(self, calm: float) -> None:
        """`calm`: seconds between two looks at least while no health is watched."""
        self._calm = calm
        self._due: datetime | None = None

    def begin(self) -> None:
        """A round begins: what waits is heard anew."""
        self._due = None

    def waits(self, step: Step) -> None:
        """Hear of a step that was decided."""
        if isinstance(step, Wait) and step.until is not None:
            self._due = step.until if self._due is None else min(self._due, step.until)

    def rest(self, interval: float, *, watched: bool, took: float, now: datetime) -> float:
        """Seconds to rest after a look that took so many. The interval is from look to look: what a look takes is no
        part of the wait, which never vanishes. A time that has come and changed nothing is no reason to hurry."""
        pause = interval if watched else max(interval, self._calm)
        rest = max(min(MOMENT, pause), pause - took)
        left = (self._due - now).total_seconds() if self._due is not None else 0.0
        return min(rest, max(left, MOMENT)) if left > 0 else rest
