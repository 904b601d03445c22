"""What the watcher remembers: one row for each revision that ran, and the readings of it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from bot.core.health import Reading
from bot.core.ids import Sha
from bot.core.ports import Records
from bot.policy.watching import Score, Tally, Would, tally

WATCHES, RUNNING, READINGS = "watches", "watches_running", "watches_readings"
KEPT = timedelta(days=2)
"""How long readings are kept: a comparison needs those around one deploy."""


@dataclass(frozen=True, slots=True)
class Watch:
    """The watch of one revision. Empty text: not known, or not yet."""

    revision: Sha
    previous: str
    at: datetime
    """When it took traffic."""
    would: str = ""
    because: str = ""
    judged: str = ""
    """When it was concluded, in ISO 8601."""
    merged: str = ""
    """The merge commit that is, or would be, taken back."""
    pull: int = 0
    """The pull request that brought it; 0: pushed, or several."""
    revert: int = 0
    """The pull request that takes it back, where one was opened."""
    ours: bool = False
    """Whether the watcher itself merged that."""
    ran: bool = True
    """False for what could not be started: that the one before it goes on running shows nothing."""
    score: str = ""
    settled: bool = False
    """Nothing is left to do for it, but to learn whether it was right."""

    @property
    def outcome(self) -> tuple[Would, Score | None]:
        """What it came to, and what became of that."""
        return Would(self.would), Score(self.score) if self.score else None


class Book:
    """The rows of one application."""

    def __init__(self, records: Records, application: str) -> None:
        self._records, self._name = records, application

    def running(self) -> Sha | None:
        """What ran at the last look."""
        row = self._records.get(RUNNING, self._name)
        return Sha(str(row["revision"])) if row else None

    def runs(self, revision: Sha) -> None:
        """Remember what runs now."""
        self._records.put(RUNNING, self._name, {"revision": revision})

    def put(self, watch: Watch) -> Watch:
        """Write a row; the same again changes nothing."""
        row = {**asdict(watch), "at": watch.at.isoformat()}
        self._records.put(WATCHES, f"{self._name}/{watch.revision}", row)
        return watch

    def get(self, revision: Sha) -> Watch | None:
        """The watch of a revision."""
        row = self._records.get(WATCHES, f"{self._name}/{revision}")
        return replace(Watch(**row), at=datetime.fromisoformat(row["at"])) if row else None

    def all(self) -> tuple[Watch, ...]:
        """Every watch, oldest first."""
        rows = (row for _key, row in self._records.scan(WATCHES, f"{self._name}/"))
        found = (replace(Watch(**row), at=datetime.fromisoformat(row["at"])) for row in rows)
        return tuple(sorted(found, key=lambda watch: watch.at))

    def tally(self) -> Tally:
        """How it went so far."""
        return tally([watch.outcome for watch in self.all() if watch.would])

    def save(self, readings: Sequence[Reading], now: datetime) -> None:
        """Keep readings, so that a restarted watcher goes on; drop those that are too old to compare with."""
        for one in readings:
            key = f"{self._name}/{one.at.isoformat()}/{one.metric}/{one.revision[:12]}"
            row = {"metric": one.metric, "revision": one.revision, "at": one.at.isoformat()}
            self._records.put(READINGS, key, {**row, "value": one.value, "total": one.total})
        for key, row in self._records.scan(READINGS, f"{self._name}/"):
            if now - datetime.fromisoformat(row["at"]) <= KEPT:
                break
            self._records.delete(READINGS, key)

    def readings(self) -> tuple[Reading, ...]:
        """All readings that are kept, oldest first."""
        rows = (row for _key, row in self._records.scan(READINGS, f"{self._name}/"))
        found = [
            Reading(r["metric"], Sha(r["revision"]), datetime.fromisoformat(r["at"]), r["value"], float(r["total"]))
            for r in rows
        ]
        return tuple(sorted(found, key=lambda reading: reading.at))
