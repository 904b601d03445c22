"""Members' suggestions that are typed enough to act on: a phrase, and what the bot should take it for."""

import re
import tomllib
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from bot.core.change import Finding, Severity
from bot.improve.doors import Profile, Workspace

Rows = Callable[[], Sequence[tuple[str, Mapping[str, Any]]]]
_SAYS = re.compile(
    r"(?:when|if|wenn)\s+\w+\s+(?:says?\s+|schreib\w*\s+)?[\"“„«](?P<phrase>[^\"“”„«»]{3,60})[\"”“»](?:\s+sag\w*)?"
    r"[\s,:]+(?:you should\s+|solltest du\s+)?(?P<wanted>.{3,80})",
    re.IGNORECASE,
)
_WORD = re.compile(r"\w{3,}")
_NUMBER = re.compile(r"[0-9a-f]{6,40}")


@dataclass(frozen=True, slots=True)
class Intent:
    """One intents file: its name, and every word that its examples and its tool's name use."""

    path: PurePosixPath
    words: frozenset[str]
    phrases: frozenset[str]


def words(text: str) -> frozenset[str]:
    """Words of three letters and more, folded."""
    return frozenset(_WORD.findall(text.casefold().replace("_", " ")))


def accepted(row: Mapping[str, Any]) -> bool:
    """Whether people accepted it: a maintainer by name, or `go` at the end of its planning. Anything else is no."""
    by = row.get("accepted_by")
    named = isinstance(by, str) and bool(by.strip())
    return _NUMBER.fullmatch(str(row.get("id", ""))) is not None and (
        named or str(row.get("status")) in {"go", "accepted"}
    )


def typed(text: str) -> tuple[str, str] | None:
    """The phrase and what is wanted, if the suggestion has that form. Control and format characters make it refused:
    the phrase becomes data that other members' messages are compared with."""
    if any(unicodedata.category(c) in {"Cc", "Cf", "Co", "Cs"} for c in text):
        return None
    matched = _SAYS.search(text)
    if matched is None or len(words(matched["phrase"])) < 1:
        return None
    return " ".join(matched["phrase"].split()), matched["wanted"].strip()


def meant(wanted: str, intents: Sequence[Intent]) -> Intent | None:
    """The one intent whose name and examples share most words with what is wanted; None if two share as many."""
    asked = words(wanted)
    scored = sorted(((len(asked & i.words), i) for i in intents), key=lambda pair: -pair[0])
    if not scored or scored[0][0] == 0 or (len(scored) > 1 and scored[0][0] == scored[1][0]):
        return None
    return scored[0][1]


def read_intent(path: PurePosixPath, text: str) -> Intent:
    """An intents file as words. Raises ValueError if it is not TOML."""
    data = tomllib.loads(text)
    phrases = [p for some in dict(data.get("examples", {})).values() for p in some]
    named = " ".join([path.stem, str(data.get("tool", "")), *phrases])
    return Intent(path, words(named), frozenset(p.casefold() for p in phrases))


class Suggestions:
    """Analyst over the table of suggestions. Text of no such form is for people to read, not for this engine."""

    name = "suggestions"

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    async def find(self, work: Workspace, profile: Profile) -> Sequence[Finding]:
        """One finding for each accepted suggestion that names a phrase which an intent does not know yet."""
        files = [f for package in profile.packages for f in sorted((work.path / package).rglob("intents/*.toml"))]
        paths = [(PurePosixPath(f.relative_to(work.path)), f.read_text(encoding="utf-8")) for f in files]
        intents = [read_intent(path, text) for path, text in paths]
        found = (self._finding(key, row, intents) for key, row in self._rows() if accepted(row))
        return [finding for finding in found if finding is not None]

    def _finding(self, key: str, row: Mapping[str, Any], intents: Sequence[Intent]) -> Finding | None:
        said = typed(str(row.get("text", "")))
        intent = meant(said[1], intents) if said else None
        if said is None or intent is None or said[0].casefold() in {p for i in intents for p in i.phrases}:
            return None
        return Finding(
            rule="suggested-phrase",
            path=intent.path,
            line=1,
            end_line=1,
            severity=Severity.MEDIUM,
            message=f"a member says that a phrase means {intent.path.stem}",
            analyst=self.name,
            symbol=f"{intent.path.stem}:{key}",
            evidence={"phrase": said[0], "by": str(row.get("user", "")), "suggestion": str(row.get("id", key))},
        )
