"""How stops of flags lie in the records, where the bot's processes and the controller both reach them."""

from collections.abc import Iterable, Mapping
from typing import Any

from bot.core.flags import Stopped
from bot.core.ids import GuildId

TABLE = "flag_stops"
CONTROLLER = "the controller"
_WORDS = ("flag", "guild", "by", "reason", "at", "mark")


def key_of(flag: str, guild: GuildId, by: str = "") -> str:
    """One row for each flag and guild; those of the controller stand apart, so that nobody overwrites them."""
    return f"{flag}/{guild}/controller" if by == CONTROLLER else f"{flag}/{guild}/"


def stopped(rows: Iterable[tuple[str, Mapping[str, Any]]]) -> tuple[Stopped, ...]:
    """The stops of a table, oldest first. A row that is damaged still stops what its key names, everywhere."""
    found = [_read(key, row) for key, row in rows]
    return tuple(sorted(found, key=lambda one: one.at))


def _read(key: str, row: Mapping[str, Any]) -> Stopped:
    if all(isinstance(row.get(word), str) for word in _WORDS):
        return Stopped(row["flag"], GuildId(row["guild"]), row["by"], row["reason"], row["at"], row["mark"])
    return Stopped(key.partition("/")[0], GuildId(""), "somebody", "its row cannot be read", "")
