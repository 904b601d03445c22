"""Things with a fixed form inside a message: dice, durations, numbers."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.chat.text import plain, tokens
from bot.core.errors import Misconfigured

FILE = Path(__file__).with_name("words.toml")
_DICE = re.compile(r"(?<![\w.])(?:\d{1,3})?[dDwW]\d{1,4}(?:\s?[+-]\s?\d{1,4})?(?!\w)")
_NUMBER = re.compile(r"(?<![\w.])\d{1,9}(?![\w.])")
_WORD = re.compile(r"[^\W_]+")
_JOINED = re.compile(r"(\d{1,6})([^\W\d_]+)")
_AROUND = re.compile(r"\s{2,}")


@dataclass(frozen=True, slots=True)
class Words:
    """What words.toml says of one language. Durations in seconds."""

    common: frozenset[str]
    units: Mapping[str, int]
    counts: Mapping[str, int]
    days: Mapping[str, int]


def load(file: Path = FILE) -> Mapping[str, Words]:
    """Words by language. Raises Misconfigured naming file and fix."""
    try:
        tables = tomllib.loads(file.read_text(encoding="utf-8"))
        return {language: _words(table) for language, table in tables.items()}
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        fix = "each language needs common, units, counts and days"
        raise Misconfigured(f"{file} cannot be used ({error}); {fix}") from error


def _words(table: Mapping[str, Mapping[str, int]]) -> Words:
    def numbers(key: str) -> dict[str, int]:
        return {plain(word): int(value) for word, value in table[key].items()}

    return Words(frozenset(map(plain, table["common"])), numbers("units"), numbers("counts"), numbers("days"))


@dataclass(frozen=True, slots=True)
class Found:
    """A duration in seconds, and the text without its words."""

    seconds: int
    rest: str


class Entities:
    """Finds entities in all languages at once: members mix them."""

    def __init__(self, words: Mapping[str, Words]) -> None:
        self._words = words
        self._units: dict[str, int] = {}
        self._counts: dict[str, int] = {}
        self._days: dict[str, int] = {}
        for one in words.values():
            self._units.update(one.units)
            self._counts.update(one.counts)
            self._days.update(one.days)

    def dice(self, text: str) -> str:
        """Dice notation as written (2d6+3, d20, 1w6), or ''."""
        found = _DICE.search(text)
        return found[0].replace(" ", "") if found else ""

    def number(self, text: str) -> str:
        """The first whole number, or ''."""
        found = _NUMBER.search(text)
        return found[0] if found else ""

    def duration(self, text: str) -> Found | None:
        """All parts of a duration added up (1 hour 30 minutes, in zwei Stunden, 10m, tomorrow), or None."""
        words = list(_WORD.finditer(text))
        seconds, first, last, i = 0, 0, 0, 0
        while i < len(words):
            part, used = self._piece([plain(word[0]) for word in words[i : i + 2]])
            if not used and seconds and i > last + 1:
                break
            if used:
                first, last = (i if not seconds else first), i + used - 1
                seconds += part
            i += max(1, used)
        if not seconds:
            return None
        rest = text[: words[first].start()] + " " + text[words[last].end() :]
        return Found(seconds, _AROUND.sub(" ", rest).strip())

    def _piece(self, words: Sequence[str]) -> tuple[int, int]:
        """Seconds of a duration that begins here, and how many words it takes; 0 words if none does."""
        if words[0] in self._days:
            return self._days[words[0]], 1
        if joined := _JOINED.fullmatch(words[0]):
            return int(joined[1]) * self._units.get(joined[2], 0), int(joined[2] in self._units)
        if len(words) < 2 or words[1] not in self._units:
            return 0, 0
        count = int(words[0]) if words[0].isdecimal() and len(words[0]) <= 6 else self._counts.get(words[0])
        return (count * self._units[words[1]], 2) if count else (0, 0)

    def language(self, text: str) -> str:
        """The language whose common words occur most often, or '' if none does or two are even."""
        said = tokens(text)
        scores = sorted(
            ((sum(map(words.common.__contains__, said)), name) for name, words in self._words.items()), reverse=True
        )
        if not scores or not scores[0][0] or (len(scores) > 1 and scores[0][0] == scores[1][0]):
            return ""
        return scores[0][1]
