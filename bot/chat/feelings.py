"""How a text sounds: a measured mood for English where there is one, a small word list elsewhere."""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from bot.chat.text import plain, tokens
from bot.core.errors import Misconfigured

FILE = Path(__file__).with_name("feelings.toml")
_KINDS = ("good", "bad", "hostile", "you")
_SHOUTED = 8
"""Letters from which a text in capitals counts as shouted."""


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Plain words of one language."""

    good: frozenset[str]
    bad: frozenset[str]
    hostile: frozenset[str]
    you: frozenset[str]


@lru_cache(maxsize=8)
def load(file: Path = FILE) -> Mapping[str, Lexicon]:
    """Lexicons by language. Raises Misconfigured naming file and fix."""
    try:
        tables = tomllib.loads(file.read_text(encoding="utf-8"))
        return {
            language: Lexicon(*(frozenset(map(plain, table[kind])) for kind in _KINDS))
            for language, table in tables.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Misconfigured(
            f"{file} cannot be used ({error}); each language needs lists {', '.join(_KINDS)}"
        ) from error


class Feelings:
    """Moods from -1 (bad) to 1 (good), and hostility towards people from 0 to 1."""

    def __init__(self, lexicons: Mapping[str, Lexicon], english: Callable[[str], float] | None = None) -> None:
        """`english` measures English texts, and no others."""
        self._lexicons, self._english = lexicons, english
        self._hostile = frozenset[str]().union(*(one.hostile for one in lexicons.values()))
        self._you = frozenset[str]().union(*(one.you for one in lexicons.values()))

    def mood(self, text: str, language: str) -> float:
        """The mood of a text; 0 where nothing tells."""
        if language == "en" and self._english is not None:
            return self._english(text)
        lexicon = self._lexicons.get(language)
        if lexicon is None:
            return 0.0
        said = tokens(text)
        good = sum(word in lexicon.good for word in said)
        bad = sum(word in lexicon.bad or word in lexicon.hostile for word in said)
        return (good - bad) / (good + bad + 1)

    def hostility(self, text: str) -> float:
        """How much a text attacks somebody, in any language: by words, more so if said to a person or shouted."""
        said = tokens(text[:600])
        if self._hostile.isdisjoint(said):
            return 0.0
        hits = sum(word in self._hostile for word in said)
        told = any(word in self._you for word in said) or "<@" in text
        return min(1.0, 0.5 + 0.15 * (hits - 1) + 0.25 * told + 0.25 * _shouted(text))


def _shouted(text: str) -> bool:
    letters: Sequence[str] = [c for c in text if c.isalpha()]
    return len(letters) >= _SHOUTED and sum(map(str.isupper, letters)) > 0.7 * len(letters)
