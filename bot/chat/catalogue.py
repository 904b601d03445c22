"""Intents as data: one TOML file each, checked when read."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from bot.core.errors import Misconfigured

FOLDER = Path(__file__).with_name("intents")
KEYS = frozenset({"answers", "tool", "arguments", "patterns", "examples", "replies"})
ENTITIES = frozenset({"dice", "duration", "number", "rest", "text"})

Texts = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Intent:
    """What a member may want, how it is said, and what answers it: a tool, or a reply."""

    name: str
    tool: str = ""
    answers: bool = True
    """False: the reply only says that this cannot be done, which counts as unanswered."""
    patterns: tuple[tuple[str, re.Pattern[str]], ...] = ()
    """Language and pattern; a match is certain. Named groups become arguments of the tool."""
    examples: tuple[tuple[str, str], ...] = ()
    arguments: Mapping[str, str] = field(default_factory=dict)
    """Argument of the tool to the entity that fills it."""
    replies: Mapping[str, Texts] = field(default_factory=dict)
    """Reply by key of the tool's result (`ok` without a tool), then by language."""


def load(folder: Path = FOLDER) -> tuple[Intent, ...]:
    """Every intent, by name. Raises Misconfigured naming file, key and fix."""
    intents = tuple(read(file) for file in sorted(folder.glob("*.toml")))
    if not intents:
        raise Misconfigured(f"{folder} holds no intent; restore its .toml files")
    return intents


def read(file: Path) -> Intent:
    """One intent from one file; its name is the file's."""
    try:
        return _parsed(file, file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Misconfigured(f"{file} is not TOML ({error}); correct it") from error


@lru_cache(maxsize=64)
def _parsed(file: Path, text: str) -> Intent:
    """Replays read the same files once for each recording. An intent is never changed, so that it can be shared."""
    data = tomllib.loads(text)
    if odd := sorted(set(data) - KEYS):
        raise Misconfigured(f"{file}: {odd[0]!r} is unknown; use {', '.join(sorted(KEYS))}")
    tool = data.get("tool", "")
    intent = Intent(
        name=file.stem,
        tool=tool if isinstance(tool, str) else "",
        answers=data.get("answers", True) is True,
        patterns=_patterns(file, data.get("patterns", {})),
        examples=tuple((lang, text) for lang, texts in _texts(file, "examples", data).items() for text in texts),
        arguments=_arguments(file, data.get("arguments", {})),
        replies={key: _texts(file, key, data.get("replies", {})) for key in data.get("replies", {})},
    )
    _check(file, intent)
    return intent


def _check(file: Path, intent: Intent) -> None:
    if not intent.patterns and not intent.examples:
        raise Misconfigured(f"{file} can never match; add [patterns] or [examples]")
    if not intent.tool and "ok" not in intent.replies:
        raise Misconfigured(f"{file} has nothing to say; add a tool or [replies.ok]")
    for key, texts in intent.replies.items():
        if not texts.get("en"):
            raise Misconfigured(f"{file}: [replies.{key}] has no 'en'; add at least one English reply")


def _texts(file: Path, key: str, data: Mapping[str, Any]) -> Texts:
    table = data.get(key, {})
    sound = isinstance(table, dict) and all(
        isinstance(texts, list) and all(isinstance(text, str) and text for text in texts) for texts in table.values()
    )
    if not sound:
        raise Misconfigured(f"{file}: {key} must be a table of language to list of texts, such as en = ['...']")
    return dict(table)


def _patterns(file: Path, data: Any) -> tuple[tuple[str, re.Pattern[str]], ...]:
    found: list[tuple[str, re.Pattern[str]]] = []
    for language, sources in _texts(file, "patterns", {"patterns": data}).items():
        for source in sources:
            try:
                found.append((language, re.compile(source, re.IGNORECASE)))
            except re.error as error:
                raise Misconfigured(f"{file}: pattern {source!r} is wrong ({error}); correct it") from error
    return tuple(found)


def _arguments(file: Path, data: Any) -> Mapping[str, str]:
    if not isinstance(data, dict) or not all(value in ENTITIES for value in data.values()):
        raise Misconfigured(f"{file}: [arguments] must name entities; use {', '.join(sorted(ENTITIES))}")
    return dict(data)
