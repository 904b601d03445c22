"""Text as a reader sees it, whatever characters it was written with: for comparison only, never to be shown."""

import re
import unicodedata
from functools import lru_cache
from itertools import groupby
from typing import Final

_LOOKS: Final = str.maketrans(
    "аеорсухіјѕһԁԛѡвкмнтгпьъбзαεοιρτυνκχηωγβσςμłøđħıŧƒæßþðɑɡɩⅼ‐‑‒–—―−․。｡",
    "aeopcyxijshdqwbkmhtrnbb63aeoiptuvkxnwybocmlodhitfasbdagil-------...",
)
"""Letters that are read as others, after Unicode's list of confusables (UTS 39); only those of common scripts."""
_LEET: Final = str.maketrans("01345789@$!|€£+", "oieastbgasiielt")
_TOKEN = re.compile(r"[\w@$!|€£+*]+(?:[^\w\s]{1,3}[\w@$!|€£+]+)*")
_MENTION = re.compile(r"<(?:@[!&]?|#|a?:\w+:)\d+>")
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Mn", "Me"})


def skeleton(text: str) -> str:
    """Compatibility forms composed, case folded, marks and unseen characters gone, look-alike letters one letter."""
    if text.isascii():
        return text.lower()
    spread = unicodedata.normalize("NFKD", text).casefold()
    seen = "".join(c if c in "\n\t" else "" if unicodedata.category(c) in _HIDDEN else c for c in spread)
    return unicodedata.normalize("NFKC", seen.translate(_LOOKS))


def squeezed(word: str) -> str:
    """A word with every run of a letter as one."""
    return "".join(letter for letter, _ in groupby(word))


def runs(word: str) -> tuple[int, ...]:
    """How often each letter of the squeezed word stands in a row."""
    return tuple(len(list(same)) for _, same in groupby(word))


@lru_cache(maxsize=2048)
def folded(word: str) -> str:
    """One listed word or phrase in the form that `words` gives."""
    return " ".join(words(word))


def words(text: str) -> tuple[str, ...]:
    """Words of a text, digits and signs inside them read as letters, letters that stand apart joined.

    `sh1t`, `s.h.i.t` and `s h i t` give one word each. A number stays a number, a mention is left out.
    """
    found = [_letters(token) for token in _TOKEN.findall(_MENTION.sub(" ", skeleton(text)))]
    joined: list[str] = []
    alone = ""
    for token in found:
        if len(token) == 1 and token.isalpha():
            alone += token
            continue
        if alone:
            joined.append(alone)
            alone = ""
        if token:
            joined.append(token)
    return (*joined, alone) if alone else tuple(joined)


def _letters(token: str) -> str:
    """A token without the signs between its letters; read as leet only if it holds letters."""
    if token.isalpha():
        return token
    if not any(map(str.isalpha, token)):
        return token if token.isdigit() else ""
    core = token.rstrip("!|+*").lstrip("!|+*") or token
    return "".join(c for c in core.translate(_LEET) if c.isalnum())
