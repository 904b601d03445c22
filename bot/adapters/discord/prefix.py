"""Commands in a message: `!memory forget topic: cats` taken apart as the slash command would be."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from bot.sdk import ToolSpec

_NAMED = re.compile(r"(?<!\S)([A-Za-z_]\w*)(?:=|:\s)")
_REFERENCES = frozenset({"user", "member", "role", "channel", "message", "guild", "server", "id", "emoji", "number"})
_QUOTES = {'"': '"', "'": "'", "“": "”", "«": "»"}


class Commands:
    """The commands that there are, by their words."""

    def __init__(self, specs: Sequence[ToolSpec]) -> None:
        self._specs = {tuple(spec.command.split()): spec for spec in specs if spec.command}
        said = {spec.say[1:].split()[0] for spec in specs if spec.say[:1] == "!" and spec.say[1:].strip()}
        self._first = frozenset(words[0] for words in self._specs) | {word.casefold() for word in said}
        self._longest = max((len(words) for words in self._specs), default=0)

    def known(self, text: str) -> bool:
        """Whether a text, without the prefix, begins as a command does or as the examples of tools do. Others' prefix
        may be the same: what is not ours is left to them."""
        first = text.split(None, 1)[:1]
        return bool(first) and first[0].casefold() in self._first and not text[:1].isspace()

    def spec(self, name: str) -> ToolSpec | None:
        """The tool of a command."""
        return self._specs.get(tuple(name.split()))

    def parse(self, text: str) -> tuple[str, dict[str, Any]] | None:
        """The command that a text begins with and its arguments, as far as they can be told apart; what is wrong with
        them is for the pipeline to say. None: it is no command, but may be understood."""
        words = text.split(None, self._longest)
        for length in range(min(self._longest, len(words)), 0, -1):
            name = tuple(word.casefold() for word in words[:length])
            if name in self._specs:
                return " ".join(name), arguments(self._specs[name].parameters, _after(text, length))
        return None


def _after(text: str, words: int) -> str:
    parts = text.split(None, words)
    return parts[words].strip() if len(parts) > words else ""


def arguments(parameters: Mapping[str, Any], text: str) -> dict[str, Any]:
    """`name=value` and `name: value` by name, the rest in order; the last text parameter takes all that is left."""
    shapes: Mapping[str, Any] = parameters.get("properties", {})
    text, named = _named(shapes, text)
    free = [name for name in shapes if name not in named]
    taken: dict[str, Any] = {}
    for index, name in enumerate(free):
        if not text:
            break
        wanted_later = any(later in parameters.get("required", ()) for later in free[index + 1 :])
        if index == len(free) - 1 or (_is_prose(name, shapes[name]) and not wanted_later):
            taken[name], text = _unquoted(text), ""
        else:
            taken[name], text = _first(text)
    return {**taken, **named}


def _is_prose(name: str, shape: Mapping[str, Any]) -> bool:
    """Whether a parameter may hold several words: no number, choice, member, role, channel or id."""
    if shape.get("type") != "string" or "enum" in shape or "format" in shape:
        return False
    return name.rpartition("_")[2] not in _REFERENCES


def _named(shapes: Mapping[str, Any], text: str) -> tuple[str, dict[str, Any]]:
    """What stands before the first name, and the values by name; a word before a colon that is no name stays text."""
    places = [match for match in _NAMED.finditer(text) if match[1] in shapes]
    named: dict[str, Any] = {}
    for number, match in enumerate(places):
        end = places[number + 1].start() if number + 1 < len(places) else len(text)
        value = text[match.end() : end].strip()
        named[match[1]] = _unquoted(value)
    return text[: places[0].start()].strip() if places else text, named


def _first(text: str) -> tuple[str, str]:
    """The first word or quoted text, and the rest."""
    closing = _QUOTES.get(text[0])
    end = text.find(closing, 1) if closing else -1
    if end > 0:
        return text[1:end], text[end + 1 :].strip()
    word, _, rest = text.partition(" ")
    return word, rest.strip()


def _unquoted(text: str) -> str:
    closing = _QUOTES.get(text[:1])
    return text[1:-1] if closing and len(text) > 1 and text.endswith(closing) else text
