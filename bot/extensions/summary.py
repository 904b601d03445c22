"""A summary of what was said in a channel: the sentences that carry the most."""

import math
import re
from collections import Counter
from typing import Annotated

from bot.sdk import Host, Line, Result, tool

_SENTENCE = re.compile(r"(?<=[.!?…])\s+|\n+")
_WORD = re.compile(r"[^\W\d_]{3,}")
_FEWEST = 3


@tool("Sum up the conversation in this channel.", "!summary", command="summary")
def summarise(host: Host, sentences: Annotated[int, "how many, 1 to 10"] = 3) -> Result:
    """The sentences of members that hold the most of what was talked about, in their order, with who said them."""
    said = [line for line in host.caller.lines[:-1] if not line.by_bot and not line.text.startswith("!")]
    if len(said) < _FEWEST:
        text = "There is not enough here to sum up yet; ask me again when more has been said."
        return Result(text, "too_little", {"count": len(said)}, ok=False)
    picked = extract(said, max(1, min(10, sentences)))
    lines = "\n".join(f"- {who}: {text}" for who, text in picked)
    who = ", ".join(sorted({line.name for line in said}))
    facts: dict[str, str | int | float] = {"list": lines, "count": len(said), "who": who}
    return Result(f"The last {len(said)} messages, by {who}:\n{lines}", facts=facts)


def extract(lines: list[Line], most: int) -> list[tuple[str, str]]:
    """Extractive summary by word probability, after SumBasic (Nenkova and Vanderwende, 2005).

    Each pick lowers the worth of its words, so that the next one tells something else.
    """
    sentences = [(line.name, part.strip()) for line in lines for part in _SENTENCE.split(line.text) if part.strip()]
    words = [[word.casefold() for word in _WORD.findall(text)] for _, text in sentences]
    spread = Counter(word for one in words for word in set(one))
    worth = {word: count * math.log(1 + len(words) / count) for word, count in spread.items()}
    picked: list[int] = []
    while len(picked) < min(most, len(sentences)):
        rest = [i for i in range(len(sentences)) if i not in picked]
        best = max(rest, key=lambda i: (_score(words[i], worth), -i))
        picked.append(best)
        for word in words[best]:
            worth[word] *= 0.25
    return [sentences[i] for i in sorted(picked)]


def _score(words: list[str], worth: dict[str, float]) -> float:
    """Mean worth, held down for very short sentences."""
    return sum(worth[word] for word in words) / (len(words) + 3) if words else 0.0
