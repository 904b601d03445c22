"""What a carrier with limits shows: long texts in parts with their code fences whole, cards and buttons that fit."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from bot.core.chat import Button, Card

LIMIT = 2000
"""Characters of one message. https://discord.com/developers/docs/resources/message"""
LEAST = 64
"""A limit below this leaves no room for fences beside text."""
BUTTONS, ROWS, PER_ROW, OPTIONS, LABEL, CUSTOM_ID = 25, 5, 5, 25, 80, 100
_TITLE, _TEXT, _FIELDS, _NAME, _VALUE, _WHOLE = 256, 4096, 25, 256, 1024, 6000
_FENCE = "```"
_CLOSING = "\n" + _FENCE

_TOKEN = re.compile(
    r"```"
    r"|\[[^\]\n]{1,300}\]\([^()\s]{1,1500}\)"
    r"|<(?:a?:\w{1,32}:\d{1,20}|[@#/]?[^<>\s]{1,60}(?: [^<>\s]{1,40}){0,2})>"
    r"|\n+|[^\S\n]+"
    r"|(?:(?!```)[^\s\[<])+"
    r"|."
)
_HEADER = re.compile(r"```(?:([\w+.#-]{1,20})?\n)?")
_JOINER = "\u200d"
_TONES = range(0x1F3FB, 0x1F400)
_FLAGS = range(0x1F1E6, 0x1F200)
_TAGS = range(0xE0020, 0xE0080)
_SELECTORS = range(0xFE00, 0xFE10)
_HIGH, _LOW = range(0xD800, 0xDC00), range(0xDC00, 0xE000)


@dataclass(frozen=True, slots=True)
class _Cut:
    """A place where a part may end. `opener`: what opens the fence again in the next part; empty outside of fences."""

    at: int
    rank: int
    opener: str = ""


def split(text: str, limit: int = LIMIT) -> list[str]:
    """Parts of at most `limit` characters, each with as many fences opened as closed.

    A fence that fits one part is not divided; a longer one is closed and opened again. No part begins inside a
    grapheme, a link or a mention that fits one part. Raises ValueError if the limit is below `LEAST`.
    """
    if limit < LEAST:
        raise ValueError(f"limit is {limit}; give at least {LEAST}")
    parts: list[str] = []
    start, opener = 0, ""
    while True:
        rest = opener + text[start:]
        if len(rest) <= limit:
            whole = rest + _closing(rest)
            if len(whole) <= limit:
                return [*parts, whole]
        cut = _cut(text, start, opener, limit - len(opener) - len(_CLOSING))
        part = opener + text[start : cut.at]
        parts.append(part + _closing(part))
        start, opener = cut.at, cut.opener


def join(parts: Sequence[str]) -> str:
    """The text that was split, up to the fences that were closed and opened again, and to spaces at its cuts."""
    whole = parts[0] if parts else ""
    for part in parts[1:]:
        opened = _HEADER.match(part)
        if whole.endswith(_FENCE) and opened and opened.group().endswith("\n") and whole.count(_FENCE) % 2 == 0:
            whole = whole[: -len(_FENCE)] + part[opened.end() :]
        else:
            whole += part if whole.endswith(("\n", " ")) else "\n" + part
    return whole


def _closing(part: str) -> str:
    if part.count(_FENCE) % 2 == 0:
        return ""
    return _FENCE if part.endswith("\n") else _CLOSING


def _cut(text: str, start: int, opener: str, room: int) -> _Cut:
    """The best place to end a part that begins at `start` and has `room` characters."""
    best: dict[int, _Cut] = {}
    for cut in _cuts(text, start, opener, start + room):
        best[cut.rank] = cut
    for rank, share in ((3, 0.5), (2, 0.3), (1, 0.1), (0, 0.0), (-1, 0.0)):
        if rank in best and best[rank].at - start >= share * room and text[start : best[rank].at].strip():
            return _whole_fence(text, start, best[rank], room)
    return _Cut(_hard(text, start, start + room), -2, _state(text, start, opener, start + room))


def _whole_fence(text: str, start: int, cut: _Cut, room: int) -> _Cut:
    """The place before the fence that a cut would divide, if that fence fits a part of its own."""
    if not cut.opener:
        return cut
    begin = text.rfind(_FENCE, start, cut.at)
    end = text.find(_FENCE, cut.at)
    if begin <= start or end < 0 or not text[start:begin].strip() or end + len(_FENCE) - begin > room:
        return cut
    return _Cut(begin, 3)


def _cuts(text: str, start: int, opener: str, stop: int) -> Iterator[_Cut]:
    """Every place up to `stop` where a part may end, in order."""
    at, open_with = start, opener
    while at < stop:
        fence = _HEADER.match(text, at) if text.startswith(_FENCE, at) else None
        if fence and not open_with:
            open_with = _FENCE + (fence[1] or "") + "\n"
            at, rank = (fence.end(), -1)
        elif fence:
            open_with, at, rank = "", at + len(_FENCE), 1
        else:
            token = _TOKEN.match(text, at)
            end = token.end() if token else at + 1
            at, rank = end, _rank(text[at:end], bool(open_with))
        if at <= stop and not _joined(text, at):
            closes = bool(open_with) and text.startswith(_FENCE, at)
            yield _Cut(at, -1 if closes else rank, open_with)


