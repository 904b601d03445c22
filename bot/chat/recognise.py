"""Which intent a message has: patterns first, then likeness to example phrases."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.chat.catalogue import Intent
from bot.chat.text import tokens

READ = 600
"""Characters of a message that are compared; what is wanted stands early."""
_ALIKE = 0.55
"""Trigram likeness from which an unknown word counts as a misspelling of a known one."""
_TYPO = 0.85
"""What a misspelt word is worth beside the right one."""


@dataclass(frozen=True, slots=True)
class Match:
    """The best intent and how sure it is: 1.0 for a pattern. `groups` are a pattern's named groups."""

    intent: Intent
    score: float
    language: str
    groups: Mapping[str, str] = field(default_factory=dict)


class Recogniser:
    """Rare words weigh more than common ones (inverse document frequency over all examples)."""

    def __init__(self, intents: Sequence[Intent]) -> None:
        self._intents = tuple(intents)
        self._examples = [
            (intent, language, frozenset(tokens(text))) for intent in intents for language, text in intent.examples
        ]
        seen = Counter(word for _, _, words in self._examples for word in words)
        total = max(1, len(self._examples))
        self._weight = {word: math.log(1 + total / count) for word, count in seen.items()}
        self._unknown = math.log(1 + total)
        self._length = [sum(self._weight[word] for word in words) for _, _, words in self._examples]
        self._holding: dict[str, list[int]] = {}
        self._trigrams: dict[str, set[str]] = {}
        for number, (_, _, words) in enumerate(self._examples):
            for word in words:
                self._holding.setdefault(word, []).append(number)
        for word in self._weight:
            for piece in _trigrams(word):
                self._trigrams.setdefault(piece, set()).add(word)

    def recognise(self, text: str) -> Match | None:
        """The best match, however weak; None if it has no word in common with any."""
        return self._by_pattern(text[:READ].strip()) or self._by_example(text[:READ])

    def _by_pattern(self, text: str) -> Match | None:
        for intent in self._intents:
            for language, pattern in intent.patterns:
                if found := pattern.search(text):
                    groups = {name: value.strip() for name, value in found.groupdict().items() if value}
                    return Match(intent, 1.0, language, groups)
        return None

    def _by_example(self, text: str) -> Match | None:
        """Weighted share of an example that was said, and of what was said that the example explains."""
        said = dict(self._known(word) for word in tokens(text))
        whole = sum(self._weight.get(word, self._unknown) for word in said)
        common: dict[int, float] = {}
        for word, worth in said.items():
            for number in self._holding.get(word, ()):
                common[number] = common.get(number, 0.0) + self._weight[word] * worth
        scores = {n: (same / self._length[n]) ** 0.6 * (same / whole) ** 0.4 for n, same in common.items()}
        best = max(sorted(scores), key=scores.__getitem__, default=None)
        if best is None:
            return None
        intent, language, _ = self._examples[best]
        return Match(intent, scores[best], language)

    def _known(self, word: str) -> tuple[str, float]:
        """The word itself, or the known word that it most likely misspells, with its worth."""
        if word in self._weight or len(word) < 4:
            return word, 1.0
        pieces = _trigrams(word)
        near = Counter(other for piece in pieces for other in self._trigrams.get(piece, ()))
        likeness = {other: 2 * same / (len(pieces) + len(_trigrams(other))) for other, same in near.items()}
        best = max(sorted(likeness), key=likeness.__getitem__, default="")
        return (best, _TYPO) if best and likeness[best] >= _ALIKE else (word, 1.0)


def _trigrams(word: str) -> frozenset[str]:
    padded = f" {word} "
    return frozenset(padded[i : i + 3] for i in range(len(padded) - 2))
