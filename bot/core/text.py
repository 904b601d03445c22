"""Cleaning of text that others wrote, before it is shown or stored: what cannot be seen must not be there."""

import unicodedata

_KEPT = frozenset("\n\t")
_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def plain(text: str) -> str:
    """The text without control, bidirectional, zero-width and other unseen characters; newline and tab stay."""
    if text.isprintable():  # most texts are, and hold nothing that is to be taken away
        return text
    unified = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c for c in unified if c in _KEPT or unicodedata.category(c) not in _HIDDEN_CATEGORIES)


def one_line(text: str, limit: int = 120) -> str:
    """Plain text on one line, at most `limit` characters: fit for a title, a commit subject or a table cell."""
    line = " ".join(plain(text).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"
