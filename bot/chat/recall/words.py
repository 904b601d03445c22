"""Words for finding facts: stems under a member's own secret for the index, and a ranking where there is no index."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from hashlib import blake2b

from bot.chat.text import tokens

_STEM = 4
"""Characters by which forms of one word are taken for the same: live, lives, living; wohne, Wohnung."""
_K, _B = 1.2, 0.75
_LISTED = """
the and are was what which who how that this you your can could did does for with from have has tell know please
remember
der die das und ist was wie wer mein meine mir ich bin den dem ein eine hat hast kannst weißt noch bitte
les des est que qui quoi quel quelle mon mes une pour avec suis sais dis moi
los las una que qué cuál cual como mis con por para soy sabes dime
"""
_COMMON = frozenset(_LISTED.split())


def stems(text: str) -> list[str]:
    """Words that tell something, cut to stems."""
    words = (word for word in tokens(text) if word not in _COMMON and (len(word) > 2 or not word.isascii()))
    return [word if word.isdigit() else word[:_STEM] for word in words]


def hashed(text: str, secret: str) -> str:
    """The stems as hashes under a secret: whoever reads the index alone learns nothing of what was said."""
    key = secret.encode()
    return " ".join(blake2b(stem.encode(), digest_size=8, key=key).hexdigest() for stem in stems(text))


def tag(secret: str, *parts: str) -> str:
    """A name in the index for a member, or for a member in a guild, under the member's secret."""
    return blake2b("\0".join(parts).encode(), digest_size=16, key=secret.encode()).hexdigest()


def ranked(text: str, texts: Mapping[str, str]) -> list[tuple[str, float]]:
    """Names of the texts that share a word with the question, best first, by BM25."""
    asked = set(stems(text))
    counts = {name: Counter(stems(one)) for name, one in texts.items()}
    spread = Counter(stem for found in counts.values() for stem in found)
    usual = sum(map(Counter.total, counts.values())) / max(1, len(counts)) or 1.0

    def score(found: Counter[str]) -> float:
        norm = _K * (1 - _B + _B * found.total() / usual)
        return sum(
            math.log(1 + (len(counts) - spread[stem] + 0.5) / (spread[stem] + 0.5)) * found[stem] * (_K + 1)
            / (found[stem] + norm)
            for stem in asked & found.keys()
        )  # fmt: skip

    scores = [(name, score(found)) for name, found in counts.items()]
    return sorted(((name, one) for name, one in scores if one > 0), key=lambda pair: (-pair[1], pair[0]))


def names(found: Sequence[tuple[str, float]]) -> tuple[str, ...]:
    """The names alone."""
    return tuple(name for name, _ in found)
