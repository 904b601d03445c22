"""Reads one TOML table against a list of known keys and keeps every complaint, so that all are told at once."""

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

T = TypeVar("T")

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_DURATION = re.compile(r"([0-9]{1,12})([smhd])")
_LONGEST = 3650 * _UNITS["d"]


@dataclass(slots=True)
class Complaints:
    """Everything wrong with one file: each entry names file, key and fix."""

    where: str
    found: list[str] = field(default_factory=list)

    def add(self, key: str, what: str) -> None:
        self.found.append(f"{self.where}: {key} {what}")


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint for a misspelt name: the closest known one, else all of them."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1)
    return f"did you mean `{close[0]}`?" if close else f"known are {', '.join(names)}"


class Table:
    """One table of the file. Every getter returns the default after a complaint, so that reading goes on."""

    def __init__(self, complaints: Complaints, key: str, data: object, known: Iterable[str]) -> None:
        self.key = key
        self._complaints = complaints
        self._data: Mapping[str, Any] = data if isinstance(data, dict) else {}
        if not isinstance(data, dict):
            complaints.add(key, f"is {_word(data)}, not a table; write it as [{key}]")
        known = set(known)
        for name in self._data.keys() - known:
            self.complain(str(name), f"is not a known key; {nearest(str(name), known)}")

    def __contains__(self, name: str) -> bool:
        return name in self._data

    def complain(self, name: str, what: str) -> None:
        """Note what is wrong with one key; `what` continues the sentence and ends with the fix."""
        self._complaints.add(f"{self.key}.{name}" if self.key else name, what)

    def text(self, name: str, default: str = "") -> str:
        return self._typed(name, default, lambda v: isinstance(v, str), "text in quotes")

    def flag(self, name: str, default: bool) -> bool:
        return self._typed(name, default, lambda v: isinstance(v, bool), "true or false")

    def whole(self, name: str, default: int, *, least: int = 0) -> int:
        """A whole number of at least `least`."""
        return self._typed(name, default, lambda v: type(v) is int and v >= least, f"a whole number from {least}")

    def number(self, name: str, default: float, low: float, high: float) -> float:
        """A number from `low` to `high`, both included."""
        return float(
            self._typed(name, default, lambda v: type(v) in (int, float) and low <= v <= high, f"from {low} to {high}")
        )

    def choice(self, name: str, default: str, known: Iterable[str]) -> str:
        """One of the known words."""
        value, words = self.text(name, default), set(known)
        if value not in words:
            self.complain(name, f"is `{value}`; {nearest(value, words)}")
            return default
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts, none of them twice."""
        empty: list[str] = []
        value = self._typed(name, empty, _all_text, "a list of texts in quotes")
        for one in sorted({v for v in value if value.count(v) > 1}):
            self.complain(name, f"names `{one}` twice; remove one")
        return tuple(value)

    def duration(self, name: str, default: timedelta, *, least: int = 0) -> timedelta:
        """A duration such as "60s", "10m", "48h" or "7d", of at least `least` seconds and at most ten years."""
        value = self._typed(name, "", lambda v: isinstance(v, str), 'a duration such as "10m"')
        if not value and self._data.get(name) != "":
            return default
        found = _DURATION.fullmatch(value)
        if found is None:
            self.complain(name, f'is "{value}"; write a whole number and s, m, h or d, such as "10m"')
            return default
        seconds = int(found[1]) * _UNITS[found[2]]
        if not least <= seconds <= _LONGEST:
            self.complain(name, f'is "{value}"; it must be from {least}s to {_LONGEST // _UNITS["d"]}d')
            return default
        return timedelta(seconds=seconds)

    def moment(self, name: str) -> datetime | None:
        """A date and time; one without an offset is taken as UTC."""
        if name not in self._data:
            self.complain(name, "is missing; write a date and time such as 2026-12-24T00:00:00Z")
        none: datetime | None = None
        value = self._typed(name, none, lambda v: isinstance(v, datetime), "a date and time")
        return value if value is None or value.tzinfo else value.replace(tzinfo=UTC)

    def table(self, name: str, known: Iterable[str]) -> "Table":
        """A table below this one; empty if absent."""
        return Table(self._complaints, f"{self.key}.{name}" if self.key else name, self._data.get(name, {}), known)

    def tables(self, name: str, known: Iterable[str]) -> list["Table"]:
        """A list of tables, [[name]]; empty if absent."""
        empty: list[object] = []
        value = self._typed(name, empty, lambda v: isinstance(v, list), f"a list of tables, [[{name}]]")
        key, names = f"{self.key}.{name}" if self.key else name, set(known)
        return [Table(self._complaints, f"{key}[{i}]", one, names) for i, one in enumerate(value, start=1)]

    def free(self, name: str) -> dict[str, "tuple[str, ...]"]:
        """A table whose keys are free and whose values are lists of texts."""
        data = self._data.get(name, {})
        table = self.table(name, data if isinstance(data, dict) else ())
        return {key: table.texts(key) for key in data} if isinstance(data, dict) else {}

    def _typed(self, name: str, default: T, accepts: Callable[[Any], bool], wanted: str) -> T:
        if name not in self._data:
            return default
        value: T = self._data[name]
        if not accepts(value):
            self.complain(name, f"is {_word(value)}; it must be {wanted}")
            return default
        return value


def _all_text(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) and one for one in value)


def _word(value: object) -> str:
    return f"{value!r}" if isinstance(value, str | int | float) else f"a {type(value).__name__}"
