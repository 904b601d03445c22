"""What a member tells of themselves in a message: by patterns, in the first person, and nothing else."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from bot.chat.recall.marks import CLAUSE, EMPTY, MAYBE, NOT_OWN, OPENING, ORDER, OWN, PEOPLE, RELATIONS, SENTENCE, THIRD
from bot.chat.recall.topics import Topic, Topics, load
from bot.chat.text import tokens
from bot.core.text import one_line
from bot.policy.redact import personal_in, secrets_in

MOST: Final = 8
"""Facts of one message."""
_LONGEST = 300
"""Characters of one sentence; longer ones are stories."""
_READ = 2000


@dataclass(frozen=True, slots=True)
class Told:
    """One thing told. `denied`: it no longer holds. `value` is for comparison, `text` for people and models."""

    topic: str
    text: str
    value: str
    importance: float
    many: bool
    words: str = ""
    denied: bool = False


def maybe(text: str) -> bool:
    """Whether it is worth looking closer; cheap, and never False for what `extract` finds something in."""
    return MAYBE.search(text[:_READ].replace("’", "'")) is not None


def extract(text: str, topics: Topics | None = None) -> tuple[Told, ...]:
    """What a member tells of themselves here, in order, at most MOST things; nothing about others, and no secret."""
    known = topics or load()
    found: dict[tuple[str, str, bool], Told] = {}
    for clause, others in _clauses(text):
        for one in _read(clause, known):
            if not (others and one.many and one.topic != "note"):
                found.setdefault((one.topic, one.value, one.denied), one)
    return tuple(found.values())[:MOST]


def _clauses(text: str) -> Iterator[tuple[str, bool]]:
    """First-person statements, one by one, without greetings and without questions; and whether the sentence speaks
    of other people too: whom one likes there may be one of them."""
    own = NOT_OWN.sub(" … ", text[:_READ].replace("’", "'"))
    for sentence in SENTENCE.split(own):
        if len(sentence) > _LONGEST or sentence.rstrip().endswith("?") or "…" in sentence:
            continue
        if secrets_in(sentence) or personal_in(sentence):
            continue
        whole = " ".join(sentence.split())
        if OPENING.sub("", whole, count=1) and _is_note(whole):
            yield _opened(whole), False
            continue
        others = RELATIONS.search(whole) is not None
        for clause in CLAUSE.split(whole):
            yield _opened(clause), others


def _is_note(sentence: str) -> bool:
    note = next((one for one in load().topics if one.kind == "note"), None)
    return note is not None and any(pattern.fullmatch(_opened(sentence)) for pattern in note.say)


def _opened(clause: str) -> str:
    found = OPENING.match(clause)
    return clause[found.end() :].strip() if found else clause.strip()


def _read(clause: str, known: Topics) -> Iterator[Told]:
    """Denials before statements: `I don't like tea` both takes a liking back and is a dislike."""
    for topic in known.topics:
        if told := _matched(topic, topic.unsay, clause, known, denied=True):
            yield told
    for topic in known.topics:
        if told := _matched(topic, topic.say, clause, known, denied=False):
            yield told
            if topic.against:
                yield _contrary(told, topic.against)


def _matched(
    topic: Topic, patterns: Iterable[re.Pattern[str]], clause: str, known: Topics, *, denied: bool
) -> Told | None:
    """By the first pattern that fits."""
    found = next((found for pattern in patterns if (found := pattern.fullmatch(clause))), None)
    return _told(topic, found, known, denied=denied) if found else None


def _contrary(told: Told, against: str) -> Told:
    return Told(against, "", told.value, 0.0, many=True, denied=True)


def _told(topic: Topic, found: re.Match[str], known: Topics, *, denied: bool) -> Told | None:
    groups = found.groupdict()
    value = one_line((groups.get("v") or groups.get("as") or "").strip(" .,!'\"-"), 200)
    pet = known.pets.get((groups.get("p") or "").casefold(), "")
    slot = known.slots.get((groups.get("s") or "").casefold(), "")
    if value and not _fits(topic, value):
        return None
    if not value and not denied and not pet:
        return None
    name = f"favourite {slot}" if slot else topic.name
    shown = _quoted(f"{pet} named {value}" if pet and value else pet or value)
    if topic.kind == "note":
        shown = shown.strip('"').replace('"', "'")
    text = topic.text.replace("{s}", slot).replace("{v}", shown)
    compared = " ".join(tokens(f"{pet} {value}"))
    if not denied and (secrets_in(text) or personal_in(text)):
        return None
    return Told(name, text, compared, topic.importance, topic.many, f"{topic.words} {slot}".strip(), denied)


def _quoted(value: str) -> str:
    """What reads like an order to the bot is kept as a quotation."""
    return f'"{value.replace(chr(34), chr(39))}"' if ORDER.search(value) else value


def _fits(topic: Topic, value: str) -> bool:
    """Whether a value may be kept: about the member alone, and of the form that the topic asks for."""
    words = tokens(value)
    if topic.kind == "note":
        return bool(words and OWN.search(value)) and not (RELATIONS.search(value) or PEOPLE.search(value))
    if not words or EMPTY.match(value) or THIRD.search(value) or RELATIONS.search(value):
        return False
    if topic.kind == "date":
        return any(map(str.isdigit, value))
    return len(words) <= {"name": 4, "place": 6, "pet": 3}.get(topic.kind, 12)
