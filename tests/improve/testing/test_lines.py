"""Line numbers as text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.improve.testing.lines import pack, unpack


@given(st.frozensets(st.integers(1, 5000), max_size=60))
def test_packing_loses_nothing(lines: frozenset[int]) -> None:
    assert unpack(pack(lines)) == lines


def test_neighbours_are_joined() -> None:
    assert pack({3, 1, 2, 7}) == "1-3,7"
    assert pack(()) == ""


def test_line_zero_is_no_line() -> None:
    assert pack({0, 1}) == "1"


@pytest.mark.parametrize("text", ["3-1", "x", "1-99999999999", "-4"])
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        unpack(text)
