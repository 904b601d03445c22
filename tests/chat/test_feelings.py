from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat.climate import Climate
from bot.chat.feelings import Feelings, load
from bot.chat.language import answered_in, spoken
from bot.core.errors import Misconfigured
from bot.core.ids import ChannelId, UserId
from tests.chat.doubles import ANN, BOB, HALL, NOON

FEELINGS = Feelings(load())


@pytest.mark.parametrize(
    ("language", "good", "bad"),
    [
        ("en", "thanks, this is great", "this is awful and broken"),
        ("de", "danke, das ist super", "das ist furchtbar und nervt"),
        ("fr", "merci, c'est génial", "c'est horrible et inutile"),
        ("es", "gracias, es genial", "es horrible, lo odio"),
        ("pt", "obrigado, adoro isso", "isso é horrível, odeio"),
        ("ru", "спасибо, отлично", "это ужасно и бесит"),
        ("pl", "dzięki, świetnie", "to okropne i denerwuje"),
    ],
)
def test_moods_are_told_apart_in_every_language_of_ours(language: str, good: str, bad: str) -> None:
    assert FEELINGS.mood(bad, language) < 0 < FEELINGS.mood(good, language)
    assert FEELINGS.mood("12", language) == 0


def test_english_is_measured_where_there_is_a_measure_and_only_english() -> None:
    asked: list[str] = []

    def english(text: str) -> float:
        asked.append(text)
        return 0.25

    feelings = Feelings(load(), english)
    assert feelings.mood("well", "en") == 0.25
    assert feelings.mood("furchtbar", "de") < 0
    assert feelings.mood("whatever", "ja") == 0
    assert asked == ["well"]


@pytest.mark.parametrize(
    ("milder", "harder"),
    [
        ("this idiot of a machine", "you idiot"),
        ("you idiot", "YOU ARE SUCH AN IDIOT"),
        ("you idiot", "you stupid pathetic idiot"),
        ("nice weather", "what a moron"),
        ("das Wetter ist dumm", "du bist ein Vollidiot"),
    ],
)
def test_hostility_grows_with_words_address_and_shouting(milder: str, harder: str) -> None:
    assert FEELINGS.hostility(milder) < FEELINGS.hostility(harder)


@pytest.mark.parametrize("text", ["I LOVE THIS SO MUCH", "this is awful", "you are right", "", "WHY IS IT SO LATE"])
def test_bad_news_and_shouting_alone_are_no_hostility(text: str) -> None:
    assert FEELINGS.hostility(text) == 0


@given(st.text(max_size=200), st.sampled_from(["en", "de", "ru", "xx"]))
def test_moods_and_hostility_stay_within_bounds(text: str, language: str) -> None:
    assert -1 <= FEELINGS.mood(text, language) <= 1
    assert 0 <= FEELINGS.hostility(text) <= 1


@pytest.mark.parametrize("text", ["", "[en]\ngood = []", "[en", "en = 1"])
def test_a_malformed_list_is_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "feelings.toml"
    file.write_text(text)
    if not text:
        assert load(file) == {}
        return
    with pytest.raises(Misconfigured, match=r"feelings\.toml cannot be used"):
        load(file)


def test_channels_heat_up_by_themselves() -> None:
    climate = Climate(FEELINGS.hostility)
    other = ChannelId("other")
    told = []
    for n in range(6):
        told.append(climate.hear(HALL, ANN if n % 2 else BOB, "you stupid idiot", NOON + timedelta(seconds=n)))
        assert not climate.hear(other, UserId(f"u{n}"), "nice weather", NOON)
    assert told.count(True) == 1
    assert other not in climate._heat, "calm channels take no room"


@pytest.mark.parametrize(
    ("text", "by_words", "detected", "found"),
    [
        ("short", "", ("de", 0.9), ""),
        ("a text that is long enough to be asked", "", ("de", 0.9), "de"),
        ("a text that is long enough to be asked", "", ("de", 0.5), ""),
        ("a text that is long enough to be asked", "en", ("de", 0.9), "en"),
        ("a text that is long enough to be asked", "", None, ""),
    ],
)
def test_words_come_before_the_detector(
    text: str, by_words: str, detected: tuple[str, float] | None, found: str
) -> None:
    assert spoken(text, by_words, (lambda _text: detected) if detected else None) == found


def test_what_was_spoken_comes_first_then_the_member_then_the_guild() -> None:
    assert answered_in("de", "fr", "pl") == "de"
    assert answered_in("", "pt-BR", "pl") == "pt"
    assert answered_in("", "", "pl") == "pl"
    assert answered_in("", "", "") == "en"
