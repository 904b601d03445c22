"""Rendering within a carrier's limits."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.chat import Button, Card
from bot.policy import rendering
from bot.policy.rendering import LEAST, Menu, arrange, fit, join, shorten, split

PIECES = st.sampled_from(
    [
        "word ",
        "a longer sentence. ",
        "\n",
        "\n\n",
        "```",
        "```py\n",
        "``",
        "`",
        "👩‍👩‍👧‍👦",
        "é",
        "🇩🇪",
        "👍🏽",
        "[text](https://example.org/a_b)",
        "<@123456789012345678>",
        "<:smile:123456789012345678>",
        "\u200b",
        "\u202eשלום ",
        "x" * 70,
        "  indented\n",
    ]
)
TEXTS = st.one_of(st.lists(PIECES, max_size=60).map("".join), st.text(max_size=400))
LIMITS = st.integers(LEAST, 200)


def letters(text: str) -> str:
    """What must survive: everything but space and fences, which splitting may add."""
    return re.sub(r"\s", "", re.sub(r"```(?:[\w+.#-]{1,20}\n)?", "", text))


@given(TEXTS, LIMITS)
def test_no_part_is_over_the_limit_and_fences_are_balanced(text: str, limit: int) -> None:
    for part in split(text, limit):
        assert len(part) <= limit
        assert part.count("```") % 2 == 0


@given(st.lists(PIECES.filter(lambda one: "`" not in one), max_size=60).map("".join), LIMITS)
def test_without_fences_the_parts_are_the_text(text: str, limit: int) -> None:
    assert "".join(split(text, limit)) == text


@given(TEXTS.filter(lambda one: "`" not in one), LIMITS)
def test_any_text_without_fences_comes_back(text: str, limit: int) -> None:
    assert "".join(split(text, limit)) == text


@given(st.lists(st.sampled_from(["x = 1\n", "# note\n", "    return\n"]), min_size=1, max_size=80), LIMITS)
def test_a_fence_longer_than_a_part_is_opened_again_with_its_language(lines: list[str], limit: int) -> None:
    code = "".join(lines)
    parts = split(f"```py\n{code}```", limit)
    assert all(part.startswith("```py\n") and part.endswith("```") for part in parts)
    assert "".join(part.removeprefix("```py\n").removesuffix("```") for part in parts) == code


@given(st.lists(PIECES, max_size=60).map("".join), LIMITS)
def test_nothing_said_is_lost(text: str, limit: int) -> None:
    assert letters("".join(split(text, limit))).replace("`", "") == letters(text).replace("`", "")


@pytest.mark.parametrize(
    "whole",
    ["👩‍👩‍👧‍👦", "e\u0301", "🇩🇪", "👍🏽", "[text](https://example.org/a)", "<@123456789012345678>", "\ud83d\ude00"],
)
@pytest.mark.parametrize("before", range(LEAST - 35, LEAST + 1))
def test_what_belongs_together_stays_together(whole: str, before: int) -> None:
    parts = split("x" * before + whole + "y" * 40, LEAST)
    assert sum(whole in part for part in parts) == 1


def test_a_short_text_is_one_part() -> None:
    assert split("hello") == ["hello"]
    assert split("") == [""]


def test_an_open_fence_is_closed() -> None:
    assert split("```py\nx = 1") == ["```py\nx = 1\n```"]


def test_a_fence_that_fits_a_part_is_not_divided() -> None:
    fence = "```py\n" + "x = 1\n" * 10 + "```"
    parts = split("Some words before it.\n" * 3 + fence + "\nafter " * 20, 100)
    assert sum(fence in part for part in parts) == 1


def test_paragraphs_are_the_first_choice_then_lines_then_words() -> None:
    assert split("a" * 40 + "\n\n" + "b " * 30, 80)[0] == "a" * 40 + "\n\n"
    assert split("a" * 40 + "\n" + "b " * 30, 80)[0] == "a" * 40 + "\n"
    assert split("a " * 60, 80)[0].endswith("a ")


def test_a_fence_in_the_middle_of_a_line_counts() -> None:
    parts = split("look: ```" + "code " * 40 + "``` end", 100)
    assert all(part.count("```") == 2 for part in parts[:-1])


def test_a_grapheme_longer_than_a_part_is_divided_all_the_same() -> None:
    zalgo = "a" + "\u0301" * 300
    assert "".join(split(zalgo, LEAST)) == zalgo


def test_a_limit_without_room_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 64"):
        split("x", LEAST - 1)


def test_joining_takes_the_added_fences_out_again() -> None:
    text = "Before.\n```py\n" + "x = 1\n" * 100 + "```\nAfter it."
    assert join(split(text, 200)) == text
    assert join([]) == ""
    assert join(["one", "two"]) == "one\ntwo"


@given(st.text(max_size=60), st.integers(2, 40))
def test_shortening_keeps_to_the_limit(text: str, limit: int) -> None:
    short = shorten(text, limit)
    assert len(short) <= limit
    assert short == text if len(text) <= limit else short.endswith("…")


def test_shortening_divides_no_grapheme() -> None:
    assert shorten("abc👍🏽def", 5) == "abc…"


@given(st.builds(Card, title=st.text(max_size=400), text=st.text(max_size=5000), link=st.text(max_size=20)))
def test_a_card_keeps_to_the_limits_of_an_embed(card: Card) -> None:
    fields = tuple((f"name {n}" * 40, "value " * 300) for n in range(30))
    fitted = fit(Card(card.title, card.text, fields, card.link))
    assert len(fitted.title) <= 256
    assert len(fitted.text) <= 4096
    assert len(fitted.fields) <= 25
    total = len(fitted.title) + len(fitted.text) + sum(len(name) + len(value) for name, value in fitted.fields)
    assert total <= 6000
    assert all(0 < len(name) <= 256 and 0 < len(value) <= 1024 for name, value in fitted.fields)


def test_a_card_without_values_still_has_fields_and_no_script_for_a_link() -> None:
    fitted = fit(Card("t", fields=(("", " "),), link="javascript:alert(1)", colour=0x1FFFFFF))
    assert fitted.fields == (("-", "-"),)
    assert fitted.link == ""
    assert fitted.colour == 0xFFFFFF
    assert fit(Card("t", link="https://example.org/1")).link == "https://example.org/1"


def button(kind: str, number: int, asks: str = "") -> Button:
    return Button(f"{kind}:{number}", f"{kind} {number}", asks=asks)


def test_few_buttons_are_rows_of_five() -> None:
    ones = [button("a", n) for n in range(4)] + [button("b", n) for n in range(4)]
    assert arrange(ones) == (tuple(ones[:5]), tuple(ones[5:]))
    assert arrange([]) == ()


def test_more_than_five_of_a_kind_are_a_menu() -> None:
    ones = [button("a", n) for n in range(6)]
    other = button("b", 1)
    assert arrange([other, *ones]) == (Menu("a", tuple(ones)), (other,))


def test_the_kind_is_all_but_the_last_part_of_an_id() -> None:
    ones = [Button(f"setup/language/{n}", str(n)) for n in range(6)]
    assert arrange(ones) == (Menu("setup/language", tuple(ones)),)
    others = [Button(f"setup/{n}/skip", str(n)) for n in range(6)]
    assert arrange(others) == (tuple(others[:5]), tuple(others[5:]))


def test_buttons_that_ask_stay_buttons() -> None:
    ones = [button("a", n, asks="Why?") for n in range(6)]
    assert arrange(ones) == (tuple(ones[:5]), tuple(ones[5:]))


@given(st.lists(st.builds(button, st.sampled_from("abcde"), st.integers(0, 99)), max_size=200))
def test_a_message_has_at_most_five_rows(buttons: list[Button]) -> None:
    rows = arrange(buttons)
    assert len(rows) <= rendering.ROWS
    for row in rows:
        assert 0 < len(row.buttons if isinstance(row, Menu) else row) <= (25 if isinstance(row, Menu) else 5)
