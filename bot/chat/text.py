"""Members' text made harmless, and cut into comparable pieces."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache

from bot.core.text import one_line
from bot.policy.redact import redact

LONGEST = 4000
"""Characters of a message that are read; the rest is cut off."""
_KEEP = frozenset("\n\t")
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_JOINER = "\u200d"
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?", re.UNICODE)
_ASCII_WORD = re.compile(r"[a-z0-9]+(?:'[a-z0-9]+)?")
_FOLDED = bytes(ord(chr(code).lower()) if chr(code).isalnum() or code == ord("'") else ord(" ") for code in range(128))
_FOLDED += b" " * 128
"""ASCII in small letters, and a blank for whatever stands between words; an apostrophe may be in one."""
_WIDE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


def clean(text: str, limit: int = LONGEST) -> str:
    """Composed, without control, zero-width and direction characters; white space trimmed, at most `limit` long.

    A joiner stays where it holds an emoji together.
    """
    if len(text) <= limit and text.isascii() and text.isprintable():  # most texts
        return text.strip()
    composed = unicodedata.normalize("NFC", text[: limit * 2])
    if not composed.isprintable():
        composed = "".join(c for i, c in enumerate(composed) if _visible(composed, i, c))
    return composed.strip()[:limit]


def _visible(text: str, index: int, char: str) -> bool:
    if char == _JOINER:
        return 0 < index < len(text) - 1 and unicodedata.category(text[index + 1]) == "So"
    return char in _KEEP or unicodedata.category(char) not in _HIDDEN


@lru_cache(maxsize=4096)
def shown(name: str) -> str:
    """A member's name on one line, without secrets and personal data. It comes again with each of their lines."""
    return redact(one_line(name, 80))


def plain(word: str) -> str:
    """Case, accents and width taken away, for comparison only."""
    if word.isascii():  # most words have nothing but case
        return word.lower()
    folded = word.casefold()
    spread = unicodedata.normalize("NFKD", folded)
    if spread == folded and spread.isalnum():  # letters and digits alone: nothing combines
        return spread
    return "".join(c for c in spread if not unicodedata.combining(c))


def tokens(text: str) -> tuple[str, ...]:
    """Plain words in order; scripts without spaces give pairs of neighbouring characters."""
    if text.isascii():  # most texts are, and have nothing but case
        words = text.encode().translate(_FOLDED).decode().split()
        return tuple(words) if "'" not in text else tuple(_quoted(words))
    words = _WORD.findall(text)
    if not _WIDE.search(text):
        return tuple(map(plain, words))
    found: list[str] = []
    for word in words:
        if not word.isascii() and _WIDE.search(word):
            found += [word[i : i + 2] for i in range(max(1, len(word) - 1))]
        else:
            found.append(plain(word))
    return tuple(found)


def _quoted(words: Iterable[str]) -> Iterator[str]:
    """Words of ASCII, without the apostrophes around them."""
    for word in words:
        if "'" in word:
            yield from _ASCII_WORD.findall(word)
        else:
            yield word


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters, cut between words, with an ellipsis where something is missing."""
    if len(text) <= limit:
        return text
    cut = text[: max(1, limit - 1)]
    head, _, _ = cut.rpartition(" ")
    return (head if len(head) > limit // 2 else cut) + "…"


FENCE = "```"


def cut(text: str, limit: int) -> str:
    """As `shorten`, and a code block that is open at the cut is closed."""
    if len(text) <= limit:
        return text
    head = shorten(text, limit - len(FENCE) - 1)
    return f"{head}\n{FENCE}" if head.count(FENCE) % 2 else head
