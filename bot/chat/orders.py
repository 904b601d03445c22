"""Prefix commands: which tool is meant, and which of the words are its arguments."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from bot.sdk.tool import ToolSpec

_PIECE = re.compile(r"""(?:(?P<name>[A-Za-z_]\w{0,40})=)?(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<bare>\S+))""")
_MOST_WORDS = 3


@dataclass(frozen=True, slots=True)
class Order:
    """One command, understood as far as its tool. `arguments` are words; the registry makes values of them."""

    tool: str
    command: str
    arguments: Mapping[str, Any]


class Orders:
    """The commands of one registry."""

    def __init__(self, specs: Iterable[ToolSpec]) -> None:
        self._specs = {tuple(spec.command.split()): spec for spec in specs if spec.command}

    def find(self, text: str) -> Order | None:
        """The command at the head of a text, longest first; None if it is none. `text` comes without its prefix."""
        words = text.split(maxsplit=_MOST_WORDS)
        for size in range(min(_MOST_WORDS, len(words)), 0, -1):
            spec = self._specs.get(tuple(word.casefold() for word in words[:size]))
            if spec is not None:
                return Order(spec.name, spec.command, arguments(spec, _rest(text, size)))
        return None

    def named(self, name: str) -> ToolSpec | None:
        """The tool of a command, by its words."""
        return self._specs.get(tuple(name.casefold().split()))

    def near(self, text: str, others: Iterable[str] = ()) -> Sequence[str]:
        """At most three commands that look like what was written, best first."""
        written = " ".join(text.split()[:2]).casefold()
        known = {" ".join(words) for words in self._specs} | set(others)
        heads = {command for command in known if command.split()[0] == written.split(" ")[0]}
        close = get_close_matches(written, known, 3, 0.6) or get_close_matches(written.split(" ")[0], known, 3, 0.6)
        return tuple(dict.fromkeys([*sorted(heads), *close]))[:3]


def _rest(text: str, words: int) -> str:
    parts = text.split(maxsplit=words)
    return parts[words] if len(parts) > words else ""


def arguments(spec: ToolSpec, text: str) -> Mapping[str, str]:
    """Words in the order of the tool's parameters, `name=value` anywhere, quotes around what has blanks.

    The last parameter takes the rest of the line as it stands, so that a text needs no quotes.
    """
    names = list(spec.parameters["properties"])
    found: dict[str, str] = {}
    while text.strip() and len(found) < len(names):
        text = text.lstrip()
        free = [name for name in names if name not in found]
        piece = _PIECE.match(text)
        named = piece["name"] if piece and piece["name"] in free else ""
        if piece is None or (not named and len(free) == 1):
            found[free[0]] = _unquoted(text.strip())
            return found
        value, end = _value(piece, named=bool(named))
        found[named or free[0]] = value
        text = text[end:]
    if text.strip() and names:
        found[names[-1]] = f"{found[names[-1]]} {text.strip()}"
    return found


def _value(piece: re.Match[str], *, named: bool) -> tuple[str, int]:
    """What stands after the name, or the whole piece where the name is none of ours."""
    if piece["name"] and not named:
        return piece[0], piece.end()
    given = (piece[kind] for kind in ("double", "single", "bare"))
    return next((value for value in given if value is not None), ""), piece.end()


def _unquoted(text: str) -> str:
    quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" and text[0] not in text[1:-1]
    return text[1:-1] if quoted else text
