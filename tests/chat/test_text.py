import re
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from bot.chat.text import clean, cut, plain, shorten, shown, tokens


def test_hidden_characters_are_taken_out() -> None:
    assert clean("he\u200bl\u202elo\x00 \ufeffyou") == "hello you"


def test_line_breaks_stay() -> None:
    assert clean("one\n\ttwo\r") == "one\n\ttwo"


def test_a_joiner_stays_only_inside_an_emoji() -> None:
    assert clean("👩\u200d👧") == "👩\u200d👧"
    assert clean("a\u200db") == "ab"


def test_a_long_text_is_cut() -> None:
    assert len(clean("x" * 6000)) == 4000


def test_accents_and_case_do_not_count() -> None:
    assert plain("Würfel") == plain("wurfel") == "wurfel"


@given(st.text() | st.text(alphabet="привет, Жёлтый! й\u0306é\u0301ßſ１"))
def test_a_plain_word_is_decomposed_and_holds_nothing_that_combines(word: str) -> None:
    spread = unicodedata.normalize("NFKD", word.casefold())
    assert plain(word) == "".join(char for char in spread if not unicodedata.combining(char))


def test_words_without_spaces_become_pairs() -> None:
    assert tokens("こんにち") == ("こん", "んに", "にち")
    assert tokens("Жёлтый 東京タ an É") == ("желтыи", "東京", "京タ", "an", "e")
    assert tokens("Жёлтый an É") == ("желтыи", "an", "e")


def test_an_apostrophe_keeps_a_word_whole() -> None:
    assert tokens("What's up?") == ("what's", "up")


@given(st.text(alphabet=st.characters(max_codepoint=127) | st.sampled_from(" \n\x1f\x7f")), st.integers(1, 30))
def test_what_needs_no_cleaning_is_only_trimmed(text: str, limit: int) -> None:
    kept = "".join(char for char in text[: limit * 2] if char.isprintable() or char in "\n\t")
    assert clean(text, limit) == kept.strip()[:limit]


@given(st.text(alphabet=st.characters(max_codepoint=127) | st.sampled_from("aZ9'_ ")))
def test_plain_words_are_those_of_the_expression(text: str) -> None:
    assert tokens(text) == tuple(re.findall(r"[a-z0-9]+(?:'[a-z0-9]+)?", text.lower()))


def test_shortened_between_words() -> None:
    assert shorten("one two three", 10) == "one two…"
    assert shorten("one", 10) == "one"


@given(st.text(), st.integers(1, 50))
def test_never_longer_than_the_limit(text: str, limit: int) -> None:
    assert len(clean(text, limit)) <= limit
    assert len(shorten(text, limit)) <= max(limit, 2)


@given(st.text())
def test_cleaning_twice_changes_nothing(text: str) -> None:
    once = clean(text)
    assert clean(once) == once


@given(st.text(alphabet="ab` \n", max_size=300), st.integers(20, 80))
def test_a_cut_leaves_no_code_block_open_and_stays_within_the_limit(text: str, limit: int) -> None:
    short = cut(text, limit)
    assert len(short) <= max(limit, 5)
    if len(text) <= limit:
        assert short == text
    elif "````" not in text:
        assert short.count("```") % 2 == 0


def test_a_cut_outside_of_code_adds_nothing() -> None:
    assert cut("```a```" + " b" * 50, 40).count("```") == 2
    assert cut("```\n" + "a " * 50, 40).endswith("\n```")


@given(st.text(st.characters(max_codepoint=127)))
def test_words_are_the_same_beside_letters_with_accents(text: str) -> None:
    assert tokens(text) == tokens(f"{text} é")[:-1]


def test_a_name_is_shown_on_one_line_without_what_is_private() -> None:
    assert shown("Ann\n# Smith") == "Ann # Smith"
    assert "ann@example.com" not in shown("Ann ann@example.com")
    assert len(shown("a b " * 60)) <= 80
