import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat.catalogue import Intent, load
from bot.chat.recognise import Recogniser, _commands_only

GREET = Intent("greet", examples=(("en", "hello there"), ("de", "guten morgen")))
DICE = Intent("dice", patterns=(("any", re.compile(r"^!roll\s*(?P<notation>\S+)?", re.IGNORECASE)),))
WEATHER = Intent("weather", examples=(("en", "what is the weather like"), ("en", "will it rain")))


@pytest.fixture(scope="module")
def recogniser() -> Recogniser:
    return Recogniser((GREET, DICE, WEATHER))


@pytest.fixture(scope="module")
def shipped() -> Recogniser:
    return Recogniser(load())


def test_a_pattern_is_certain_and_gives_its_groups(recogniser: Recogniser) -> None:
    match = recogniser.recognise("!ROLL 2d6")
    assert match is not None
    assert (match.intent, match.score, match.groups) == (DICE, 1.0, {"notation": "2d6"})


def test_an_example_is_as_good_as_certain(recogniser: Recogniser) -> None:
    match = recogniser.recognise("Guten Morgen!")
    assert match is not None
    assert (match.intent, match.language) == (GREET, "de")
    assert match.score == pytest.approx(1.0)


def test_a_misspelling_scores_a_little_less(recogniser: Recogniser) -> None:
    right, wrong = recogniser.recognise("what is the weather"), recogniser.recognise("what is the wheather")
    assert right is not None
    assert wrong is not None
    assert wrong.intent is WEATHER
    assert 0.5 < wrong.score < right.score


def test_rare_words_weigh_more_than_common_ones() -> None:
    one = Intent("one", examples=(("en", "the red"), ("en", "the green"), ("en", "the blue")))
    two = Intent("two", examples=(("en", "a lion"),))
    found = Recogniser((one, two)).recognise("the lion")
    assert found is not None
    assert found.intent is two


def test_words_of_no_example_score_nothing(recogniser: Recogniser) -> None:
    match = recogniser.recognise("zxcv qwer")
    assert match is None or match.score == 0


@pytest.mark.parametrize("text", ["", "   ", "?!", "🎉"])
def test_no_words_no_match(recogniser: Recogniser, text: str) -> None:
    assert recogniser.recognise(text) is None


def test_every_shipped_example_finds_its_own_intent(shipped: Recogniser) -> None:
    wrong = []
    for intent in load():
        for _, text in intent.examples:
            match = shipped.recognise(text)
            if match is None or match.intent.name != intent.name:
                wrong.append((intent.name, text, match and match.intent.name))
    assert wrong == []


@given(st.text(max_size=300))
def test_any_text_has_an_answer_between_zero_and_one(shipped: Recogniser, text: str) -> None:
    match = shipped.recognise(text)
    assert match is None or 0 <= match.score <= 1.0000001


@pytest.mark.parametrize(
    ("source", "only"),
    [
        ("^!a", True),
        ("^!?a", False),
        ("^!*a", False),
        ("^!{0,2}a", False),
        ("^!(?:a|b)", True),
        (r"^!a\|b", True),
        ("^!a|b", False),
        ("^a", False),
        ("!a", False),
        (r"^!\(a|b", False),
    ],
)
def test_an_expression_for_commands_only_is_told_from_others(source: str, only: bool) -> None:
    assert _commands_only(source) is only
    assert not only or not re.search(source, "ab")
