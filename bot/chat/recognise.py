"""Which intent a message has: patterns first, then likeness to example phrases."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from bot.chat.catalogue import Intent
from bot.chat.text import tokens

READ = 600
"""Characters of a message that are compared; what is wanted stands early."""
_ALIKE = 0.55
"""Trigram likeness from which an unknown word counts as a misspelling of a known one."""
_WORDS = 8192
"""Unknown words whose likeness is remembered: most of a talk's words come again."""
_TYPO = 0.85
"""What a misspelt word is worth beside the right one."""


@dataclass(frozen=True, slots=True)
class Match:
    """The best intent and how sure it is: 1.0 for a pattern. `groups` are a pattern's named groups."""

    intent: Intent
    score: float
    language: str
    groups: Mapping[str, str] = field(default_factory=dict)
    pattern: bool = False
    """Whether a pattern matched: that is certain."""


@dataclass(frozen=True, slots=True)
class _Index:
    """What follows from the example phrases alone, in their order."""

    weight: Mapping[str, float]
    unknown: float
    """What a word of no example weighs."""
    length: tuple[float, ...]
    """Weight of each example's words together."""
    holding: Mapping[str, Sequence[int]]
    """Word to the examples that hold it."""
    sizes: Mapping[str, int]
    """Word to how many trigrams it has."""
    trigrams: Mapping[str, Sequence[str]]
    """Trigram to the words that hold it."""


@lru_cache(maxsize=4)
def _indexed(texts: tuple[str, ...]) -> _Index:
    """Replays put a conversation together once for each recording, always with the same phrases."""
    words = tuple(frozenset(tokens(text)) for text in texts)
    seen = Counter(word for said in words for word in said)
    total = max(1, len(texts))
    weight = {word: math.log(1 + total / count) for word, count in seen.items()}
    holding: dict[str, list[int]] = {}
    for number, said in enumerate(words):
        for word in said:
            holding.setdefault(word, []).append(number)
    pieces = {word: _trigrams(word) for word in weight}
    trigrams: dict[str, list[str]] = {}
    for word, cut in pieces.items():
        for piece in cut:
            trigrams.setdefault(piece, []).append(word)
    return _Index(
        weight=weight,
        unknown=math.log(1 + total),
        length=tuple(sum(weight[word] for word in said) for said in words),
        holding=holding,
        sizes={word: len(cut) for word, cut in pieces.items()},
        trigrams=trigrams,
    )


class Recogniser:
    """Rare words weigh more than common ones (inverse document frequency over all examples)."""

    def __init__(self, intents: Sequence[Intent]) -> None:
        self._intents = tuple(intents)
        self._examples = [(intent, language, text) for intent in intents for language, text in intent.examples]
        self._index = _indexed(tuple(text for _, _, text in self._examples))
        every = [(intent, language, pattern) for intent in intents for language, pattern in intent.patterns]
        self._patterns = {
            True: every,
            False: [one for one in every if not _commands_only(one[2].pattern)],
        }
        self._meant: dict[str, tuple[str, float]] = {}

    @property
    def intents(self) -> Sequence[Intent]:
        """Everything that can be recognised."""
        return self._intents

    def recognise(self, text: str) -> Match | None:
        """The best match, however weak; None if it has no word in common with any."""
        return self._by_pattern(text[:READ].strip()) or self._by_example(text[:READ])

    def _by_pattern(self, text: str) -> Match | None:
        for intent, language, pattern in self._patterns[text.startswith("!")]:
            if found := pattern.search(text):
                groups = {name: value.strip() for name, value in found.groupdict().items() if value}
                return Match(intent, 1.0, language, groups, pattern=True)
        return None

    def _by_example(self, text: str) -> Match | None:
        """Weighted share of an example that was said, and of what was said that the example explains."""
        index = self._index
        said = dict(self._known(word) for word in tokens(text))
        whole = sum(index.weight.get(word, index.unknown) for word in said)
        common: dict[int, float] = {}
        for word, worth in said.items():
            for number in index.holding.get(word, ()):
                common[number] = common.get(number, 0.0) + index.weight[word] * worth
        scores = {n: (same / index.length[n]) ** 0.6 * (same / whole) ** 0.4 for n, same in common.items()}
        best = max(sorted(scores), key=scores.__getitem__, default=None)
        if best is None:
            return None
        intent, language, _ = self._examples[best]
        return Match(intent, scores[best], language)

    def _known(self, word: str) -> tuple[str, float]:
        """The word itself, or the known word that it most likely misspells, with its worth."""
        index = self._index
        if word in index.weight or len(word) < 4:
            return word, 1.0
        if word not in self._meant:
            if len(self._meant) >= _WORDS:
                self._meant.clear()
            self._meant[word] = self._nearest(word)
        return self._meant[word]

    def _nearest(self, word: str) -> tuple[str, float]:
        index = self._index
        pieces = _trigrams(word)
        near = Counter(other for piece in pieces for other in index.trigrams.get(piece, ()))
        likeness = {other: 2 * same / (len(pieces) + index.sizes[other]) for other, same in near.items()}
        most = max(likeness.values(), default=0.0)
        if most < _ALIKE:
            return word, 1.0
        return min(other for other, like in likeness.items() if like == most), _TYPO


def _commands_only(source: str) -> bool:
    """Whether an expression can match nothing but what begins with an exclamation mark."""
    if not source.startswith("^!") or source[2:3] in "?*{":
        return False
    depth = 0
    for place, char in enumerate(source):
        if place and source[place - 1] == "\\":
            continue
        depth += (char == "(") - (char == ")")
        if char == "|" and depth == 0:
            return False
    return True


def _trigrams(word: str) -> frozenset[str]:
    padded = f" {word} "
    return frozenset(padded[i : i + 3] for i in range(len(padded) - 2))
