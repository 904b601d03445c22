"""The lines of one channel and their summary: as values, as rows, and without what must go."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.chat.memory.gist import best, condense, quotes
from bot.core.chat import Line
from bot.core.ids import MessageId, UserId

Key = tuple[str, str, datetime, bool]
_BATCH = 32
"""Lines beyond the window that are condensed together: once for all of them is far cheaper than once for each."""


@dataclass(frozen=True, slots=True)
class Talk:
    """What is held of one channel, oldest first."""

    lines: tuple[Line, ...] = ()
    gist: tuple[Line, ...] = ()

    def with_line(self, line: Line, window: int) -> "Talk":
        """One line more. What is beyond the window waits as a line until there is a batch to be condensed."""
        lines = (*self.lines, line)
        return Talk(lines, self.gist) if len(lines) < window + _BATCH else fitted(lines, self.gist, window)

    def without(self, gone: Callable[[Line], bool]) -> "Talk":
        """Without these lines, the answers to them, and whatever of the bot repeats them."""
        all_lines = (*self.gist, *self.lines)
        dropped = [one for one in all_lines if gone(one)]
        if not dropped:
            return self
        ids = {one.message for one in dropped if one.message}
        said = [one.text for one in dropped if not one.by_bot]
        bare = _bare_answers(self.lines, gone)

        def goes(one: Line) -> bool:
            if gone(one) or one.message in ids or key(one) in bare:
                return True
            return one.by_bot and any(quotes(one.text, text) for text in said)

        return Talk(tuple(x for x in self.lines if not goes(x)), tuple(x for x in self.gist if not goes(x)))

    def of(self, user: UserId) -> list[Line]:
        """A member's lines and the answers to them."""
        ids = {one.message for one in (*self.gist, *self.lines) if one.user == user and one.message}
        return [one for one in (*self.gist, *self.lines) if one.user == user or one.message in ids]


def fitted(lines: Sequence[Line], gist: Sequence[Line], window: int) -> Talk:
    """Lines cut to the window; those before leave their best sentences in the summary."""
    out, kept = lines[:-window], tuple(lines[-window:])
    if not out:
        return Talk(kept, tuple(gist))
    known, messages = {_origin(one) for one in gist}, {one.message for one in gist}
    fresh = [one for one in out if one.message not in messages or _origin(one) not in known]
    return Talk(kept, condense(gist, [found for one in fresh if (found := best(one))]))


def merged(stored: Talk, mine: Talk, window: int, edited: Iterable[MessageId] = ()) -> Talk:
    """What two processes saw, each line once: as it is stored, unless this process has just edited it."""
    changed = set(edited)

    def both(first: Sequence[Line], second: Sequence[Line]) -> list[Line]:
        found = {key(one): one for one in second}
        found |= {key(one): one for one in first if one.message not in changed or key(one) not in found}
        return sorted(found.values(), key=_when)

    lines = both(stored.lines, mine.lines)
    shown = {_origin(one) for one in lines[-window:]}
    gist = [one for one in both(stored.gist, mine.gist) if _origin(one) not in shown]
    return fitted(lines, condense(gist), window)


def key(line: Line) -> Key:
    """What makes a line the same one in two processes; a member's message may have another text by now."""
    return line.user, line.message if line.message and not line.by_bot else line.text, line.at, line.by_bot


def _origin(line: Line) -> Key:
    """What a line and its sentence in the summary have in common."""
    return line.user, line.message, line.at, line.by_bot


def to_row(talk: Talk) -> dict[str, Any]:
    """As it is stored."""
    return {"lines": [_row(one) for one in talk.lines], "gist": [_row(one) for one in talk.gist]}


def from_row(row: Mapping[str, Any] | None, window: int) -> Talk:
    """As it was stored; rows from before there were summaries and message ids hold lines only."""
    if not row:
        return Talk()
    return Talk(tuple(_line(one) for one in row["lines"])[-window:], tuple(_line(one) for one in row.get("gist", ())))


def _bare_answers(lines: Sequence[Line], gone: Callable[[Line], bool]) -> set[Key]:
    """Answers from before lines had message ids: what the bot said right after a line that goes."""
    found: set[Key] = set()
    after = False
    for one in lines:
        if gone(one):
            after = not one.message
        elif not (one.by_bot and not one.message):
            after = False
        elif after:
            found.add(key(one))
    return found


def _when(line: Line) -> datetime:
    return line.at


def _row(line: Line) -> dict[str, Any]:
    row = {"user": line.user, "name": line.name, "text": line.text, "at": line.at.isoformat(), "bot": line.by_bot}
    return {**row, "message": line.message} if line.message else row


def _line(row: Mapping[str, Any]) -> Line:
    at = datetime.fromisoformat(str(row["at"]))
    message = MessageId(str(row.get("message", "")))
    return Line(UserId(str(row["user"])), str(row["name"]), str(row["text"]), at, bool(row["bot"]), message)
