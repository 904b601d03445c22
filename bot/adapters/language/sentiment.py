"""How an English text sounds, by the word list and rules of VADER.

C. J. Hutto and E. Gilbert, "VADER: A Parsimonious Rule-based Model for Sentiment Analysis of Social Media Text", 2014.
English only, and it misses sarcasm: `great, it broke again` sounds glad to it.
"""

from typing import Any

LONGEST = 600
"""Characters that are read of a text: up to half a millisecond."""


class VaderMood:
    """Callable that gives the mood of an English text, from -1 (bad) to 1 (good). Loaded at the first text (20 ms)."""

    def __init__(self) -> None:
        self._analyzer: Any = None

    def __call__(self, text: str) -> float:
        """The compound score."""
        if self._analyzer is None:
            from vaderSentiment.vaderSentiment import (  # type: ignore[import-untyped]  # noqa: PLC0415
                SentimentIntensityAnalyzer,
            )

            self._analyzer = SentimentIntensityAnalyzer()
        return float(self._analyzer.polarity_scores(text[:LONGEST])["compound"])
