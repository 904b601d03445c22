"""Which tools a model may be offered: those that the member's own current words ask for, and no others.

Names, history, files, topics and memory never reach this module: whatever is written there cannot add a tool.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from bot.policy.normalise import skeleton

_QUOTED = re.compile(
    r"```[\s\S]*?(?:```|\Z)|`[^`\n]*`|^[ \t]*>>>[\s\S]*|^[ \t]*>[^\n]*|\bhttps?://\S+|<[@#][!&]?\d+>", re.MULTILINE
)
_SAID = re.compile(r"[^\W\d_]{2,}")
_ENDINGS = ("ings", "ing", "ies", "ers", "ed", "es", "er", "en", "s", "e", "n", "t")
_LIKE: Final = 0.62
"""Weighted share of a phrase's words that must have been said; for what changes something, `_SURE`."""
_SURE: Final = 0.8
_IMPLIED: Final = frozenset({"user", "member"})
_MOST: Final = 8
_READ: Final = 2000
"""Characters of a message that are compared."""


@dataclass(frozen=True, slots=True)
class Offerable:
    """A tool as it can be asked for. `phrases` are its summary, its example and what members say for it."""

    name: str
    phrases: tuple[str, ...]
    mutates: bool = False


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Words beside those of the tools themselves."""

    meanings: Mapping[str, str]
    """Words of other languages, and synonyms, to the English words that tools are named by."""
    silent: frozenset[str] = frozenset()
    """Words that ask for nothing, such as articles."""

    def stems(self, text: str) -> frozenset[str]:
        """Stems of what was said, each word also by what it means."""
        said: set[str] = set()
        for word in _SAID.findall(skeleton(text)):
            if word not in self.silent:
                said.add(stem(word))
                said.update(map(stem, self.meanings.get(word, self.meanings.get(stem(word), "")).split()))
        return frozenset(said)


def vocabulary(meanings: Mapping[str, str], silent: Iterable[str] = ()) -> Vocabulary:
    """Words as people write them, prepared for comparison: each also stands for its other forms."""
    known: dict[str, str] = {}
    for word, meaning in meanings.items():
        known.setdefault(stem(skeleton(word)), meaning)
    known.update((skeleton(word), meaning) for word, meaning in meanings.items())
    return Vocabulary(known, frozenset(map(skeleton, silent)))


def own_words(text: str) -> str:
    """What the member says themselves: without quotes, code, addresses and mentions, which others may have written."""
    return _QUOTED.sub(" ", text)


@lru_cache(maxsize=8192)
def stem(word: str) -> str:
    """A word without the commonest endings; for comparison only."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)].rstrip("e")
    return word


def _named(tool: Offerable, words: Vocabulary) -> frozenset[str]:
    """What must be said for a tool to be meant by its name. Who is banned or muted is said by a name or a mention."""
    parts = [part for part in tool.name.split("_") if part not in words.silent]
    told = [part for part in parts if part not in _IMPLIED] if tool.mutates else parts
    return frozenset(map(stem, told or parts))


class Offers:
    """The tools of one registry, indexed once."""

    def __init__(self, tools: Iterable[Offerable], words: Vocabulary) -> None:
        self._words = words
        self._tools: list[tuple[Offerable, frozenset[str], Sequence[frozenset[str]]]] = []
        seen: Counter[str] = Counter()
        for tool in tools:
            name = _named(tool, words)
            phrases = [found for phrase in tool.phrases if (found := words.stems(phrase))]
            self._tools.append((tool, name, phrases))
            seen.update(name.union(*phrases))
        total = max(1, len(self._tools))
        self._weight = {word: math.log(1 + total / count) for word, count in seen.items()}

    def pick(self, text: str) -> tuple[str, ...]:
        """Names of the tools that a text asks for, best first; empty if it asks for none."""
        said = self._words.stems(own_words(text)[:_READ])
        if not said:
            return ()
        scored = [(self._score(name, phrases, said, tool.mutates), tool.name) for tool, name, phrases in self._tools]
        return tuple(name for score, name in sorted(scored, key=lambda one: (-one[0], one[1]))[:_MOST] if score > 0)

    def _score(
        self, name: frozenset[str], phrases: Sequence[frozenset[str]], said: frozenset[str], mutates: bool
    ) -> float:
        """All words of its name, or enough of one phrase. A phrase of one word is too little to change something."""
        if name and name <= said:
            return 1.0
        least = _SURE if mutates else _LIKE
        fewest = 2 if mutates else 1
        best = max((self._share(phrase, said) for phrase in phrases if len(phrase & said) >= fewest), default=0.0)
        return best if best >= least else 0.0

    def _share(self, phrase: frozenset[str], said: frozenset[str]) -> float:
        whole = sum(self._weight[word] for word in phrase)
        return sum(self._weight[word] for word in phrase & said) / whole if whole else 0.0
