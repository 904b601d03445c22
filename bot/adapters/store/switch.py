"""The emergency stop as a small file: there means stopped, and so does anything that cannot be read."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.adapters.files import locked, replace, sync_folder
from bot.core.case import Stop
from bot.core.ports import Clock
from bot.core.text import one_line


def _now() -> datetime:
    return datetime.now(UTC)


def row_of(stop: Stop) -> dict[str, str]:
    """The stop as JSON knows it."""
    return {"reason": stop.reason, "by": stop.by, "at": stop.at.isoformat()}


def stop_of(row: Any) -> Stop:
    """The stop of a row. Raises ValueError, KeyError or TypeError if it is none."""
    return Stop(str(row["reason"]), str(row["by"]), datetime.fromisoformat(row["at"]))


class FileSwitch:
    """`core.ports.Switch` over one file, written in one step and read afresh every time."""

    def __init__(self, path: Path, *, clock: Clock = _now) -> None:
        self.path = Path(path)
        self._clock = clock

    def state(self) -> Stop | None:
        """The stop in force, or None. A file that cannot be read or understood is a stop: fail closed."""
        try:
            text = self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            return self._unreadable(type(error).__name__)
        try:
            return stop_of(json.loads(text))
        except (ValueError, KeyError, TypeError):
            return self._unreadable("it does not hold a reason, a name and a time")

    def stop(self, reason: str, by: str) -> Stop:
        """Stop everything. Already stopped: the earlier stop stays in force and is returned."""
        with locked(self.lock):
            already = self.state()
            if already is not None:
                return already
            stop = Stop(one_line(reason, 500), one_line(by), self._clock())
            replace(self.path, json.dumps(row_of(stop)).encode() + b"\n")
            return stop

    def resume(self, by: str) -> None:  # noqa: ARG002  (who resumed is for the audit log)
        """Let things move again."""
        with locked(self.lock):
            self.clear()

    def clear(self) -> None:
        """Take the file away; for one who holds `lock`."""
        self.path.unlink(missing_ok=True)
        sync_folder(self.path.parent)

    @property
    def lock(self) -> Path:
        """The lock file of those who write."""
        return self.path.with_name(f"{self.path.name}.lock")

    def _unreadable(self, why: str) -> Stop:
        reason = f"the switch file {self.path} cannot be read ({why}); `megawatts resume` clears it"
        return Stop(reason, "megawatts", self._clock())
