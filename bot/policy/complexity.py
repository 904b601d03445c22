"""How hard a member's text is for a model, told by features that can be counted."""

import re
from dataclasses import dataclass

from bot.core.model import Complexity

LONG, VERY_LONG = 400, 1600
"""Characters from which a text is long, and very long."""
HARD, SIMPLE = 4, 1
"""Points from which a text is hard, and simple; below that it is trivial."""
_CODE = re.compile(r"```|\b(?:def|class|import|SELECT|function|const|return|Traceback)\b|[{};]\s*\n")
_MATHS = re.compile(r"[∑∫√≤≥≠]|\\(?:frac|sum|int)|\d\s*[\^*/]\s*\d")
_WORK = re.compile(
    r"\b(?:why|prove|proof|derive|analy[sz]e|compare|design|refactor|debug|optimi[sz]e|explain|step by step|plan|"
    r"trade-?offs?|review|summari[sz]e|translate|rewrite|implement|warum|vergleich\w*|erkläre?|pourquoi|compar\w+|"
    r"analys\w*|explique\w*|por qué|diseñ\w+)\b",
    re.IGNORECASE,
)
_LIST = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s", re.MULTILINE)
_SMALL_TALK = re.compile(
    r"\s*(?:hi|hey|hello|thanks?|thank you|ok(?:ay)?|yes|no|lol|bye|good (?:morning|night)|hallo|danke|salut|merci|"
    r"hola|gracias)\b[\s!.?]*\Z",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Judged:
    """How hard, by how many points, and which features gave them."""

    complexity: Complexity
    points: int
    because: tuple[str, ...]


def judge(text: str, *, context: int = 0, attachments: int = 0) -> Judged:
    """Judge a text; `context` is the characters of history and files that go with it.

    A word that asks for work, code and mathematics weigh 2 each; length, questions and lists weigh 1 to 3.
    """
    if _SMALL_TALK.match(text) and not attachments:
        return Judged("trivial", 0, ("small talk",))
    found = [(weight, why) for weight, why in _features(text, context, attachments) if weight]
    points = sum(weight for weight, _why in found)
    complexity: Complexity = "hard" if points >= HARD else "simple" if points >= SIMPLE else "trivial"
    return Judged(complexity, points, tuple(f"{why} (+{weight})" for weight, why in found) or ("short and plain",))


def _features(text: str, context: int, attachments: int) -> tuple[tuple[int, str], ...]:
    length = len(text)
    work = len({word.casefold() for word in _WORK.findall(text)})
    questions = text.count("?") + text.count("？")
    return (
        (3 if length >= VERY_LONG else 2 if length >= LONG else 1 if length >= 60 else 0, f"{length} characters"),
        (2 if _CODE.search(text) else 0, "code"),
        (2 if _MATHS.search(text) else 0, "mathematics"),
        (min(2 * work, 4), "words that ask for work"),
        (1 if questions == 1 else 2 if questions > 2 else 1 if questions else 0, "questions"),
        (1 if len(_LIST.findall(text)) >= 2 else 0, "a list"),
        (1 if context >= 8000 else 0, "much context"),
        (2 if attachments else 0, "files"),
    )
