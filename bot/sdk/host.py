"""The house as a tool sees it: one member, one channel, and only the shelves that were declared."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import TYPE_CHECKING, Any, Protocol

from bot.core.chat import Line
from bot.core.errors import Denied
from bot.core.ids import ChannelId, PullNumber, Sha, UserId
from bot.core.ports import Clock, Records
from bot.core.verdict import Verdict
from bot.core.votes import Choice, Poll

if TYPE_CHECKING:
    from bot.sdk.tool import ToolSpec


class Votes(Protocol):
    """What a tool may do with polls: look, and cast the vote of the member who asked."""

    def open_polls(self) -> Sequence[tuple[Poll, str]]:
        """Every poll that is open now, with its title."""
        ...

    def read(self, pull: PullNumber) -> Poll | None: ...
    def cast(self, pull: PullNumber, head: Sha, voter: UserId, choice: Choice, now: datetime) -> Verdict: ...


class Shelf:
    """One table of the records, and no other."""

    __slots__ = ("_records", "_table")

    def __init__(self, records: Records, table: str) -> None:
        self._records, self._table = records, table

    def put(self, key: str, row: Mapping[str, Any]) -> None:
        """Write a row, whether it was there or not."""
        self._records.put(self._table, key, row)

    def get(self, key: str) -> dict[str, Any] | None:
        """A row, or None."""
        return self._records.get(self._table, key)

    def delete(self, key: str) -> None:
        """Remove a row; nothing happens if there is none."""
        self._records.delete(self._table, key)

    def scan(self, prefix: str = "") -> Sequence[tuple[str, dict[str, Any]]]:
        """Rows whose key begins so, in order of key."""
        return self._records.scan(self._table, prefix)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, where, and what was said there lately (oldest first, the asking line last)."""

    user: UserId
    channel: ChannelId
    name: str = ""
    language: str = "en"
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class House:
    """What the process lends to its tools. `status` gives what a member may know of how the bot is."""

    records: Records
    clock: Clock
    random: Random
    status: Callable[[], Mapping[str, str]]
    votes: Votes


class Host:
    """All of the house that one tool may touch during one call."""

    __slots__ = ("_house", "_needs", "caller", "now", "tools")

    def __init__(self, house: House, caller: Caller, needs: frozenset[str], tools: Sequence["ToolSpec"]) -> None:
        self._house, self._needs = house, needs
        self.caller = caller
        self.tools = tuple(tools)
        self.now = house.clock()

    @property
    def random(self) -> Random:
        """The source of chance; seeded in replays."""
        return self._house.random

    @property
    def votes(self) -> Votes:
        """The polls; votes cast here are those of the asking member."""
        return self._house.votes

    def status(self) -> Mapping[str, str]:
        """How the bot is, in words for a member."""
        return self._house.status()

    def shelf(self, table: str) -> Shelf:
        """A table this tool declared in `needs`. Raises Denied for any other."""
        if table not in self._needs:
            raise Denied(f"this tool did not declare the shelf {table!r}; add it to needs in its @tool(...)")
        return Shelf(self._house.records, table)
