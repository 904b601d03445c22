"""Whether a text holds something that must never leave, in any of the usual disguises."""

import base64
import codecs
import re
from collections.abc import Iterable
from typing import Final

from bot.policy.normalise import skeleton

_SHORTEST: Final = 8
"""Characters of a mark that are compared; shorter ones would be found in ordinary words."""
_SIGNS = re.compile(r"[^a-z0-9]+")
_ASCII_SIGNS: Final = {code: None for code in range(128) if not chr(code).isalnum()}
_PASSAGE = 40
"""Letters of a line that nobody says by chance."""
_SHARE = 16
"""Characters of a mark that are a leak by themselves."""


def forms(mark: str) -> frozenset[str]:
    """A mark as it may come out: plain, backwards, rot13, hexadecimal, Base64 at each of its three alignments."""
    raw = mark.encode()
    texts = {mark, mark[::-1], codecs.encode(mark, "rot13"), raw.hex()}
    for shift in range(3):
        whole = base64.b64encode(b"\0" * shift + raw).decode().rstrip("=")
        texts.add(whole[shift + 1 if shift else 0 : -1 if len(whole) % 4 else None])
    return frozenset(bare for text in texts if len(bare := _bare(text)) >= _SHORTEST)


def marks(secrets: Iterable[str]) -> frozenset[str]:
    """All forms of all secrets, and the halves of long ones, to look for in what goes out."""
    known: set[str] = set()
    for secret in secrets:
        for form in forms(secret):
            known.add(form)
            known.update(form[i : i + _SHARE] for i in range(0, len(form) - _SHARE + 1, _SHARE // 2))
    return frozenset(known)


def passages(text: str) -> frozenset[str]:
    """The longer lines of a text that nobody should be shown word for word, to look for in what goes out."""
    return frozenset(bare for line in text.splitlines() if "{" not in line and len(bare := _bare(line)) >= _PASSAGE)


def leaks(text: str, known: frozenset[str]) -> bool:
    """Whether any of the marks occurs, signs and blanks between its letters or not, in either case."""
    if not known:
        return False
    seen = _bare(text)
    return any(map(seen.__contains__, known))


def _bare(text: str) -> str:
    if text.isascii():  # the usual case, in a tenth of the time
        return text.lower().translate(_ASCII_SIGNS)
    return _SIGNS.sub("", skeleton(text))
