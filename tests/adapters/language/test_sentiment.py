import sys
from itertools import pairwise

import pytest

from bot.adapters.language.sentiment import LONGEST, VaderMood


@pytest.fixture(scope="module")
def mood() -> VaderMood:
    return VaderMood()


def test_good_is_above_plain_and_plain_above_bad(mood: VaderMood) -> None:
    texts = (
        "I love this, thank you so much!",
        "The meeting is on Friday at noon.",
        "This is awful, I hate it.",
    )
    scores = [mood(text) for text in texts]
    assert all(above > below for above, below in pairwise(scores))
    assert scores[0] > 0.5
    assert scores[2] < -0.5
    assert scores[1] == 0


@pytest.mark.parametrize("text", ["", "\n", "🎉", "\ud800", "x" * 100_000])
def test_odd_text_has_a_mood_within_bounds(mood: VaderMood, text: str) -> None:
    assert -1 <= mood(text) <= 1


def test_what_stands_after_the_bound_is_not_read(mood: VaderMood) -> None:
    assert mood("word " * (LONGEST // 5) + " awful terrible hate") == 0


def test_the_library_is_not_loaded_before_the_first_text() -> None:
    before = "vaderSentiment.vaderSentiment" in sys.modules
    VaderMood()
    assert ("vaderSentiment.vaderSentiment" in sys.modules) == before
