"""What was said in a channel lately; kept in the records so that a restart forgets next to nothing."""

from collections import OrderedDict
from datetime import datetime
from typing import Any

from bot.core.chat import Line
from bot.core.ids import ChannelId, UserId
from bot.core.ports import Records

TABLE = "conversations"
_CHANNELS = 2000
"""Windows held in this process; the one unused longest is written out and dropped."""


class Memory:
    """A window of lines per channel; no channel sees another's.

    Lines are written behind, by `flush`: an answer never waits for the disk. Processes that share the records merge
    what they saw when they flush.
    """

    def __init__(self, records: Records, window: int) -> None:
        self._records, self._window = records, window
        self._lines: OrderedDict[ChannelId, tuple[Line, ...]] = OrderedDict()
        self._dirty: set[ChannelId] = set()

    def add(self, channel: ChannelId, line: Line) -> None:
        """Append a line; the oldest beyond the window is dropped."""
        self._lines[channel] = (*self.lines(channel), line)[-self._window :]
        self._dirty.add(channel)
        if len(self._lines) > _CHANNELS:
            oldest = next(iter(self._lines))
            self._write(oldest)
            del self._lines[oldest]

    def lines(self, channel: ChannelId) -> tuple[Line, ...]:
        """The window, oldest first. Read from the records the first time a channel is asked for."""
        if channel not in self._lines:
            self._lines[channel] = self._stored(channel)
        self._lines.move_to_end(channel)
        return self._lines[channel]

    def flush(self) -> int:
        """Write what is new; how many channels that were. May run in another thread than the rest."""
        channels = tuple(self._dirty)
        for channel in channels:
            self._write(channel)
        return len(channels)

    def _write(self, channel: ChannelId) -> None:
        if channel not in self._dirty:
            return
        self._dirty.discard(channel)
        mine = self._lines.get(channel, ())
        try:
            merged = sorted({*self._stored(channel), *mine}, key=lambda line: line.at)[-self._window :]
            self._records.put(TABLE, channel, {"lines": [_row(line) for line in merged]})
        except BaseException:
            self._dirty.add(channel)
            raise

    def _stored(self, channel: ChannelId) -> tuple[Line, ...]:
        row = self._records.get(TABLE, channel)
        return tuple(_line(one) for one in row["lines"])[-self._window :] if row else ()


def _row(line: Line) -> dict[str, Any]:
    return {"user": line.user, "name": line.name, "text": line.text, "at": line.at.isoformat(), "bot": line.by_bot}


def _line(row: dict[str, Any]) -> Line:
    at = datetime.fromisoformat(str(row["at"]))
    return Line(UserId(str(row["user"])), str(row["name"]), str(row["text"]), at, by_bot=bool(row["bot"]))
