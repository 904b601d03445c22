"""Versions come in the order that `packaging` gives them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import InvalidVersion, Version

from bot.policy.python_versions import key, less

NUMBERS = st.integers(0, 12).map(str)
PARTS = st.tuples(
    st.sampled_from(["", "", "1!", "0!", "v"]),
    st.lists(NUMBERS, min_size=1, max_size=4).map(".".join),
    st.sampled_from(["", "", "a1", ".b2", "-rc", "c3", "alpha4", "_pre1", "preview"]),
    st.sampled_from(["", "", "-1", ".post2", "post", "_rev3", ".r4"]),
    st.sampled_from(["", "", ".dev0", "dev5", "-dev"]),
    st.sampled_from(["", "", "+a", "+1", "+a.1", "+1-b", "+2_x.3"]),
)
VERSIONS = PARTS.map("".join)


@given(VERSIONS, VERSIONS)
def test_the_order_is_that_of_the_specification(one: str, other: str) -> None:
    assert less(one, other) == (Version(one) < Version(other))
    assert (key(one) == key(other)) == (Version(one) == Version(other))


@given(st.text(alphabet="0123456789abcdevrpost.!-_+ \n*", max_size=12))
def test_what_is_no_version_to_others_is_none_here(text: str) -> None:
    try:
        Version(text)
    except InvalidVersion:
        assert key(text) is None
    else:
        assert key(text) is not None


@pytest.mark.parametrize(("one", "other"), [("", "1"), ("1", "x"), ("*", "2")])
def test_nothing_comes_before_what_is_none(one: str, other: str) -> None:
    assert not less(one, other)


def test_a_long_text_is_looked_at_once() -> None:
    assert key("1" + ".1" * 5_000 + "!") is None