def _rank(token: str, fenced: bool) -> int:
    """How good it is to end after a token: a paragraph, a line, a word, anything."""
    if "\n" in token:
        return 3 if token.count("\n") > 1 and not fenced else 2
    return 1 if token.isspace() else 0


def _state(text: str, start: int, opener: str, stop: int) -> str:
    """What opens the fence again that is open at a place that is no place to cut."""
    state = opener
    for cut in _cuts(text, start, opener, stop):
        state = cut.opener
    return state


def _hard(text: str, start: int, stop: int) -> int:
    """A place inside a token that is longer than a part: between graphemes, or between characters if it must be."""
    at = stop
    while at > start + 1 and (_joined(text, at) or _in_ticks(text, start, at)):
        at -= 1
    if at > start + 1:
        return at
    at = stop
    while at > start + 1 and _in_ticks(text, start, at):
        at -= 1
    return at


def _in_ticks(text: str, start: int, at: int) -> bool:
    """Whether a place divides three backticks that make a fence."""
    if not 0 < at < len(text) or text[at - 1] != "`" or text[at] != "`":
        return False
    first = at
    while first > start and text[first - 1] == "`":
        first -= 1
    return (at - first) % 3 != 0


def _joined(text: str, at: int) -> bool:
    """Whether a place is inside a grapheme. After the rules of Unicode's annex 29 that occur in chats."""
    if not 0 < at < len(text):
        return False
    before, after = text[at - 1], text[at]
    if _JOINER in (before, after) or unicodedata.category(after) in ("Mn", "Me", "Mc"):
        return True
    if before == "\r" and after == "\n":
        return True
    code = ord(after)
    if code in _TONES or code in _TAGS or code in _SELECTORS or (code in _LOW and ord(before) in _HIGH):
        return True
    return code in _FLAGS and _odd_flags(text, at)


def _odd_flags(text: str, at: int) -> bool:
    count = 0
    while count < at and ord(text[at - 1 - count]) in _FLAGS:
        count += 1
    return count % 2 == 1


def shorten(text: str, limit: int) -> str:
    """The text, cut between graphemes and ended by `…` if it is longer than `limit` characters."""
    if len(text) <= limit:
        return text
    at = limit - 1
    while at > 0 and _joined(text, at):
        at -= 1
    return text[: at or limit - 1].rstrip() + "…"


def fit(card: Card) -> Card:
    """The card within the limits of an embed; what does not fit is shortened, and said to be.

    https://discord.com/developers/docs/resources/message#embed-object-embed-limits
    """
    title = shorten(card.title.strip(), _TITLE)
    fields: list[tuple[str, str]] = []
    left = _WHOLE - len(title)
    text = shorten(card.text, min(_TEXT, left))
    left -= len(text)
    for name, value in card.fields[:_FIELDS]:
        shown = shorten(name.strip() or "-", _NAME), shorten(value.strip() or "-", _VALUE)
        left -= len(shown[0]) + len(shown[1])
        if left < 0:
            break
        fields.append(shown)
    link = card.link if card.link.startswith(("https://", "http://")) and len(card.link) <= 2048 else ""
    return replace(card, title=title, text=text, fields=tuple(fields), link=link, colour=card.colour & 0xFFFFFF)


@dataclass(frozen=True, slots=True)
class Menu:
    """Buttons of one kind, to choose one from."""

    kind: str
    buttons: tuple[Button, ...]


Row = tuple[Button, ...] | Menu


def arrange(buttons: Sequence[Button]) -> tuple[Row, ...]:
    """Rows of buttons; more than five of a kind (their ids up to the last colon or slash) become a menu.

    A button that asks for a text stays a button. What is too much for one message is left out, the last first.
    """
    kinds: dict[str, list[Button]] = {}
    for button in buttons:
        kinds.setdefault(_kind(button), []).append(button)
    many = {kind for kind, ones in kinds.items() if kind and len(ones) > PER_ROW}
    rows: list[Row] = []
    for kind, ones in kinds.items():
        if kind in many:
            rows += [Menu(kind, tuple(ones[at : at + OPTIONS])) for at in range(0, len(ones), OPTIONS)]
    single = [one for one in buttons if _kind(one) not in many]
    rows += [tuple(single[at : at + PER_ROW]) for at in range(0, len(single), PER_ROW)]
    return tuple(rows[:ROWS])


def _kind(button: Button) -> str:
    """Empty for a button that is alone of its kind, or asks."""
    return "" if button.asks else button.id[: max(button.id.rfind(":"), button.id.rfind("/"), 0)]
