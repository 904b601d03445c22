"""A running summary by extraction: sentences kept whole, each with the line it came from.

Nothing is rephrased or joined, so that a sentence can be taken out again with its message, and all of it is gone.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import chain

from bot.chat.text import shorten, tokens
from bot.core.chat import Line

MOST = 12
"""Sentences of a summary."""
_LONGEST = 200
"""Characters of one sentence."""
_SENTENCE = re.compile(r"(?<=[.!?…。！？])\s+|\n+")
_END = re.compile(r"[.!?…。！？\n]")
_SHORT = 4
"""Characters of a word that says little: most function words of the languages here have fewer."""
_RUN = 5
"""Words in a row that two texts share only if one quotes the other."""
Told = tuple[Line, set[str]]
"""A sentence, and its words that tell something."""


def best(line: Line) -> Told | None:
    """The line cut down to the sentence that says most, and its words; None if it says next to nothing, such as a
    greeting."""
    if _END.search(line.text):
        said, words = _richest(_SENTENCE.split(line.text))
    else:
        said, words = line.text, _telling(line.text)
    if len(words) < 2:
        return None
    text = shorten(said.strip(), _LONGEST)
    return line if text == line.text else replace(line, text=text), words


def _richest(sentences: Sequence[str]) -> tuple[str, set[str]]:
    """The first of the sentences with the most words that tell something."""
    return max(((one, _telling(one)) for one in sentences), key=lambda told: len(told[1]))


def extract(line: Line) -> Line | None:
    """The line cut down to the sentence that says most; None if it says next to nothing."""
    found = best(line)
    return found[0] if found else None


def condense(gist: Sequence[Line], fresh: Sequence[Told] = (), most: int = MOST) -> tuple[Line, ...]:
    """The sentences that stand for the most of the conversation, oldest first; made afresh from what is left.

    A sentence counts by how often its words come up in all of them (SumBasic: Nenkova and Vanderwende 2005), members'
    own words before the bot's.
    """
    every = sorted([*((one, _telling(one.text)) for one in gist), *fresh], key=lambda told: told[0].at)
    often = Counter(chain.from_iterable(words for _, words in every))

    def worth(told: Told) -> tuple[float, datetime]:
        line, words = told
        mean = sum(map(often.__getitem__, words)) / max(4, len(words))
        return mean * (0.5 if line.by_bot else 1.0), line.at

    kept = every if len(every) <= most else sorted(every, key=worth, reverse=True)[:most]
    return tuple(sorted((line for line, _ in kept), key=lambda line: line.at))


def quotes(text: str, said: str) -> bool:
    """Whether a text repeats what was said: five words in a row (all, if there are fewer but three), or a word that is
    no usual one, such as a code."""
    heard, spoken = tokens(text), tokens(said)
    if any(_unusual(word) for word in set(heard) & set(spoken)):
        return True
    size = min(_RUN, len(spoken))
    if size < 3:
        return False
    runs = {spoken[at : at + size] for at in range(len(spoken) - size + 1)}
    return any(heard[at : at + size] in runs for at in range(len(heard) - size + 1))


def _telling(sentence: str) -> set[str]:
    said = tokens(sentence)
    if sentence.isascii():
        return {word for word in said if len(word) >= _SHORT}
    return {word for word in said if len(word) >= _SHORT or (not word.isascii() and len(word) > 1)}


def _unusual(word: str) -> bool:
    return len(word) >= 6 and any(map(str.isdigit, word))
