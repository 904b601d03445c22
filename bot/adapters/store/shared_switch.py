"""The emergency stop in the records that every process of an installation shares."""

from datetime import UTC, datetime

from bot.adapters.files import locked
from bot.adapters.store.switch import FileSwitch, row_of, stop_of
from bot.core.case import Stop
from bot.core.errors import MegawattsError, Misconfigured, Unavailable
from bot.core.ports import Clock, Records
from bot.core.text import one_line

TABLE, KEY = "switch", "stop"
_TRIES = 3


def _now() -> datetime:
    return datetime.now(UTC)


class SharedSwitch:
    """`core.ports.Switch` over one row, beside the file of this home: either one stops, and a resume clears both.

    A stop that was said while the database was away waits in the file, and is carried into the database by the first
    look that reaches it. Where neither says what is in force, `state` raises Unavailable: nobody may act.
    """

    def __init__(self, records: Records, file: FileSwitch, *, clock: Clock = _now) -> None:
        self._records, self._file, self._clock = records, file, clock

    def state(self) -> Stop | None:
        """The stop in force, or None; a database that cannot be used or understood is a stop.

        Raises Unavailable where the database does not answer and the file is silent.
        """
        beside = self._file.state()
        try:
            return self._shared() if beside is None else self._carried()
        except Misconfigured as error:
            return beside or Stop(one_line(str(error), 500), "megawatts", self._clock())
        except (Unavailable, OSError):
            if beside is None:
                raise
            return beside

    def stop(self, reason: str, by: str) -> Stop:
        """Stop every process. Already stopped: the earlier stop stays in force and is returned.

        Raises Unavailable where the database does not answer: then only this home's processes are stopped.
        """
        try:
            already = self._shared() if self._file.state() is None else self._carried()
            return already or self._written(Stop(one_line(reason, 500), one_line(by), self._clock()))
        except (MegawattsError, OSError) as error:
            self._file.stop(reason, by)
            raise Unavailable("emergency stop", f"{self._only_here()}; {error}") from error

    def resume(self, by: str) -> None:  # noqa: ARG002  (who resumed is for the audit log)
        """Let things move again. Raises Unavailable, and then nothing moves yet."""
        try:
            with locked(self._file.lock):
                self._records.delete(TABLE, KEY)
                self._file.clear()
        except OSError as error:
            raise Unavailable("emergency stop", f"{self._file.path}: {error.strerror or error}") from error

    def _carried(self) -> Stop | None:
        """What the file says, now in the database; the lock keeps a resume from falling in between."""
        with locked(self._file.lock):
            beside = self._file.state()
            if beside is None:
                return self._shared()
            stop = self._written(beside)
            self._file.clear()
            return stop

    def _written(self, stop: Stop) -> Stop:
        """The stop, or the earlier one that is there already. A try whose answer was lost may be the one that wrote."""
        for left in reversed(range(_TRIES)):
            try:
                if self._records.add(TABLE, KEY, row_of(stop)):
                    return stop
            except Unavailable:
                if not left:
                    raise
                continue
            found = self._shared()
            if found is not None:
                return found
        raise Unavailable("emergency stop", "it was resumed again and again while it was written")

    def _shared(self) -> Stop | None:
        """The stop of the database. A row that cannot be understood is a stop: fail closed."""
        row = self._records.get(TABLE, KEY)
        try:
            return None if row is None else stop_of(row)
        except (ValueError, KeyError, TypeError):
            reason = f"the row {TABLE}/{KEY} of the database cannot be understood; `megawatts resume` clears it"
            return Stop(reason, "megawatts", self._clock())

    def _only_here(self) -> str:
        where = self._file.path.parent
        return f"only processes with the home folder {where} are stopped: say it again, or end the others by hand"
