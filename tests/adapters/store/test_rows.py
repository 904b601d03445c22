"""Where a prefix ends, and what a row is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.store.rows import after, check, dump, load

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=4)
EDGE = st.text(st.sampled_from("a\x00\ud7ff\ue000\U0010fffe\U0010ffff"), max_size=4)


@given(TEXT | EDGE, TEXT | EDGE)
def test_a_prefix_is_exactly_the_range_up_to_its_end(prefix: str, key: str) -> None:
    end = after(prefix)
    assert key.startswith(prefix) == (prefix <= key and (end is None or key < end))
    assert (prefix + key) >= prefix
    assert end is None or (prefix + key) < end


@given(TEXT | EDGE, TEXT | EDGE)
def test_the_order_is_that_of_the_bytes(one: str, other: str) -> None:
    assert (one < other) == (one.encode() < other.encode())


def test_an_end_is_a_character_and_some_prefixes_have_none() -> None:
    assert after("") is None
    assert after("\U0010ffff" * 2) is None
    assert after("a\U0010ffff") == "b"
    assert after("a\ud7ff") == "a\ue000"


def test_a_row_is_an_object_in_ascii() -> None:
    assert dump({"é": "\x00"}) == '{"\\u00e9":"\\u0000"}'
    assert load(dump({"b": 1, "a": [None]})) == {"a": [None], "b": 1}
    for text in ("[1]", "1", "{", "", "null"):
        with pytest.raises(ValueError):
            load(text)


def test_names_have_a_length_in_bytes() -> None:
    check("t" * 200, "k" * 1000)
    check("", "")
    with pytest.raises(ValueError, match="1002 bytes"):
        check("t", "é" * 501)
    with pytest.raises(ValueError, match="table"):
        check("t" * 201, "k")
