"""Words that must not be said, found however they are written."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bot.policy.normalise import folded, runs, squeezed, words


@dataclass(frozen=True, slots=True)
class WordList:
    """Compiled entries. An entry is a word or a phrase; `*` at an end lets the word go on there: `*part*`."""

    phrases: Mapping[str, Sequence[tuple[str, ...]]] = field(default_factory=dict)
    """First word, squeezed, to the phrases that begin with it."""
    parts: Sequence[tuple[str, bool, bool]] = ()
    """Squeezed part, and whether more may stand before and after it."""

    def found(self, text: str) -> bool:
        """Whether any entry occurs in the text."""
        if not self.phrases and not self.parts:
            return False
        said = words(text)
        bare = tuple(map(squeezed, said))
        for place, word in enumerate(bare):
            if any(_same(phrase, said[place : place + len(phrase)]) for phrase in self.phrases.get(word, ())):
                return True
        return any(_part(part, word) for part in self.parts for word in bare)


def compile_words(entries: Iterable[str]) -> WordList:
    """Entries as people write them; empty ones are left out."""
    phrases: dict[str, list[tuple[str, ...]]] = {}
    parts: list[tuple[str, bool, bool]] = []
    for entry in map(str.strip, entries):
        said = tuple(folded(entry.strip("*")).split())
        if not said:
            continue
        if len(said) == 1 and "*" in (entry[0], entry[-1]):
            parts.append((squeezed(said[0]), entry[0] == "*", entry[-1] == "*"))
        else:
            phrases.setdefault(squeezed(said[0]), []).append(said)
    return WordList(phrases, tuple(parts))


def _same(phrase: tuple[str, ...], said: tuple[str, ...]) -> bool:
    return len(said) == len(phrase) and all(_drawn(*pair) for pair in zip(phrase, said, strict=True))


def _drawn(word: str, said: str) -> bool:
    """The word itself, or with letters drawn out; never with one less: `as` is not `ass`."""
    if word == said:
        return True
    if squeezed(word) != squeezed(said):
        return False
    return all(there >= wanted for wanted, there in zip(runs(word), runs(said), strict=True))


def _part(part: tuple[str, bool, bool], word: str) -> bool:
    wanted, before, after = part
    if before and after:
        return wanted in word
    return word.endswith(wanted) if before else word.startswith(wanted)
