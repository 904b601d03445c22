"""What waits for a member's button: kept on disk, for one member and place, done at most once."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from bot.core.chat import Button
from bot.core.ports import Clock, Records
from bot.sdk.host import Caller

TABLE, USED = "pledges", "pledges_used"
LIFE = timedelta(minutes=5)
_MARK = "pledge"


@dataclass(frozen=True, slots=True)
class Pledge:
    """One call as it was shown."""

    id: str
    tool: str
    arguments: dict[str, Any]
    digest: str
    message: str
    by_model: bool


class Pledges:
    """Calls that wait. Every method waits for the disk."""

    def __init__(self, records: Records, clock: Clock, random: Random) -> None:
        self._records, self._clock, self._random = records, clock, random

    def add(self, tool: str, arguments: dict[str, Any], digest: str, caller: Caller, *, by_model: bool) -> str:
        """Keep a call for five minutes; its id."""
        self._sweep()
        number = f"{self._random.getrandbits(96):024x}"
        row = {
            "tool": tool,
            "arguments": arguments,
            "digest": digest,
            "user": caller.user,
            "guild": caller.guild,
            "channel": caller.channel,
            "message": caller.message,
            "by_model": by_model,
            "until": (self._clock() + LIFE).isoformat(),
        }
        self._records.put(TABLE, number, row)
        return number

    def take(self, number: str, caller: Caller) -> tuple[Pledge | None, str]:
        """The call, which is then used up, or why it is not to be had. A refusal uses nothing up."""
        row = self._records.get(TABLE, number)
        if row is None:
            return None, "That is over: it was done, cancelled, or too long ago. Ask again."
        if (row["user"], row["guild"]) != (caller.user, caller.guild):
            return None, "Only the member who asked can decide on that."
        if row["channel"] != caller.channel:
            return None, "That was asked in another channel; decide on it there."
        if datetime.fromisoformat(row["until"]) <= self._clock():
            self._records.delete(TABLE, number)
            return None, "That was more than five minutes ago. Ask again."
        if not self._records.add(USED, number, {"until": row["until"]}):
            return None, "That was pressed already."
        self._records.delete(TABLE, number)
        return Pledge(
            number, row["tool"], row["arguments"], row["digest"], row["message"], by_model=row["by_model"]
        ), ""

    def _sweep(self) -> None:
        now = self._clock()
        for table in (TABLE, USED):
            for key, row in self._records.scan(table):
                if datetime.fromisoformat(row["until"]) <= now:
                    self._records.delete(table, key)


def buttons_of(number: str, *, danger: bool) -> tuple[Button, ...]:
    """Do it, or leave it."""
    style = "danger" if danger else "primary"
    return (Button(f"{_MARK}:{number}:do", "Do it", style), Button(f"{_MARK}:{number}:drop", "Cancel"))  # type: ignore[arg-type]


def pledged(button: str) -> tuple[str, bool] | None:
    """Which call a button is about, and whether it says yes; None for a button of another kind."""
    mark, _, rest = button.partition(":")
    number, _, word = rest.partition(":")
    return (number, word == "do") if mark == _MARK and word in ("do", "drop") else None
