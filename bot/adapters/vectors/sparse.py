"""Words as sparse vectors: hashed, weighted as BM25 weighs a document; the store adds how rare a word is."""

import re
from collections import Counter
from hashlib import blake2b
from uuid import UUID

_WORD = re.compile(r"\w+")
_K, _B = 1.2, 0.75
_USUAL = 8
"""Words of a usual text here: short sentences."""


def weighed(text: str) -> tuple[list[int], list[float]]:
    """A document's words as indices and weights, ascending. Robertson and Zaragoza 2009, without the IDF."""
    counts = Counter(_WORD.findall(text.casefold()))
    norm = _K * (1 - _B + _B * sum(counts.values()) / _USUAL)
    weights: dict[int, float] = {}
    for word, count in counts.items():
        weights[_index(word)] = count * (_K + 1) / (count + norm)
    return sorted(weights), [weights[index] for index in sorted(weights)]


def asked(text: str) -> tuple[list[int], list[float]]:
    """A question's words, each once."""
    indices = sorted({_index(word) for word in _WORD.findall(text.casefold())})
    return indices, [1.0] * len(indices)


def point_id(name: str) -> str:
    """The store's id of a point: it takes UUIDs only."""
    return str(UUID(bytes=blake2b(name.encode(), digest_size=16).digest()))


def _index(word: str) -> int:
    return int.from_bytes(blake2b(word.encode(), digest_size=4).digest(), "big")
