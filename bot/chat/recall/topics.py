"""The topics of what members tell of themselves, read from facts.toml."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from bot.core.errors import Misconfigured

FILE = Path(__file__).with_name("facts.toml")
_KINDS = ("phrase", "name", "place", "date", "list", "pet", "note")
_KEYS = {"text", "importance", "many", "value", "words", "say", "not", "against"}
_VALUES = {"list": r"[^;:()<>@]{1,80}?", "note": r"[^<>@]{3,200}?"}
_VALUE = r"[^,;:()<>@]{1,60}?"
_SPLIT = r"because|since|weil|seit|parce|depuis|porque|desde|but|although|aber|mais|pero"
_NOW = r"now|these days|any ?more|jetzt|maintenant|ahora"
_THEN = r"when|where|which|that|dass|que|qui"
_ENDS = (
    rf"(?:,.*|\s+(?:{_NOW}|{_SPLIT}|{_THEN}|currently|at the moment|right now|(?:for|last|this|next) \w+(?: \w+)?"
    r"|recently|derzeit|and|und|et|y|with|mit|avec|con)\b.*)?[\s.!…]*"
)
_LIST_ENDS = rf"(?:\s+(?:{_NOW}|{_SPLIT}|{_THEN})\b.*)?[\s.!…]*"
_TAILS = {"list": _LIST_ENDS, "note": r"[\s.!…]*"}


@dataclass(frozen=True, slots=True)
class Topic:
    """What one kind of statement looks like and how it is kept."""

    name: str
    text: str
    importance: float
    many: bool
    kind: str
    words: str
    say: tuple[re.Pattern[str], ...]
    unsay: tuple[re.Pattern[str], ...]
    against: str
    """A topic that holds the contrary: what is said here goes there."""


@dataclass(frozen=True, slots=True)
class Topics:
    """All of them, with the words for pets and for what one may have a favourite of."""

    topics: tuple[Topic, ...]
    pets: Mapping[str, str]
    slots: Mapping[str, str]


@cache
def load(file: Path = FILE) -> Topics:
    """The topics in order. Raises Misconfigured naming file, topic and fix."""
    try:
        tables = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Misconfigured(f"{file} cannot be read ({error}); restore the last committed version") from error
    pets, slots = _named(tables.pop("_pets", {})), _named(tables.pop("_slots", {}))
    return Topics(tuple(_topic(file, name, table, pets, slots) for name, table in tables.items()), pets, slots)


def _topic(file: Path, name: str, table: Any, pets: Mapping[str, str], slots: Mapping[str, str]) -> Topic:
    where = f"{file}: [{name}]"
    if odd := sorted(set(table) - _KEYS):
        raise Misconfigured(f"{where} has an unknown key {odd[0]!r}; remove it")
    kind = table.get("value", "phrase")
    if kind not in _KINDS or "{v}" not in table.get("text", ""):
        raise Misconfigured(f"{where} needs a text with {{v}} and a value of {', '.join(_KINDS)}")
    value, tail = _VALUES.get(kind, _VALUE), _TAILS.get(kind, _ENDS)
    names = {"{v}": f"(?P<v>{value})", "{p}": _any("p", pets), "{s}": _any("s", slots)}

    def compiled(patterns: list[str]) -> tuple[re.Pattern[str], ...]:
        found = []
        for pattern in patterns:
            for mark, group in names.items():
                pattern = pattern.replace(mark, group)  # noqa: PLW2901
            try:
                found.append(re.compile(pattern + tail, re.IGNORECASE))
            except re.error as error:
                raise Misconfigured(f"{where} has a pattern that is none ({error}): {pattern[:60]}") from error
        return tuple(found)

    return Topic(
        name=name,
        text=table["text"],
        importance=float(table.get("importance", 0.5)),
        many=bool(table.get("many", False)),
        kind=kind,
        words=str(table.get("words", "")),
        say=compiled(table.get("say", [])),
        unsay=compiled(table.get("not", [])),
        against=str(table.get("against", "")),
    )


def _named(table: Mapping[str, list[str]]) -> dict[str, str]:
    return {word: name.replace("_", " ") for name, words in table.items() for word in words}


def _any(group: str, words: Mapping[str, str]) -> str:
    longest = sorted(words, key=len, reverse=True)
    return f"(?P<{group}>{'|'.join(map(re.escape, longest))})" if longest else f"(?P<{group}>(?!))"
