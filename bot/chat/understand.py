"""From a member's text to what is to be done: intents, their arguments, the language to answer in."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.chat.catalogue import Intent
from bot.chat.entities import Entities
from bot.chat.recognise import Match, Recogniser

_NEAR = 0.25
"""Likeness from which something is worth naming as what could have been meant."""
_MOST = 3
"""Wishes that one message may hold."""
_CLAUSE = re.compile(
    r"\s*[;\n]+\s*|(?<=[.!?])\s+|,?\s+(?:and then|then|und dann|et puis|puis|y luego)\s+", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Wish:
    """One thing to do, with the arguments for its tool."""

    match: Match
    arguments: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Understanding:
    """All that was understood; no wish: nothing was."""

    wishes: Sequence[Wish]
    language: str
    spoken: str = ""
    """Language by its common words; empty if they do not tell."""
    matched: str = ""
    """Language of the phrase that was recognised; empty if it is any."""
    sure: bool = False
    """Whether every wish was said in a form that leaves no doubt."""


class Understander:
    """Puts recogniser and entities together. Pure: the same text always gives the same understanding."""

    def __init__(self, recogniser: Recogniser, entities: Entities, threshold: float, multilingual: bool = True) -> None:
        self._recogniser, self._entities, self._threshold = recogniser, entities, threshold
        self.multilingual = multilingual

    @property
    def intents(self) -> Sequence[Intent]:
        """Everything that can be understood."""
        return self._recogniser.intents

    def understand(self, text: str) -> Understanding:
        """Several clauses are several wishes if at least two of them are understood by themselves."""
        spoken = self._entities.language(text)
        clauses = [part for part in _CLAUSE.split(text) if part.strip()]
        single = self._sure(text)
        parts = clauses[: _MOST * 2] if len(clauses) > 1 else []
        several = [(part, match) for part in parts if (match := self._sure(part))]
        if len(clauses) > 1 and (len(several) > 1 or not single):
            chosen = several[:_MOST]
        else:
            chosen = [(text, single)] if single else []
        wishes = _distinct([Wish(match, self._arguments(match, part)) for part, match in chosen])
        matched = next((wish.match.language for wish in wishes if wish.match.language != "any"), "")
        language = (spoken or matched or "en") if self.multilingual else "en"
        sure = bool(wishes) and all(wish.match.pattern for wish in wishes)
        return Understanding(wishes, language, spoken, matched, sure)

    def language(self, text: str) -> str:
        """The language of a text that is not going to be understood further."""
        return (self._entities.language(text[:200]) if self.multilingual else "") or "en"

    def near(self, text: str) -> Intent | None:
        """What a text that was not understood comes nearest to, if it has enough in common with anything."""
        match = self._recogniser.recognise(text)
        found = match is not None and match.intent.answers and match.score >= min(_NEAR, self._threshold)
        return match.intent if match is not None and found else None

    def _sure(self, text: str) -> Match | None:
        match = self._recogniser.recognise(text)
        return match if match and match.score >= self._threshold else None

    def _arguments(self, match: Match, text: str) -> dict[str, str]:
        """Named groups as they are, except where the intent asks for an entity: that is looked for in the group."""
        wanted = match.intent.arguments
        found = {name: value for name, value in match.groups.items() if name not in wanted}
        for name, entity in wanted.items():
            given = match.groups.get(name, "")
            value = self._entity(entity, given if match.groups else text)
            if value or (given and entity == "dice"):  # dice that are none are for the tool to explain
                found[name] = value or given
        return found

    def _entity(self, entity: str, text: str) -> str:
        if entity == "dice":
            return self._entities.dice(text)
        if entity == "number":
            return self._entities.number(text)
        if entity == "text":
            return text.strip()
        duration = self._entities.duration(text)
        if entity == "duration":
            return str(duration.seconds) if duration else ""
        return duration.rest if duration else text.strip()


def _distinct(wishes: list[Wish]) -> list[Wish]:
    """The same wish said twice in one message is one wish."""
    kept: list[Wish] = []
    for wish in wishes:
        same = any(w.match.intent.name == wish.match.intent.name and w.arguments == wish.arguments for w in kept)
        if not same:
            kept.append(wish)
    return kept
