"""Other places that hold something of a member: asked when a member wants to see or to delete everything."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from bot.core.ids import UserId
from bot.core.ports import Records

Mine = Callable[[str, Mapping[str, Any], UserId], bool]
"""Whether a row (by key and content) is a member's."""


class Holder(Protocol):
    """A place that holds something of members. Its methods wait for the disk."""

    @property
    def name(self) -> str: ...

    def of(self, user: UserId) -> Sequence[Mapping[str, Any]]:
        """What it holds of a member, as JSON values."""
        ...

    def forget(self, user: UserId) -> int:
        """Delete it; how many pieces."""
        ...


def by(column: str) -> Mine:
    """Rows whose column names the member."""
    return lambda _key, row, user: row.get(column) == user


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of one table. `kept`: why they stay when a member is forgotten; empty: they go."""

    records: Records
    name: str
    mine: Mine
    kept: str = ""

    def of(self, user: UserId) -> list[Mapping[str, Any]]:
        """The member's rows, with the reason if they stay."""
        why = {"stays": self.kept} if self.kept else {}
        return [{**row, **why} for key, row in self.records.scan(self.name) if self.mine(key, row, user)]

    def forget(self, user: UserId) -> int:
        """Delete the member's rows, unless they stay."""
        if self.kept:
            return 0
        keys = [key for key, row in self.records.scan(self.name) if self.mine(key, row, user)]
        for key in keys:
            self.records.delete(self.name, key)
        return len(keys)


@dataclass(frozen=True, slots=True)
class Part:
    """Something else that can show and forget a member, such as the windows of channels, under a name."""

    name: str
    of: Callable[[UserId], Sequence[Mapping[str, Any]]]
    forget: Callable[[UserId], int]


def tables(records: Records) -> tuple[Table, ...]:
    """The tables of this product that hold members' words, votes or names."""
    voted = "a vote that was cast is part of a decision; it goes with its poll"
    seen = "who may vote is counted from when a member was first seen"
    case = "a server keeps the cases of its moderation; ask its admins"
    spent = "counts only, for the budgets; they hold no words"
    return (
        *(Table(records, name, by("user")) for name in ("reminders", "suggestions", "planning", "feedback", "notes")),
        Table(records, "ballots", _last, voted),
        Table(records, "electors", _last, voted),
        Table(records, "members", _last, seen),
        Table(records, "guild_members", _last, seen),
        Table(records, "cases", by("user"), case),
        Table(records, "usage", by("user"), spent),
    )


def _last(key: str, _row: Mapping[str, Any], user: UserId) -> bool:
    """Rows whose key ends with the member."""
    return key.rpartition("/")[2] == user
