"""In which language to answer: what the words say, what a detector says, what the member's carrier says."""

from collections.abc import Callable

Detector = Callable[[str], tuple[str, float]]
"""Language (ISO 639-1) of a text, and how sure that is, 0 to 1."""
_ENOUGH = 24
"""Characters from which a detector is asked: it guesses on shorter texts."""
_READ = 400
_SURE = 0.6


def spoken(text: str, by_words: str, detector: Detector | None) -> str:
    """The language of a text, or '' if that is unsure. Common words first: they are cheap, and right on short texts."""
    if by_words or detector is None or len(text) < _ENOUGH:
        return by_words
    language, sure = detector(text[:_READ])
    return language if sure >= _SURE else ""


def answered_in(found: str, locale: str, guild: str) -> str:
    """What was spoken; else the member's interface language; else the guild's; else English."""
    chosen = found or locale or guild or "en"
    return chosen.partition("-")[0].lower()
